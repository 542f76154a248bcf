import Events

/// An orderly end: soon, with status 0, everything that had arrived in every store, the broker told, and the database closed, in order.
enum Shutdown {
    /// From the request to the end.
    private static let limit = Instant.Span.seconds(10)
    /// A telegram that ended this shortly before the request may still have been on its way.
    static let underWay = Instant.Span.milliseconds(250)

    static func judge(_ world: World, since fault: Instant, into verdict: inout RunVerdict) {
        let exit = world.timeline.processes.first {
            $0.content.process == "controller" && $0.content.change == .exited && $0.instant >= fault
        }
        let measured = Measured.judged(
            "time_to_stop", value: exit.map { ($0.instant - fault).nanoseconds }, limit: limit.nanoseconds,
            budget: [BudgetItem(what: "end of the controller", nanoseconds: exit?.uncertainty ?? 0)])
        verdict.measured.append(measured)
        func fail(_ sentence: String, at instant: Instant?, hop: String) {
            verdict.findings.append(
                Finding(checker: "shutdown", outcome: .fail, sentence: "shutdown: " + sentence, at: instant, hop: hop))
        }
        guard let exit else { return fail("the controller had not ended at all", at: nil, hop: "controller") }
        if measured.outcome != .pass {
            fail("the controller ended \(Text.against(measured))", at: exit.instant, hop: "controller")
        }
        if exit.content.status != 0 {
            let how = exit.content.signal.map { "signal \($0)" } ?? "status \(exit.content.status ?? -1)"
            fail("the controller ended with \(how), not with status 0", at: exit.instant, hop: "controller")
        }
        let stores = ShutdownStores(world, fault: fault, exit: exit.instant)
        for loss in stores.losses { fail(loss.sentence, at: exit.instant, hop: loss.hop) }
        verdict.findings += stores.unread
        verdict.notes += stores.notes
        let marks = world.timeline.samples["shutdown"] ?? [:]
        if let log = marks["write_ahead_log"]?.last, log.content.reading != "gone" {
            fail("the database was not closed: its write-ahead log was left behind", at: log.instant, hop: "database")
        }
        let order = ShutdownOrder(world, fault: fault, exit: exit.instant)
        let saysStatus = world.timeline.samples.values.contains {
            $0["status"]?.contains { $0.content.reading == "online" } ?? false
        }
        if saysStatus, order.offline == nil {
            fail("the broker was not told that the system goes offline", at: exit.instant, hop: "controller → broker")
        }
        if let wrong = order.wrong { fail(wrong, at: exit.instant, hop: "controller") }
        verdict.findings += order.unseen
        verdict.notes += order.notes
    }
}
