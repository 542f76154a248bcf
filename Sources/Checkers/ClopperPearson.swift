/// The one-sided Clopper–Pearson bound of a success rate: what k successes of n say about the chance of the next one.
///
/// Exact for a binomial count, and never too optimistic: the true rate lies below the bound in at most 5 % of campaigns, however small n is. C. J. Clopper and
/// E. S. Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26 (1934).
public enum ClopperPearson {
    /// The largest rate that can be claimed: at that rate, `successes` or more of `trials` happen with probability 1 − `confidence`.
    ///
    /// - Parameters:
    ///   - successes: 0 … `trials`.
    ///   - trials: 1 or more; the work grows with it (two passes per halving step).
    ///   - confidence: above 0 and below 1; 0.95 unless told.
    /// - Returns: a rate, 0 … 1; 0 exactly when nothing succeeded.
    public static func lowerBound(successes: Int, of trials: Int, confidence: Double = 0.95) -> Double {
        precondition(trials >= 1, "a rate needs a trial")
        precondition((0...trials).contains(successes), "successes are counted among the trials")
        precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
        guard successes > 0 else { return 0 }
        let risk = 1 - confidence
        var low = 0.0
        var high = 1.0
        // The tail grows with the rate. Sixty halvings leave nothing of a double's width between 0 and 1.
        for _ in 0..<60 {
            let middle = low + (high - low) / 2
            if upperTail(successes, of: trials, rate: middle) < risk { low = middle } else { high = middle }
        }
        return low
    }

    /// The probability of `successes` or more among `trials` when each succeeds with `rate`.
    ///
    /// Every term is taken relative to the likeliest count, whose weight is 1: nothing overflows, what underflows is too small to count, and no logarithm of a
    /// factorial is needed.
    static func upperTail(_ successes: Int, of trials: Int, rate: Double) -> Double {
        if successes <= 0 { return 1 }
        if rate <= 0 { return 0 }
        if rate >= 1 { return 1 }
        let odds = rate / (1 - rate)
        let likeliest = min(trials, Int(Double(trials + 1) * rate))
        var inside = 0.0
        var outside = 0.0
        func count(_ weight: Double, at value: Int) {
            if value >= successes { inside += weight } else { outside += weight }
        }
        count(1, at: likeliest)
        var weight = 1.0
        var value = likeliest
        while value < trials, weight > 0 {
            weight *= Double(trials - value) / Double(value + 1) * odds
            value += 1
            count(weight, at: value)
        }
        weight = 1
        value = likeliest
        while value > 0, weight > 0 {
            weight *= Double(value) / Double(trials - value + 1) / odds
            value -= 1
            count(weight, at: value)
        }
        return inside / (inside + outside)
    }
}
