import Glibc

/// The lengths that a sweep begins with: their logarithms lie equally far apart, because nobody knows beforehand in which decade something happens.
public enum DipGrid {
    /// Lengths are whole tenths of a millisecond: finer than any switch keeps them.
    public static let step: Int64 = 100_000

    /// - Parameters:
    ///   - from: the first length, nanoseconds; above 0.
    ///   - to: the last, above `from`.
    ///   - count: 2 or more.
    /// - Returns: rising lengths, both ends among them; fewer than `count` where two would be equal.
    public static func lengths(from: Int64, to: Int64, count: Int) -> [Int64] {
        precondition(from > 0 && to > from && count >= 2, "a grid has two ends")
        let ratio = log(Double(to) / Double(from))
        var lengths: [Int64] = []
        for index in 0..<count {
            let exact = Double(from) * exp(ratio * Double(index) / Double(count - 1))
            let length = index == 0 ? from : index == count - 1 ? to : rounded(exact)
            if length > lengths.last ?? 0 { lengths.append(length) }
        }
        return lengths
    }

    /// The length in the middle of two, by their logarithms; nil when there is none between them.
    public static func middle(_ shorter: Int64, _ longer: Int64) -> Int64? {
        let middle = rounded((Double(shorter) * Double(longer)).squareRoot())
        return middle > shorter && middle < longer ? middle : nil
    }

    private static func rounded(_ length: Double) -> Int64 { Int64((length / Double(step)).rounded()) * step }
}
