public import Events
import KNX

/// What an interface without a chip of ours does on the line, pure: hears whole frames and acknowledges, sends, and acknowledges for its
/// addresses in time, which whoever sits behind a network could not.
public struct LineTap: Sendable {
    /// For whom it says acknowledge.
    public struct Attitude: Hashable, Sendable {
        /// Frames to any group.
        public var acknowledgesGroups: Bool
        /// Frames to one of its individual addresses.
        public var acknowledgesOwn: Bool
        /// Frames that this lets through to the network; nil for none.
        public var acknowledgesRouted: RoutingFilter?

        public init(acknowledgesGroups: Bool, acknowledgesOwn: Bool, acknowledgesRouted: RoutingFilter? = nil) {
            self.acknowledgesGroups = acknowledgesGroups
            self.acknowledgesOwn = acknowledgesOwn
            self.acknowledgesRouted = acknowledgesRouted
        }

        /// A busmonitor's: it says nothing at all.
        public static let mute = Attitude(acknowledgesGroups: false, acknowledgesOwn: false)
    }

    /// What its interface is told.
    public enum Event: Hashable, Sendable {
        /// The check octet of a frame has passed.
        case frame([UInt8], isOwn: Bool, at: Instant)
        /// An acknowledge character has passed.
        case acknowledge(UInt8, at: Instant)
        /// A frame was cut short; the octets are those that were whole.
        case truncated([UInt8], at: Instant)
        /// The final result of one of its telegrams.
        case sent(number: Int, isConfirmed: Bool, at: Instant)
        case power(BusPower.State, at: Instant)

        public var instant: Instant {
            switch self {
            case .frame(_, _, let instant), .acknowledge(_, let instant), .truncated(_, let instant),
                .sent(_, _, let instant), .power(_, let instant):
                instant
            }
        }
    }

    let addresses: Set<UInt16>
    var attitude: Attitude

    /// What it says to somebody else's frame.
    func answer(to octets: [UInt8]) -> Acknowledgement? {
        guard attitude != .mute else { return nil }
        guard let frame = try? TP1Frame(octets: octets) else { return .notAcknowledge }
        if attitude.acknowledgesRouted?.routed(frame, toLine: false) != nil { return .acknowledge }
        return switch frame.destination {
        case .group: attitude.acknowledgesGroups ? .acknowledge : nil
        case .individual(let address):
            attitude.acknowledgesOwn && addresses.contains(address.raw) ? .acknowledge : nil
        }
    }
}
