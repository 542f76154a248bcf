import Events

/// Order per group address: a view never shows an older value after a newer one, except while the fault cuts its hop.
struct Order {
    /// Returns the findings, and how many samples came out of order by view.
    static func findings(_ world: World, recovered: Instant?) -> (findings: [Finding], reordered: [String: Int]) {
        var findings: [Finding] = []
        var reordered: [String: Int] = [:]
        guard let began = world.judgedFrom else { return ([], [:]) }
        let fault = world.witness.fault?.instant
        for view in world.plan.streaming {
            let isCut = world.plan.cuts.contains("line") || world.plan.cuts.contains(view.id)
            for group in world.plan.tracers.sorted() {
                let truth = world.truth.values[group] ?? []
                var highest = -1
                for sample in world.timeline.samples(of: view.id, group) where sample.instant <= world.end {
                    // The latest telegram that this sample can be of.
                    guard
                        let index = truth.lastIndex(where: {
                            $0.raw == sample.content.raw && $0.instant <= sample.instant + .milliseconds(50)
                        })
                    else { continue }
                    defer { highest = max(highest, index) }
                    guard index < highest, sample.instant >= began else { continue }
                    if isCut, let fault, !world.plan.isNullRun, sample.instant >= fault,
                        sample.instant <= (recovered ?? world.end) + view.limit
                    {
                        continue
                    }
                    reordered[view.id, default: 0] += 1
                    findings.append(
                        Finding(
                            checker: "order", outcome: .fail,
                            sentence: "\(view.id) showed \(Text.group(group)) = \(Text.raw(truth[index].raw)) "
                                + "\(Text.relative(sample.instant, to: fault)), after the newer \(Text.raw(truth[highest].raw))",
                            at: sample.instant, hop: "line → \(view.id)"))
                }
            }
        }
        return (findings, reordered)
    }
}
