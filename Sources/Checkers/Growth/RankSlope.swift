/// How much a value grows per step, after Theil and Sen: the middle of the slopes of all pairs of points, with the interval that Kendall's rank correlation
/// gives, which holds the true slope in at least 95 of 100 cases.
///
/// Not least squares with Student's t, because memory does not scatter like a normal variable: an allocator takes it in steps, and gives some of it back now and
/// then. One step, or one odd value, moves the ranks little, and makes the interval wide instead of the slope steep. The interval is exact for any
/// scatter that does not depend on the step; equal values make it wider and never too narrow.
public struct RankSlope: Sendable, Hashable {
    /// With fewer points no interval has this confidence.
    public static let leastPoints = 5

    public var slope: Double
    public var lower: Double
    public var upper: Double

    /// - Parameter points: at different steps. nil for fewer than are needed.
    public init?(_ points: [(step: Double, value: Double)]) {
        guard points.count >= Self.leastPoints, let excluded = Self.excluded(points.count) else { return nil }
        let points = points.sorted { $0.step < $1.step }
        var slopes: [Double] = []
        for (index, left) in points.enumerated() {
            for right in points[(index + 1)...] where right.step > left.step {
                slopes.append((right.value - left.value) / (right.step - left.step))
            }
        }
        slopes.sort()
        guard slopes.count > 2 * excluded else { return nil }
        let middle = slopes.count / 2
        slope = slopes.count.isMultiple(of: 2) ? (slopes[middle - 1] + slopes[middle]) / 2 : slopes[middle]
        lower = slopes[excluded]
        upper = slopes[slopes.count - 1 - excluded]
    }

    /// How many slopes may be left out at either end: the most of which fewer than 2.5 % of all orders of `count` values have so few pairs the wrong way round.
    /// nil where that is true of none.
    static func excluded(_ count: Int) -> Int? {
        // Orders by their wrong pairs: each further value comes before none to all of those that are there.
        var orders = [1.0]
        for there in 1..<max(2, count) {
            var next = [Double](repeating: 0, count: orders.count + there)
            for (wrong, ways) in orders.enumerated() {
                for more in 0...there { next[wrong + more] += ways }
            }
            orders = next
        }
        let all = orders.reduce(0, +)
        var sum = 0.0
        for (wrong, ways) in orders.enumerated() {
            sum += ways
            if 2 * sum > 0.05 * all { return wrong == 0 ? nil : wrong - 1 }
        }
        return nil
    }
}

extension RankSlope {
    /// Whether a growth is within what is allowed: certainly, certainly not, or too near to tell.
    public func outcome(allowed: Double) -> Outcome {
        upper <= allowed ? .pass : lower > allowed ? .fail : .inconclusive
    }
}
