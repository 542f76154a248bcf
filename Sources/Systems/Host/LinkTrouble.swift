/// What a gate does to all that passes it, in both directions, until it is told otherwise.
public enum LinkTrouble: Hashable, Sendable {
    /// Connections are reset and new ones refused, as if nobody listened; what is behind goes on.
    case cut
    /// Nothing passes and nobody is told: what is sent fills the sender's buffers, and new connections are taken by the kernel alone. When it is over,
    /// connections that stood are reset, as by a peer that has forgotten them.
    case halfOpen
    /// Everything passes so much later than it came.
    case delayed(nanoseconds: Int64)
    /// So many octets pass per second, in each direction of each connection.
    case throttled(octetsPerSecond: Int)
    /// One bit in every so many octets is turned round.
    case corrupting(every: Int)
    /// A connection is reset when the first half of what the system sent at once has passed.
    case cuttingInFrame
    /// The same of what the service sent.
    case cuttingInServiceFrame

    /// For people and for the evidence.
    public var text: String {
        switch self {
        case .cut: "cut"
        case .halfOpen: "half open"
        case .delayed(let nanoseconds): "late by \(nanoseconds / 1_000_000) ms each way"
        case .throttled(let octetsPerSecond): "\(octetsPerSecond) octets per second each way"
        case .corrupting(let every): "a bit turned round in every \(every) octets"
        case .cuttingInFrame: "reset in the middle of what is sent"
        case .cuttingInServiceFrame: "reset in the middle of what comes back"
        }
    }
}
