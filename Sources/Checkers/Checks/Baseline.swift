import Events

/// Verify normal: everything worked, for long enough, before anything was touched. Without it nothing was tested.
struct Baseline {
    /// A state that has been good for the baseline's length just before `instant` holds.
    static func standing(_ plan: JudgePlan, _ timeline: Timeline, at instant: Instant) -> Standing {
        guard let began = timeline.begin(of: .verifyNormal), began < instant else {
            return .pending("the run has not begun to look at the normal state")
        }
        let world = World(plan, timeline, until: instant)
        let judgedUntil = instant - Recovery.unjudged
        var goodSince = began
        var reason = "everything works"
        func bad(until: Instant, _ why: @autoclosure () -> String) {
            if until > goodSince {
                goodSince = until
                reason = why()
            }
        }
        for (view, delivery) in world.deliveries {
            let judged = delivery.entries.filter { $0.instant >= began && $0.instant <= judgedUntil }
            if let lost = judged.last(where: { $0.fate == .missing }) {
                bad(until: lost.instant, "\(view.id) did not show \(Text.group(lost.group)) = \(Text.raw(lost.raw))")
            }
            let shown = Set(judged.compactMap { if case .delivered = $0.fate { $0.group } else { nil } })
            let silent = plan.tracers.subtracting(shown)
            if let group = silent.min() { return .pending("\(view.id) has not shown tracer \(Text.group(group)) yet") }
        }
        for view in plan.views {
            if let why = world.unanswered(view, at: instant) { return .pending(why) }
            for group in plan.points.sorted() {
                for disagreement in world.agreement(view, group, limit: view.limit, until: judgedUntil).disagreements {
                    let until = disagreement.until ?? instant
                    bad(
                        until: until,
                        "\(view.id) shows \(Text.group(group)) = \(disagreement.shown.map(Text.raw) ?? "nothing"), the line says "
                            + Text.raw(disagreement.wanted))
                }
            }
        }
        let health = (timeline.samples["health"]?["status"] ?? []).filter {
            $0.instant >= began && $0.instant <= instant
        }
        if plan.saysHealth, health.isEmpty { return .pending("its health has not been asked yet") }
        for sample in health where sample.content.reading != "healthy" {
            bad(until: sample.instant, "its health was \(sample.content.reading?.text ?? "unknown")")
        }
        for operation in timeline.operations
        where operation.content.name == "command" && operation.instant >= began && operation.instant <= instant {
            if operation.content.action == .failed || operation.content.action == .unknown {
                bad(until: operation.instant, "a command failed: \(operation.content.detail ?? "no reason given")")
            }
        }
        let commands = timeline.operations.contains {
            $0.content.name == "command" && $0.content.action == .ok && $0.instant >= began && $0.instant <= instant
        }
        if plan.takesCommands, !commands { return .pending("no command has been answered yet") }
        let good = instant - goodSince
        return good >= plan.baseline
            ? .holds
            : .pending("normal for \(Text.seconds(good)) of \(Text.seconds(plan.baseline)); before that \(reason)")
    }
}
