import Events
import KNX

/// How times and values are put in sentences.
enum Text {
    /// `3.42 s`, or below a second `4.2 ms`.
    static func duration(_ span: Instant.Span) -> String {
        guard span.nanoseconds.magnitude < 1_000_000_000 else { return seconds(span) }
        let tenths = (span.nanoseconds.magnitude + 50_000) / 100_000
        return "\(span.nanoseconds < 0 ? "-" : "")\(tenths / 10).\(tenths % 10) ms"
    }

    /// A value with its uncertainty, in one unit where both have something to say in it: `2.30 s ± 0.58 s`, `1.90 s ± 2.8 ms`, `3.6 ms ± 2.1 ms`.
    static func measured(_ value: Instant.Span, _ uncertainty: Instant.Span) -> String {
        let inSeconds = value >= .seconds(1) && uncertainty >= .milliseconds(10)
        return "\(duration(value)) ± \(inSeconds ? seconds(uncertainty) : duration(uncertainty))"
    }

    /// `3.42 s`.
    static func seconds(_ span: Instant.Span) -> String {
        let negative = span.nanoseconds < 0
        let hundredths = (span.nanoseconds.magnitude + 5_000_000) / 10_000_000
        let fraction = hundredths % 100
        return "\(negative ? "-" : "")\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) s"
    }

    /// `12.345678 s`.
    static func microseconds(_ span: Instant.Span) -> String {
        let micros = (span.nanoseconds.magnitude + 500) / 1_000
        let fraction = String(micros % 1_000_000)
        return "\(span.nanoseconds < 0 ? "-" : "")\(micros / 1_000_000)."
            + String(repeating: "0", count: 6 - fraction.count) + "\(fraction) s"
    }

    /// `16.20 s ± 4.0 ms after it, later than the limit of 15.00 s`.
    static func against(_ measured: Measured) -> String {
        let value = Instant.Span(nanoseconds: measured.valueNanoseconds ?? 0)
        let uncertainty = Instant.Span(nanoseconds: measured.uncertaintyNanoseconds)
        let limit = seconds(Instant.Span(nanoseconds: measured.limitNanoseconds ?? 0))
        return "\(self.measured(value, uncertainty)) after it, "
            + (measured.outcome == .inconclusive
                ? "too near the limit of \(limit) to tell" : "later than the limit of \(limit)")
    }

    static func group(_ raw: UInt16) -> String { GroupAddress(raw: raw).description }

    static func raw(_ octets: [UInt8]) -> String { Hex.text(octets) }

    /// `at the fault` for what was seen to end with it: an exit that is polled for lies within the interval of a poll.
    static func with(_ instant: Instant, _ fault: Instant) -> String {
        abs((instant - fault).nanoseconds) <= 150_000_000 ? "at the fault" : relative(instant, to: fault)
    }

    /// `2.10 s after the fault` or `before the fault`.
    static func relative(_ instant: Instant, to fault: Instant?) -> String {
        guard let fault else { return "at \(instant.nanoseconds) ns" }
        return instant >= fault
            ? "\(seconds(instant - fault)) after the fault" : "\(seconds(fault - instant)) before the fault"
    }
}
