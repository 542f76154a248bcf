import KNX

/// Clients on TCP (KNXnet/IP version 2): each connection is cut into frames, carries any number of channels, and ends them with itself.
extension IPInterface {
    mutating func happened(_ event: StreamEvent, on number: Int) {
        switch event {
        case .opened:
            // Whoever is not on the network, or speaks no TCP, takes no connection.
            guard isOnNetwork || faults.isSilent, parameters.servesTCP else { return effects.append(.close(number)) }
            streams[number] = KNXnetIPStream()
        case .octets(let octets):
            guard var stream = streams[number] else { return }
            let frames = stream.feed(octets)
            streams[number] = stream
            for frame in frames where isOnNetwork { received(frame, from: .stream(number)) }
            // Nobody knows where the next frame begins.
            if stream.fault != nil, streams[number] != nil {
                discardedDatagrams += 1
                forget(number)
                effects.append(.close(number))
            }
        case .closed: forget(number)
        }
    }

    private mutating func forget(_ number: Int) {
        streams[number] = nil
        channels.removeAll { $0.data == .stream(number) }
    }
}
