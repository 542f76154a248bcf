import Events

/// A system that cannot have its database says so and ends, soon and with a hint at who may have it; or it starts all the same and says that.
enum RefusesStart {
    /// From the start to the end.
    private static let limit = Instant.Span.seconds(10)

    static func judge(_ world: World, since fault: Instant, into verdict: inout RunVerdict) {
        func fail(_ sentence: String, at instant: Instant) {
            verdict.findings.append(
                Finding(
                    checker: "refuses-start", outcome: .fail, sentence: "start: " + sentence, at: instant,
                    hop: "controller"))
        }
        let healing = world.witness.healing?.commanded ?? world.end
        let changes = world.timeline.processes.filter {
            $0.content.process == "controller" && $0.instant > fault && $0.instant < healing
        }
        guard let start = changes.first(where: { $0.content.change == .started }) else {
            return fail("the system was not started while its database was locked", at: fault)
        }
        let hint = world.timeline.logs.contains {
            $0.instant > start.instant && $0.instant < healing
                && ($0.content.means.map(world.plan.notices.contains) ?? false)
        }
        guard let end = changes.first(where: { $0.content.change == .exited && $0.instant > start.instant }) else {
            if !hint { fail("the system neither ended nor gave a hint at its locked database", at: start.instant) }
            return
        }
        let measured = Measured.judged(
            "time_to_refuse", value: (end.instant - start.instant).nanoseconds, limit: limit.nanoseconds,
            budget: [
                BudgetItem(what: "start of the controller", nanoseconds: start.uncertainty),
                BudgetItem(what: "end of the controller", nanoseconds: end.uncertainty),
            ])
        verdict.measured.append(measured)
        if measured.outcome != .pass { fail("it ended \(Text.against(measured))", at: end.instant) }
        if end.content.status != 1 {
            let how = end.content.signal.map { "signal \($0)" } ?? "status \(end.content.status ?? -1)"
            fail("it ended with \(how), not with status 1", at: end.instant)
        }
        if !hint { fail("it ended without a hint at who may hold its database", at: end.instant) }
    }
}
