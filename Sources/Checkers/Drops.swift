import Events

/// What the system says itself that it dropped on the way to a view.
enum Drops {
    /// The view of the system's own counts; its points are the ids of the views that the telegrams did not reach.
    static let view = "dropped"

    /// By how much the count grew while the run was judged; nil when nobody could read it. A count that falls is that of a system that was started
    /// anew.
    static func counted(_ world: World, _ view: JudgePlan.View) -> Int? {
        guard let began = world.judgedFrom else { return nil }
        let samples = (world.timeline.samples[Drops.view]?[view.id] ?? []).filter { $0.instant <= world.end }
        let counts = samples.compactMap { sample in sample.content.reading?.integer.map { (sample.instant, $0) } }
        guard let first = counts.lastIndex(where: { $0.0 <= began }) ?? counts.indices.first else { return nil }
        var total: Int64 = 0
        for (before, after) in zip(counts[first...], counts[first...].dropFirst()) {
            total += after.1 >= before.1 ? after.1 - before.1 : after.1
        }
        return Int(clamping: total)
    }
}
