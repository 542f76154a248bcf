import Events
import KNX

/// Requests of the interface in its tunnels: one at a time, acknowledged by its number, sent again once, and then no more.
extension IPInterface {
    /// Something to say in a tunnel, after what waits there. Without room it is lost.
    mutating func say(_ saying: IPTunnel.Saying, channel: UInt8) {
        guard let index = tunnels.firstIndex(where: { $0.channel == channel }) else { return }
        guard !tunnels[index].isLeft, tunnels[index].waiting.count < parameters.longestQueue else { return }
        tunnels[index].waiting.append(saying)
        pump(index)
    }

    /// What passed on the line, for every busmonitor. One that finds no room is counted all the same, so that its gap shows.
    mutating func indicate(_ octets: [UInt8], microseconds: UInt32, frameError: Bool) {
        for index in tunnels.indices where tunnels[index].layer == .busmonitor && !tunnels[index].isLeft {
            for _ in 0...max(0, faults.indicationCopies) {
                let status = tunnels[index].busmonitorStatus(frameError: frameError)
                guard tunnels[index].waiting.count < parameters.longestQueue else {
                    tunnels[index].hasLost = true
                    continue
                }
                tunnels[index].hasLost = false
                let message = MediumMessage(busmonitor: status, microseconds: microseconds, medium: octets)
                tunnels[index].waiting.append(.cemi(message.octets))
            }
            pump(index)
        }
    }

    /// Sends what waits when nothing is under way.
    private mutating func pump(_ index: Int) {
        guard tunnels[index].inFlight == nil, !tunnels[index].waiting.isEmpty else { return }
        let saying = tunnels[index].waiting.removeFirst()
        let message = saying.message(channel: tunnels[index].channel, sequence: tunnels[index].next)
        guard let octets = try? message.octets else { preconditionFailure("an interface writes no bad frame") }
        tunnels[index].inFlight = IPTunnel.InFlight(
            octets: octets, repetitionsLeft: parameters.repetitions, due: now + parameters.acknowledgeTime)
        transmit(octets, to: tunnels[index].data)
    }

    /// A client has acknowledged. What is not the number that is waited for, or says that something is wrong, changes nothing.
    mutating func acknowledged(_ header: ConnectionHeader, from sender: IPEndpoint) {
        guard
            let index = tunnels.firstIndex(where: {
                $0.channel == header.channel && $0.data == sender && $0.next == header.sequence
            }), tunnels[index].inFlight != nil, header.status == .noError
        else { return }
        tunnels[index].inFlight = nil
        tunnels[index].next &+= 1
        pump(index)
    }

    /// Looks whether the acknowledge or the heartbeat of a connection is overdue.
    mutating func review(_ channel: UInt8) {
        guard let index = tunnels.firstIndex(where: { $0.channel == channel }) else { return }
        let tunnel = tunnels[index]
        if tunnel.lastHeartbeat + parameters.aliveTime <= now { return end(index) }
        guard let flight = tunnel.inFlight, flight.due <= now else { return }
        guard flight.repetitionsLeft > 0 else { return end(index) }
        tunnels[index].inFlight?.repetitionsLeft -= 1
        tunnels[index].inFlight?.due = now + parameters.acknowledgeTime
        transmit(flight.octets, to: tunnel.data)
    }

    /// Ends a connection by itself; nobody waits for the client's answer.
    private mutating func end(_ index: Int) {
        let tunnel = tunnels.remove(at: index)
        guard !tunnel.isLeft else { return }
        transmit(
            .disconnectRequest(channel: tunnel.channel, control: ownAddress(tunnel.isRoutedBack)), to: tunnel.control)
    }

    /// How it names itself to a client.
    func ownAddress(_ isRoutedBack: Bool) -> HostProtocolAddress {
        isRoutedBack ? .routeBack(.udp) : HostProtocolAddress(.udp, endpoint.address, port: endpoint.port)
    }
}
