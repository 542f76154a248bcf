/// A point in time on the one clock of the rig: nanoseconds of CLOCK_MONOTONIC. Meaningful within one boot of one machine; a run's
/// plan event carries the UTC anchor that makes wall time of it.
public struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds of CLOCK_MONOTONIC.
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The span from `right` to `left`; negative when `left` is earlier.
    public static func - (left: Instant, right: Instant) -> Span {
        Span(nanoseconds: left.nanoseconds - right.nanoseconds)
    }

    public static func + (left: Instant, right: Span) -> Instant {
        Instant(nanoseconds: left.nanoseconds + right.nanoseconds)
    }

    public static func - (left: Instant, right: Span) -> Instant {
        Instant(nanoseconds: left.nanoseconds - right.nanoseconds)
    }
}

extension Instant {
    /// A signed length of time in whole nanoseconds. Evidence holds no floating point, so spans don't either.
    public struct Span: Hashable, Comparable, Sendable {
        /// Length in nanoseconds.
        public var nanoseconds: Int64

        public init(nanoseconds: Int64) {
            self.nanoseconds = nanoseconds
        }

        public static let zero = Span(nanoseconds: 0)

        public static func microseconds(_ count: Int64) -> Span { Span(nanoseconds: count * 1_000) }
        public static func milliseconds(_ count: Int64) -> Span { Span(nanoseconds: count * 1_000_000) }
        public static func seconds(_ count: Int64) -> Span { Span(nanoseconds: count * 1_000_000_000) }

        public static func < (left: Span, right: Span) -> Bool { left.nanoseconds < right.nanoseconds }
        public static func + (left: Span, right: Span) -> Span {
            Span(nanoseconds: left.nanoseconds + right.nanoseconds)
        }
        public static func - (left: Span, right: Span) -> Span {
            Span(nanoseconds: left.nanoseconds - right.nanoseconds)
        }
        public static func * (left: Span, right: Int64) -> Span { Span(nanoseconds: left.nanoseconds * right) }

        /// Seconds, for print only; nothing that judges is computed from it.
        public var seconds: Double { Double(nanoseconds) / 1e9 }
        /// Whole milliseconds, towards zero.
        public var wholeMilliseconds: Int64 { nanoseconds / 1_000_000 }
    }
}
