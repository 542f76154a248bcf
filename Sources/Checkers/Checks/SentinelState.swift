import Events

/// Sentinels and repeats are right in every view at the recovery limit, and stay so.
enum SentinelState {
    static func findings(_ world: World, healed: Instant) -> [Finding] {
        let deadline = min(healed + world.plan.recover, world.end)
        var findings: [Finding] = []
        let judged = world.plan.sentinels.map(\.group) + world.plan.repeats
        for view in world.plan.views {
            for group in judged.sorted() {
                let agreement = world.agreement(view, group, limit: view.limit, until: world.end)
                guard
                    let wrong = agreement.disagreements.first(where: {
                        ($0.until ?? world.end) > deadline || $0.until == nil
                    })
                else { continue }
                let name = world.isSentinel(group) ? "sentinel" : "repeat"
                findings.append(
                    Finding(
                        checker: "state", outcome: .fail,
                        sentence:
                            "\(view.id) view: \(name) \(Text.group(group)) shows \(wrong.shown.map(Text.raw) ?? "nothing"), the line "
                            + "says \(Text.raw(wrong.wanted)) since \(Text.relative(wrong.since, to: world.witness.fault?.instant))",
                        at: wrong.since, hop: "line → \(view.id)"))
            }
        }
        return findings
    }
}
