import Events
import KNX

/// When knxd read a frame, on the rig's clock. Its stamps have seconds modulo 65 536 of its own clock, which may be another computer's: they are set
/// against the arrivals here.
struct KnxdClock: Sendable {
    private static let round: Int64 = 65_536

    private var estimate = LineTimeEstimate()
    /// Seconds of the last stamp, counted on over every round.
    private var last: Int64?

    mutating func instant(_ stamp: KnxdTimestamp, arrival: Instant) -> Instant {
        let seconds = Int64(stamp.seconds)
        var counted = seconds + Self.round
        if let last {
            let ahead = (seconds - last % Self.round + Self.round) % Self.round
            counted = last + (ahead < Self.round / 2 ? ahead : ahead - Self.round)
        }
        last = counted
        let microseconds = counted * 1_000_000 + Int64(stamp.microseconds)
        return estimate.instant(stamp: UInt32(truncatingIfNeeded: microseconds), arrival: arrival)
    }
}
