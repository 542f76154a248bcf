public import Events
import KNX

/// The load of a line now, over the last minute, and at its highest within that minute.
public struct LineLoad: Sendable {
    /// All in tenths of a percent of what the line can carry.
    public struct Reading: Hashable, Sendable {
        /// Over the last second.
        public var now: Int
        /// Over the last minute, or since the beginning when that is shorter.
        public var minute: Int
        /// The highest second that ended within the last minute.
        public var peak: Int

        public init(now: Int, minute: Int, peak: Int) {
            self.now = now
            self.minute = minute
            self.peak = peak
        }
    }

    private static let second = Instant.Span.seconds(1)
    private static let minute = Instant.Span.seconds(60)

    private var ofSecond = BusLoad(windowNanoseconds: second.nanoseconds)
    private var ofMinute = BusLoad(windowNanoseconds: minute.nanoseconds)
    /// Ends of seconds with their load, each lower than the one before: what is earlier and lower can be no peak any more.
    private var peaks: [(at: Instant, permille: Int)] = []
    private let begun: Instant
    private var last: Instant
    /// Bit times of all frames of the first minute.
    private var bitsOfFirstMinute = 0

    public init(from begun: Instant) {
        self.begun = begun
        last = begun
    }

    /// Counts a frame that ended at `instant`, whose octets are the LPDU.
    public mutating func observe(_ octets: [UInt8], isAcknowledged: Bool, at instant: Instant) {
        // What a witness tells late may lie before what it told earlier.
        last = max(last, instant)
        ofSecond.observe(octets, isAcknowledged: isAcknowledged, endNanoseconds: last.nanoseconds)
        ofMinute.observe(octets, isAcknowledged: isAcknowledged, endNanoseconds: last.nanoseconds)
        if last - begun < Self.minute {
            bitsOfFirstMinute += BusLoad.cycleBits(octets, isAcknowledged: isAcknowledged)
        }
        // The first second is no whole one.
        guard last - begun >= Self.second else { return }
        let permille = ofSecond.permille(atNanoseconds: last.nanoseconds)
        while let lowest = peaks.last, lowest.permille <= permille { peaks.removeLast() }
        peaks.append((last, permille))
        forget(before: last)
    }

    public mutating func reading(at now: Instant) -> Reading {
        let now = max(now, last)
        forget(before: now)
        return Reading(
            now: ofSecond.permille(atNanoseconds: now.nanoseconds), minute: minute(at: now),
            peak: peaks.first?.permille ?? 0)
    }

    private mutating func minute(at now: Instant) -> Int {
        let elapsed = now - begun
        guard elapsed < Self.minute else { return ofMinute.permille(atNanoseconds: now.nanoseconds) }
        let busy = BusTiming.nanoseconds(bits: Int64(bitsOfFirstMinute))
        return Int(busy * 1000 / max(elapsed, Self.second).nanoseconds)
    }

    private mutating func forget(before now: Instant) {
        let kept = peaks.firstIndex { now - $0.at < Self.minute } ?? peaks.count
        if kept > 0 { peaks.removeFirst(kept) }
    }
}
