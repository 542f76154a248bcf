import Events

/// Ours or theirs: what the rig itself did wrong. It makes a run invalid, never a fail.
struct Instrument {
    static func findings(_ world: World) -> [Finding] {
        guard let began = world.timeline.begin(of: .verifyNormal) else { return [] }
        let judged = began...max(began, world.end)
        var findings: [Finding] = []
        for slip in world.timeline.slips
        where judged.contains(slip.instant) && slip.content.thread == "twin line"
            && slip.content.lateNanoseconds > world.plan.slip.nanoseconds
        {
            findings.append(
                Finding(
                    checker: "instrument", outcome: .invalid,
                    sentence: "the twin's line slipped by \(slip.content.lateNanoseconds / 1_000_000) ms "
                        + "\(Text.relative(slip.instant, to: world.witness.fault?.instant)): this computer was too busy to keep bus time",
                    at: slip.instant))
            break
        }
        let needed = Set(world.plan.views.map(\.id) + ["health", "process"])
        for gap in world.timeline.gaps where needed.contains(gap.content.blind) {
            let length = gap.content.to - gap.content.from
            guard length > world.plan.probeGap,
                judged.overlaps(gap.content.from...max(gap.content.from, gap.content.to)),
                !isOfTheFault(gap.content, world)
            else { continue }
            findings.append(
                Finding(
                    checker: "instrument", outcome: .invalid,
                    sentence: "the probe '\(gap.content.blind)' was blind for \(Text.seconds(length)) "
                        + "\(Text.relative(gap.content.from, to: world.witness.fault?.instant)): \(gap.content.reason)",
                    at: gap.content.from))
            break
        }
        return findings
    }

    /// A probe of what the fault takes away is blind while the fault lasts.
    private static func isOfTheFault(_ gap: Event.Gap, _ world: World) -> Bool {
        guard let fault = world.witness.fault?.instant else { return false }
        let healed = world.witness.healed?.instant ?? world.end
        return gap.to >= fault - .milliseconds(500) && gap.from <= healed + .milliseconds(500)
    }
}
