import Events

/// A fault that is made again and again: the system comes back from each by itself, within the limit of one.
enum Cycles {
    /// A cycle by its number, the one that was begun last: broken once the system has not come back from it in time.
    static func standing(_ number: Int, _ world: World, at instant: Instant) -> Standing {
        // What was commanded just now may still be on its way here, and the cycle before is over.
        guard let cycle = world.witness.cycles.last, world.witness.cycles.count == number else {
            return .pending("cycle \(number) was not begun yet")
        }
        for standing in [cycle.healedStanding(), cycle.standing(at: instant)] where standing != .holds {
            return standing
        }
        guard let healed = cycle.healed else { return .pending("the fault is not over yet") }
        return Recovery.standing(world, since: healed, hold: world.plan.coolDown, at: instant)
    }

    /// Those before the last, whose recovery is the run's own.
    static func judge(_ world: World, into verdict: inout RunVerdict) {
        let cycles = world.witness.cycles
        for (index, cycle) in cycles.enumerated().dropLast() {
            guard let fault = cycle.fault, let healed = cycle.healed, let until = cycles[index + 1].begun else {
                continue
            }
            let before = World(world.plan, world.timeline, until: until)
            let recovery = Recovery(world: before, healed: healed, until: until)
            let measured = Measured.judged(
                "cycle", value: recovery.recovered.map { ($0.instant - healed.instant).nanoseconds },
                limit: world.plan.recover.nanoseconds,
                budget: [
                    BudgetItem(what: "heal", nanoseconds: healed.uncertainty),
                    BudgetItem(what: "recovery", nanoseconds: recovery.recovered?.uncertainty ?? 0),
                ] + Instrument.lateness(world))
            guard measured.outcome != .pass else { continue }
            let hop = FirstBrokenHop.sentence(before, at: until, fault: fault.instant, healed: healed.instant)
            let what =
                recovery.missing.map { hop?.sentence ?? "not recovered: \($0)" }
                ?? "the fault was over, and all was right only \(Text.against(measured)) (last of all: \(recovery.recovered?.what ?? "nothing"))"
            verdict.findings.append(
                Finding(
                    checker: "recovers", outcome: measured.outcome,
                    sentence: "cycle \(index + 1) of \(world.plan.cycles): \(what)", at: until, hop: hop?.hop))
        }
    }
}
