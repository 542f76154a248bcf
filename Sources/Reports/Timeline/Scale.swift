import Events

/// Where an instant stands on the picture's time axis. Places are fractions of its width, so that the same picture fits a wall and a phone.
struct Scale {
    let origin: Instant
    let first: Instant
    let last: Instant

    /// From the first check of normal operation to the end of the last check; setting up and clearing away would only squeeze what matters.
    init(_ run: RunReport) {
        origin = Timeline.origin(run)
        let ends = run.events.map(\.instant)
        let normal = Timeline.steps(run).first { $0.step == .verifyNormal }?.began
        first = normal ?? ends.min() ?? origin
        let leaks = Timeline.steps(run).last { $0.step == .checkLeaks }?.ended
        last = max(leaks ?? ends.max() ?? origin, first + .milliseconds(1))
    }

    func contains(_ instant: Instant) -> Bool { first <= instant && instant <= last }

    /// 0 … 1; what lies outside stands at the edge.
    func fraction(_ instant: Instant) -> Double {
        let inside = min(max(instant, first), last)
        return Double((inside - first).nanoseconds) / Double((last - first).nanoseconds)
    }

    /// Whole seconds from the origin, at most twelve of them, in steps of 1, 2 or 5 times a power of ten.
    var ticks: [Int64] {
        let length = (last - first).nanoseconds / 1_000_000_000
        var step: Int64 = 1
        while length / step > 12 { step = String(step).hasPrefix("2") ? step / 2 * 5 : step * 2 }
        let from = (first - origin).nanoseconds / 1_000_000_000 / step * step
        let to = (last - origin).nanoseconds / 1_000_000_000
        return Array(stride(from: from, through: to, by: Int(step))).filter { contains(origin + .seconds($0)) }
    }
}
