/// How the length of a dip is written: `10 ms`, `61.9 ms`, `1.29 s`, `8 s`.
public enum DipLength {
    public static func text(_ nanoseconds: Int64) -> String {
        let isInSeconds = nanoseconds >= 1_000_000_000
        // Hundredths of a second, or tenths of a millisecond.
        let unit: Int64 = isInSeconds ? 10_000_000 : 100_000
        let steps = max(0, nanoseconds / unit + (nanoseconds % unit >= unit / 2 ? 1 : 0))
        let perUnit: Int64 = isInSeconds ? 100 : 10
        var fraction = String(perUnit + steps % perUnit).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return "\(steps / perUnit)" + (fraction.isEmpty ? "" : ".\(fraction)") + (isInSeconds ? " s" : " ms")
    }
}
