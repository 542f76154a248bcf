import Events
import Glibc

/// Figures as people read them. Integer arithmetic throughout: a report must not round differently from one machine to the next.
enum Figures {
    /// Exact decimal seconds without needless zeros: 3 420 000 000 ns is `3.42`.
    static func exactSeconds(_ nanoseconds: Int64) -> String {
        var text = decimal(nanoseconds, unit: 1_000_000_000, decimals: 9)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    /// A span in the unit that fits it: `20 s`, `3.42 s`, `120 ms`, `85 µs`. At most three decimals of a second, two of the others.
    static func span(_ nanoseconds: Int64) -> String {
        let (unit, name) = unit(for: nanoseconds)
        var text = decimal(nanoseconds, unit: unit, decimals: unit == 1_000_000_000 ? 3 : unit == 1 ? 0 : 2)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return "\(text) \(name)"
    }

    /// A value with its expanded uncertainty, `3.42 s ± 0.11 s`: the uncertainty rounded up to two digits, the value to the same place.
    static func measured(_ nanoseconds: Int64, _ uncertainty: Int64) -> String {
        guard uncertainty > 0 else { return span(nanoseconds) }
        let larger = max(clamped(nanoseconds).magnitude, clamped(uncertainty).magnitude)
        let (unit, name) = unit(for: Int64(larger))
        var place: Int64 = 1
        while clamped(uncertainty) / place >= 100 { place *= 10 }
        let roundedUp = (clamped(uncertainty) + place - 1) / place * place
        var decimals = 0
        var step = unit
        while step > place {
            step /= 10
            decimals += 1
        }
        return decimal(nanoseconds, unit: unit, decimals: decimals) + " \(name) ± "
            + decimal(roundedUp, unit: unit, decimals: decimals) + " \(name)"
    }

    /// An instant relative to another, always signed: `+3.420 s`.
    static func offset(_ instant: Instant, from origin: Instant, decimals: Int = 3) -> String {
        let difference = instant.nanoseconds &- origin.nanoseconds
        let text = decimal(Int64(clamping: difference.magnitude), unit: 1_000_000_000, decimals: decimals)
        // What rounds to zero is not before.
        return (difference < 0 && text.contains { !"0.".contains($0) } ? "−" : "+") + text + " s"
    }

    /// `nanoseconds / unit` with a fixed number of decimals, rounded half away from zero.
    static func decimal(_ nanoseconds: Int64, unit: Int64, decimals: Int) -> String {
        var step = unit
        for _ in 0..<decimals { step = max(1, step / 10) }
        let magnitude = Int64(clamped(nanoseconds).magnitude)
        let steps = (magnitude + step / 2) / step
        let perUnit = unit / step
        let fraction = String(steps % perUnit)
        let width = String(perUnit).utf8.count - 1
        let sign = nanoseconds < 0 && steps > 0 ? "−" : ""
        guard width > 0 else { return sign + String(steps) }
        return sign + String(steps / perUnit) + "."
            + String(repeating: "0", count: width - fraction.utf8.count) + fraction
    }

    /// UTC as `2026-11-26 22:15:30 UTC`, or in the form of ISO 8601 with T and Z.
    static func utc(seconds: Int64, iso8601: Bool = false) -> String {
        var time = time_t(max(-60_000_000_000, min(seconds, 250_000_000_000)))
        var parts = unsafe tm()
        unsafe gmtime_r(&time, &parts)
        let two = { (number: Int32) in number < 10 ? "0\(number)" : String(number) }
        let date = unsafe "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
        let clock = unsafe "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return iso8601 ? "\(date)T\(clock)Z" : "\(date) \(clock) UTC"
    }

    /// UTC with milliseconds: `2026-11-26 22:15:30.123 UTC`.
    static func utc(nanoseconds: Int64) -> String {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let fraction = String(max(0, rest) / 1_000_000)
        return utc(seconds: seconds).dropLast(4) + "." + String(repeating: "0", count: 3 - fraction.utf8.count)
            + fraction
            + " UTC"
    }

    private static func unit(for nanoseconds: Int64) -> (Int64, String) {
        switch nanoseconds.magnitude {
        case 0, 1_000_000_000...: (1_000_000_000, "s")
        case 1_000_000...: (1_000_000, "ms")
        case 1_000...: (1_000, "µs")
        default: (1, "ns")
        }
    }

    /// Thirty years are more than any span that a run can have; nonsense in a file must not trap.
    private static func clamped(_ nanoseconds: Int64) -> Int64 {
        max(-1_000_000_000_000_000_000, min(nanoseconds, 1_000_000_000_000_000_000))
    }
}
