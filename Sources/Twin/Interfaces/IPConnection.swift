import Events
import KNX

/// One connection of an interface: what it is for, who is at the other end, and what waits for its acknowledge.
struct IPConnection: Sendable {
    enum Purpose: Hashable, Sendable {
        /// `slot` is the index of its address among the interface's slots.
        case tunnel(slot: Int, TunnellingLayer)
        case management
    }

    /// What an interface says in a connection by itself.
    enum Saying: Hashable, Sendable {
        case cemi([UInt8])
        case featureResponse(InterfaceFeature, returnCode: UInt8, value: [UInt8])
        case featureInformation(InterfaceFeature, value: [UInt8])
    }

    /// The request that has been sent and not been acknowledged.
    struct InFlight: Sendable {
        let octets: [UInt8]
        var repetitionsLeft: Int
        var due: Instant
    }

    let channel: UInt8
    let purpose: Purpose
    let control: IPPeer
    let data: IPPeer
    /// Whether the client left its addresses to be found out, and so is told ours in the same way.
    let isRoutedBack: Bool
    var lastHeartbeat: Instant
    /// The sequence number of the client's next request.
    var expected: UInt8 = 0
    /// The sequence number of the interface's next request.
    var next: UInt8 = 0
    var waiting: [Saying] = []
    var inFlight: InFlight?
    /// Feature 8: the client wants to be told when a feature changes.
    var wantsInformation = false
    /// Counts L_Busmon.ind, those too that find no room.
    var busmonitorSequence: UInt8 = 0
    var hasLost = false
    /// Its client has taken its leave, but the interface has not noticed (a fault).
    var isLeft = false

    /// Nil of a connection that is no tunnel.
    var slot: Int? { if case .tunnel(let slot, _) = purpose { slot } else { nil } }
    /// Nil of a connection that is no tunnel.
    var layer: TunnellingLayer? { if case .tunnel(_, let layer) = purpose { layer } else { nil } }

    /// A saying as the next request of the interface.
    func message(_ saying: Saying) -> KNXnetIPMessage {
        switch saying {
        case .cemi(let cemi) where purpose == .management:
            .deviceConfigurationRequest(channel: channel, sequence: next, cemi: cemi)
        case .cemi(let cemi): .tunnellingRequest(channel: channel, sequence: next, cemi: cemi)
        case .featureResponse(let feature, let returnCode, let value):
            .featureResponse(channel: channel, sequence: next, feature, returnCode: returnCode, value: value)
        case .featureInformation(let feature, let value):
            .featureInfo(channel: channel, sequence: next, feature, value: value)
        }
    }

    /// The acknowledge of a client's request.
    func acknowledge(_ sequence: UInt8) -> KNXnetIPMessage {
        let header = ConnectionHeader(channel: channel, sequence: sequence)
        return purpose == .management ? .deviceConfigurationAcknowledge(header) : .tunnellingAcknowledge(header)
    }

    /// The status of the next L_Busmon.ind, which it counts.
    mutating func busmonitorStatus(frameError: Bool) -> BusmonitorStatus {
        defer { busmonitorSequence = (busmonitorSequence + 1) & 7 }
        return BusmonitorStatus(frameError: frameError, lost: hasLost, sequence: busmonitorSequence)
    }
}
