import Events
import KNX

/// One connection of an interface: who is at the other end, and what waits for its acknowledge.
struct IPTunnel: Sendable {
    /// What an interface says in a tunnel by itself.
    enum Saying: Hashable, Sendable {
        case cemi([UInt8])
        case featureResponse(InterfaceFeature, returnCode: UInt8, value: [UInt8])
        case featureInformation(InterfaceFeature, value: [UInt8])

        func message(channel: UInt8, sequence: UInt8) -> KNXnetIPMessage {
            switch self {
            case .cemi(let cemi): .tunnellingRequest(channel: channel, sequence: sequence, cemi: cemi)
            case .featureResponse(let feature, let returnCode, let value):
                .featureResponse(
                    channel: channel, sequence: sequence, feature, returnCode: returnCode, value: value)
            case .featureInformation(let feature, let value):
                .featureInfo(channel: channel, sequence: sequence, feature, value: value)
            }
        }
    }

    /// The request that has been sent and not been acknowledged.
    struct InFlight: Sendable {
        let octets: [UInt8]
        var repetitionsLeft: Int
        var due: Instant
    }

    let channel: UInt8
    /// Index of its address among the interface's slots.
    let slot: Int
    let layer: TunnellingLayer
    let control: IPEndpoint
    let data: IPEndpoint
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

    /// The status of the next L_Busmon.ind, which it counts.
    mutating func busmonitorStatus(frameError: Bool) -> BusmonitorStatus {
        defer { busmonitorSequence = (busmonitorSequence + 1) & 7 }
        return BusmonitorStatus(frameError: frameError, lost: hasLost, sequence: busmonitorSequence)
    }
}
