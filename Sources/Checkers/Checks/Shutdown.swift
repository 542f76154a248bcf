import Events

/// An orderly end: soon, with status 0, everything that had arrived in the database, the broker told, and the database closed.
enum Shutdown {
    /// From the request to the end.
    private static let limit = Instant.Span.seconds(10)
    /// A telegram that ended this shortly before the request may still have been on its way.
    private static let underWay = Instant.Span.milliseconds(250)

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
        if let lost = unstored(world, fault: fault, exit: exit.instant) {
            fail(lost, at: exit.instant, hop: "controller → database")
        }
        let marks = world.timeline.samples["shutdown"] ?? [:]
        if let log = marks["write_ahead_log"]?.last, log.content.reading != "gone" {
            fail("the database was not closed: its write-ahead log was left behind", at: log.instant, hop: "database")
        }
        let isOffline = world.plan.streaming.contains { view in
            world.timeline.samples[view.id]?["status"]?.contains {
                $0.instant >= fault && $0.instant <= exit.instant + .seconds(1) && $0.content.reading == "offline"
            } ?? false
        }
        let saysStatus = world.timeline.samples.values.contains {
            $0["status"]?.contains { $0.content.reading == "online" } ?? false
        }
        if saysStatus, !isOffline {
            fail("the broker was not told that the system goes offline", at: exit.instant, hop: "controller → broker")
        }
    }

    /// The first point of which the database does not hold the last value that had arrived; nil when it holds all.
    private static func unstored(_ world: World, fault: Instant, exit: Instant) -> String? {
        let until = world.witness.healing?.commanded ?? world.end
        for view in world.plan.views where !view.isStreaming {
            // Only a view that can be read while the system is down is a store.
            guard
                world.timeline.samples[view.id]?["poll"]?.contains(where: {
                    $0.instant > exit && $0.instant < until && $0.content.reading == "ok"
                }) ?? false
            else { continue }
            for group in world.plan.points.sorted() {
                let values = world.truth.values[group] ?? []
                guard let due = values.lastIndex(where: { $0.instant <= fault - underWay }) else { continue }
                let allowed = values[due...].filter { $0.instant <= until }.map(\.raw)
                let shown = world.timeline.samples(of: view.id, group).last { $0.instant < until }?.content.raw
                if let shown, allowed.contains(shown) { continue }
                return
                    "\(view.id) holds \(Text.group(group)) = \(shown.map(Text.raw) ?? "nothing") after the end, and \(Text.raw(values[due].raw)) had arrived "
                    + Text.relative(values[due].instant, to: fault)
            }
        }
        return nil
    }
}
