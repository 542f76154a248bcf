import Platform

/// Which telegrams a witness is made to miss: runs of 1 to 64, half of them of a multiple of eight, at places that follow from a seed.
struct SeededLosses {
    struct Loss {
        /// Index of the first telegram of the line that is lost.
        var first: Int
        var count: Int
    }

    private var losses: [Loss] = []
    private var next = 0

    /// - Parameters:
    ///   - count: how many runs; each lies in its own stretch of the line's telegrams, a quarter of it away from the next.
    ///   - telegrams: how many telegrams the line will carry, about.
    init(count: Int, telegrams: Int, seed: UInt64) {
        guard count > 0 else { return }
        var generator = SeededGenerator(seed: seed)
        let lengths = Array(1...64).shuffled(using: &generator)
        let stretch = telegrams / count
        precondition(stretch > 400, "runs of lost telegrams need 400 telegrams of the line each, to stand apart")
        for index in 0..<count {
            let length = index.isMultiple(of: 2) ? 8 * (1 + index / 2 % 8) : lengths[index / 2 % 64]
            let first = index * stretch + Int.random(in: stretch / 4..<stretch * 3 / 4, using: &generator)
            losses.append(Loss(first: first, count: length))
        }
    }

    /// Whether telegram `index` is lost; ask in order.
    mutating func isLost(_ index: Int) -> Bool {
        while next < losses.count, index >= losses[next].first + losses[next].count { next += 1 }
        return next < losses.count && index >= losses[next].first
    }
}
