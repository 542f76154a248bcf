import Events

/// A look at a system that nothing is done to: whether all that its profile names can be seen, and what cannot.
enum Inventory {
    static func verdict(_ plan: JudgePlan, _ timeline: Timeline) -> RunVerdict {
        let end = timeline.end(of: .verifyNormal) ?? timeline.last ?? Instant(nanoseconds: 0)
        let world = World(plan, timeline, until: end)
        var verdict = RunVerdict(outcome: .pass, sentence: "")
        verdict.witness = WitnessStatement(WitnessLosses(world).conclusion)
        if let interruption = timeline.interruption {
            verdict.outcome = interruption.outcome
            verdict.sentence = interruption.reason
            return verdict
        }
        guard timeline.end(of: .verifyNormal) != nil, timeline.end(of: .safeState) != nil else {
            verdict.outcome = .aborted
            verdict.sentence = "the evidence ends before all was looked at"
            return verdict
        }
        if let ours = Instrument.findings(world).first {
            verdict.outcome = .invalid
            verdict.sentence = ours.sentence
            // So that it is worth looking again.
            verdict.findings = [ours]
            return verdict
        }
        var missing = missing(world)
        if missing.isEmpty, case .pending(let reason) = Baseline.standing(plan, timeline, at: end) {
            missing = [reason]
        }
        guard let first = missing.first else {
            verdict.sentence =
                "everything that the profile names was seen, for \(Text.seconds(plan.baseline)): \(plan.points.count) points in "
                + plan.views.map(\.id).joined(separator: ", ")
            return verdict
        }
        verdict.outcome = .fail
        verdict.sentence = first
        verdict.findings = missing.map { Finding(checker: "system", outcome: .fail, sentence: $0, at: end) }
        return verdict
    }

    private static func missing(_ world: World) -> [String] {
        var missing = world.plan.views.flatMap { view($0, world) }
        let health = world.timeline.samples["health"]?["status"] ?? []
        if world.plan.saysHealth, !health.contains(where: { $0.content.reading == "healthy" }) {
            missing.append(
                "health: "
                    + (health.last?.content.reading?.text.map { "it never said healthy, last of all '\($0)'" }
                        ?? "nothing answers"))
        }
        let commands = world.timeline.operations.filter { $0.content.name == "command" && $0.content.action != .invoke }
        if world.plan.takesCommands, !commands.contains(where: { $0.content.action == .ok }) {
            missing.append(
                "commands: none was answered with success"
                    + (commands.last?.content.detail.map { ", the last with: \($0)" } ?? ""))
        }
        return missing
    }

    private static func view(_ view: JudgePlan.View, _ world: World) -> [String] {
        if let reason = world.unanswered(view, at: world.end) { return ["view \(reason)"] }
        let said = world.plan.points.filter { !(world.truth.values[$0] ?? []).isEmpty }.sorted()
        let unseen = said.filter { world.timeline.samples(of: view.id, $0).isEmpty }
        if let first = unseen.first {
            return [
                "view \(view.id): \(unseen.count) of \(said.count) points never showed, the first \(Text.group(first))"
            ]
        }
        let unreadable = said.filter { group in
            world.timeline.samples(of: view.id, group).last?.content.raw == nil
        }
        if let first = unreadable.first {
            let shown = world.timeline.samples(of: view.id, first).last?.content.reading?.text ?? "nothing"
            return ["view \(view.id): the value of \(Text.group(first)) cannot be read: \(shown)"]
        }
        let wrong = said.filter { group in
            world.agreement(view, group, limit: view.limit, until: world.end - Recovery.unjudged).disagreements.last?
                .until == nil
                && !world.agreement(view, group, limit: view.limit, until: world.end - Recovery.unjudged).disagreements
                    .isEmpty
        }
        guard let first = wrong.first else { return [] }
        let last = world.timeline.samples(of: view.id, first).last?.content.raw
        return [
            "view \(view.id): \(wrong.count) of \(said.count) points are wrong, the first \(Text.group(first)), which shows "
                + "\(last.map(Text.raw) ?? "nothing")"
        ]
    }
}
