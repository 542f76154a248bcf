import Events

/// Wrong-state time after the recovery limit is nothing and stays nothing: sentinels and repeats are right in every view, and tracers are.
struct WrongState {
    private struct Wrong {
        var group: UInt16
        var disagreement: Agreement.Disagreement
    }

    /// Wrong-state time: for how long the views disagreed with the line by more than their limits, summed over views and group addresses. What lies after the recovery
    /// limit is held against nothing; what lies between the fault and it is told.
    static func measured(_ world: World, fault: Instant, healed: Instant) -> Measured {
        let deadline = min(healed + world.plan.recover, world.end)
        var all: Int64 = 0
        var after: Int64 = 0
        for view in world.plan.views {
            for group in Set(world.plan.sentinels.map(\.group) + world.plan.repeats).union(world.plan.tracers)
            where !world.plan.isExcused(view, group) {
                for wrong in world.agreement(view, group, limit: view.limit, until: world.end).disagreements {
                    let until = wrong.until ?? world.end
                    all += max(0, (until - max(wrong.from, fault)).nanoseconds)
                    after += max(0, (until - max(wrong.from, deadline)).nanoseconds)
                }
            }
        }
        return Measured(
            name: "wrong_state_after_limit", valueNanoseconds: after, uncertaintyNanoseconds: 0, limitNanoseconds: 0,
            outcome: after == 0 ? .pass : .fail,
            note:
                "\(Text.duration(Instant.Span(nanoseconds: all))) from the fault on, summed over views and group addresses"
        )
    }

    /// One finding per view for the points that nothing else would heal, and one for those that heal themselves.
    static func findings(_ world: World, healed: Instant) -> [Finding] {
        world.plan.views.flatMap { view in
            [world.plan.sentinels.map(\.group) + world.plan.repeats, Array(world.plan.tracers)].compactMap { groups in
                finding(world, view, groups.sorted(), after: min(healed + world.plan.recover, world.end))
            }
        }
    }

    private static func finding(
        _ world: World, _ view: JudgePlan.View, _ groups: [UInt16], after deadline: Instant
    ) -> Finding? {
        let found = groups.compactMap { group -> Wrong? in
            if world.plan.isExcused(view, group) { return nil }
            let disagreements = world.agreement(view, group, limit: view.limit, until: world.end).disagreements
            return disagreements.first { $0.until.map { $0 > deadline } ?? true }.map {
                Wrong(group: group, disagreement: $0)
            }
        }
        guard let first = found.first else { return nil }
        let wrong = first.disagreement
        let others = found.count > 1 ? " (and \(found.count - 1) more)" : ""
        return Finding(
            checker: "state", outcome: .fail,
            sentence:
                "\(view.id) view: \(name(world, first.group)) \(Text.group(first.group))\(others) shows "
                + "\(wrong.shown.map(Text.raw) ?? "nothing"), the line says \(Text.raw(wrong.wanted)) since "
                + Text.relative(wrong.since, to: world.witness.fault?.instant),
            at: wrong.since, hop: "line → \(view.id)")
    }

    private static func name(_ world: World, _ group: UInt16) -> String {
        if world.isSentinel(group) { return "sentinel" }
        return world.plan.tracers.contains(group) ? "tracer" : "repeat"
    }
}
