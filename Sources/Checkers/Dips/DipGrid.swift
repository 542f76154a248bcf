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
        let ratio = root(Double(to) / Double(from), count - 1)
        var lengths: [Int64] = []
        var exact = Double(from)
        for index in 0..<count {
            let length = index == 0 ? from : index == count - 1 ? to : rounded(exact)
            if length > lengths.last ?? 0 { lengths.append(length) }
            exact *= ratio
        }
        return lengths
    }

    /// The length in the middle of two, by their logarithms; nil when there is none between them.
    public static func middle(_ shorter: Int64, _ longer: Int64) -> Int64? {
        let middle = rounded((Double(shorter) * Double(longer)).squareRoot())
        return middle > shorter && middle < longer ? middle : nil
    }

    /// The number above 1 that, multiplied with itself so many times, is `value`. Sixty halvings leave nothing of a double's width.
    private static func root(_ value: Double, _ degree: Int) -> Double {
        var low = 1.0
        var high = value
        for _ in 0..<60 {
            let middle = low + (high - low) / 2
            let power = (0..<degree).reduce(1.0) { product, _ in product * middle }
            if power < value { low = middle } else { high = middle }
        }
        return low
    }

    private static func rounded(_ length: Double) -> Int64 { Int64((length / Double(step)).rounded()) * step }
}
