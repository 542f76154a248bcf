import Events
import KNX

/// What makes it a router, and what any device does on the multicast address.
extension IPInterface {
    /// A datagram to the multicast address. Searches and questions are answered as if they had come to the interface alone.
    mutating func receivedMulticast(_ octets: [UInt8], from sender: IPEndpoint) {
        // What it says there comes back to it.
        guard sender != endpoint else { return }
        switch KNXnetIPFrame(octets.span).message {
        case .searchRequest, .searchRequestExtended, .descriptionRequest: received(octets, from: .datagrams(sender))
        case .routingIndication(let cemi): route(.indication(cemi))
        case .routingBusy(let busy): route(.busy(busy))
        // The losses of others are theirs.
        case .routingLostMessage: break
        default: discardedDatagrams += 1
        }
    }

    /// Hands something to the router, if it is one, and does what that wants.
    mutating func route(_ input: IPRouting.Input) {
        guard let effects = routing?.next(input, at: now) else { return }
        for effect in effects {
            switch effect {
            case .multicast(let message):
                guard isOnNetwork else { continue }
                guard let octets = try? message.octets else { preconditionFailure("a router writes no bad frame") }
                self.effects.append(.multicast(octets))
            case .send(let octets):
                let number = freshNumber()
                routed = (number, Array(octets.dropLast()))
                self.effects.append(.send(Transmission(number: number, octets: octets)))
            }
        }
    }
}
