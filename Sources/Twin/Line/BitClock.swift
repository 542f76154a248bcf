public import Events
import KNX

/// A point in time on a simulated line: whole bit times (1/9600 s) since the line came to be.
public typealias BitTime = Int64

/// Converts between the bit times of a line and instants. The line counts whole bits from an anchor, so that it never drifts: bit n is
/// always n · 312500 / 3 ns after the anchor. Holds for instants not before the anchor.
public struct BitClock: Hashable, Sendable {
    /// The instant of bit 0.
    public let anchor: Instant

    public init(anchor: Instant) {
        self.anchor = anchor
    }

    /// The first whole nanosecond at which bit `bit` has begun.
    public func instant(of bit: BitTime) -> Instant {
        var offset = BusTiming.nanoseconds(bits: bit)
        // BusTiming rounds down, to the last nanosecond of the bit before unless the bit begins on a whole one.
        if BusTiming.bits(nanoseconds: offset) < bit { offset += 1 }
        return Instant(nanoseconds: anchor.nanoseconds + offset)
    }

    /// The bit that is running at `instant`.
    public func bit(at instant: Instant) -> BitTime {
        BusTiming.bits(nanoseconds: (instant - anchor).nanoseconds)
    }

    /// The first bit that begins at `instant` or after it.
    public func bit(atOrAfter instant: Instant) -> BitTime {
        let running = bit(at: instant)
        return self.instant(of: running) == instant ? running : running + 1
    }
}
