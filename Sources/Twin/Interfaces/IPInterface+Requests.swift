import Events
import KNX

/// Requests of the interface in its connections: one at a time, acknowledged by its number, sent again, and then no more.
extension IPInterface {
    /// Something to say in a connection, after what waits there. Without room it is lost.
    mutating func say(_ saying: IPConnection.Saying, channel: UInt8) {
        guard let index = channels.firstIndex(where: { $0.channel == channel }) else { return }
        guard !channels[index].isLeft, channels[index].waiting.count < parameters.longestQueue else { return }
        channels[index].waiting.append(saying)
        pump(index)
    }

    /// What passed on the line, for every busmonitor. One that finds no room is counted all the same, so that its gap shows.
    mutating func indicate(_ octets: [UInt8], microseconds: UInt32, frameError: Bool) {
        for index in channels.indices where channels[index].layer == .busmonitor && !channels[index].isLeft {
            for _ in 0...max(0, faults.indicationCopies) {
                let status = channels[index].busmonitorStatus(frameError: frameError)
                guard channels[index].waiting.count < parameters.longestQueue else {
                    channels[index].hasLost = true
                    continue
                }
                channels[index].hasLost = false
                let message = MediumMessage(busmonitor: status, microseconds: microseconds, medium: octets)
                channels[index].waiting.append(.cemi(message.octets))
            }
            pump(index)
        }
    }

    /// Sends what waits when nothing is under way. On TCP nothing ever is: the numbers count, and nobody acknowledges them.
    private mutating func pump(_ index: Int) {
        while channels[index].inFlight == nil, !channels[index].waiting.isEmpty {
            let saying = channels[index].waiting.removeFirst()
            let connection = channels[index]
            guard let octets = try? connection.message(saying).octets else {
                preconditionFailure("an interface writes no bad frame")
            }
            if connection.data.isStream {
                channels[index].next &+= 1
            } else {
                channels[index].inFlight = IPConnection.InFlight(
                    octets: octets, repetitionsLeft: repetitions(of: connection),
                    due: now + acknowledgeTime(of: connection))
            }
            transmit(octets, to: connection.data)
        }
    }

    /// A client has acknowledged. What is not the number that is waited for, or says that something is wrong, changes nothing.
    ///
    /// - Parameter isFit: whether this kind of acknowledge belongs to a connection.
    mutating func acknowledged(
        _ header: ConnectionHeader, from sender: IPPeer, isFit: (IPConnection) -> Bool
    ) {
        guard
            let index = channels.firstIndex(where: {
                $0.channel == header.channel && $0.data == sender && $0.next == header.sequence && isFit($0)
            }), channels[index].inFlight != nil, header.status == .noError
        else { return }
        channels[index].inFlight = nil
        channels[index].next &+= 1
        pump(index)
    }

    func acknowledgeTime(of connection: IPConnection) -> Instant.Span {
        connection.purpose == .management ? parameters.managementAcknowledgeTime : parameters.acknowledgeTime
    }

    private func repetitions(of connection: IPConnection) -> Int {
        connection.purpose == .management ? parameters.managementRepetitions : parameters.repetitions
    }
}
