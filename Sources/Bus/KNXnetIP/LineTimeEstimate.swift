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
    private var lastStamp: UInt32?
    /// The present stamp without its overflow every 71.6 minutes, nanoseconds.
    private var unwrapped: Int64 = 0

    /// - Parameter stamp: microseconds of a counter with 32 bits.
    mutating func instant(stamp: UInt32, arrival: Instant) -> Instant {
        // Signed, so that a stamp that is a little older than the one before it stays so.
        let step = lastStamp.map { Int64(Int32(bitPattern: stamp &- $0)) * 1_000 } ?? 0
        lastStamp = stamp
        unwrapped += step
        if let began = windowBegan, arrival - began < Self.window {
        } else {
            former = present
            present = .max
            windowBegan = arrival
        }
        present = min(present, arrival.nanoseconds - unwrapped)
        return Instant(nanoseconds: unwrapped + min(present, former))
    }
}
