import Events

/// When something was on the line, by the time stamps of an interface's own clock and the arrivals of what it sent.
///
/// A datagram can be late but never early, so the smallest difference of arrival and time stamp is the best that is known about the two
/// clocks. It is taken over the last two windows of 30 s, in which two quartz clocks drift apart by 3 ms at most (±25 ppm each).
struct LineTimeEstimate: Sendable {
    static let window = Instant.Span.seconds(30)

    private var windowBegan: Instant?
    private var present = Int64.max
    private var former = Int64.max
    private var last: (stamp: UInt32, arrival: Instant)?
    /// The present stamp without its overflow every 71.6 minutes, nanoseconds.
    private var unwrapped: Int64 = 0

    /// - Parameter stamp: microseconds of a counter with 32 bits.
    mutating func instant(stamp: UInt32, arrival: Instant) -> Instant {
        unwrapped += last.map { step(from: $0, to: stamp, arrival: arrival) } ?? 0
        last = (stamp, arrival)
        if let began = windowBegan, arrival - began < Self.window {
        } else {
            former = present
            present = .max
            windowBegan = arrival
        }
        present = min(present, arrival.nanoseconds - unwrapped)
        return Instant(nanoseconds: unwrapped + min(present, former))
    }

    /// What the counter counts before it begins anew, nanoseconds.
    private static let round: Int64 = (1 << 32) * 1_000

    /// Signed, so that a stamp that is a little older than the one before it stays so; how often the counter went round meanwhile the arrivals tell.
    private func step(from last: (stamp: UInt32, arrival: Instant), to stamp: UInt32, arrival: Instant) -> Int64 {
        let signed = Int64(Int32(bitPattern: stamp &- last.stamp)) * 1_000
        let missing = (arrival - last.arrival).nanoseconds - signed
        return signed + max(0, (missing + Self.round / 2) / Self.round) * Self.round
    }
}
