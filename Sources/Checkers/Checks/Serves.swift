import Events

/// A system that was started shows what is on the line within its time, whatever else is missing, and from then on all of it.
enum Serves {
    /// From its start to the first telegram that a streaming view shows.
    private static let limit = Instant.Span.seconds(10)

    /// After the first telegram that a view shows, others may have passed before it listened.
    private static let settled = Instant.Span.seconds(1)

    static func judge(_ world: World, since fault: Instant, healed: Instant, into verdict: inout RunVerdict) {
        let starts = world.timeline.processes.filter {
            $0.content.process == "controller" && $0.content.change == .started && $0.instant >= fault
                && $0.instant <= world.end
        }
        for start in starts {
            for (view, delivery) in world.deliveries {
                let shown = world.plan.tracers.compactMap { group in
                    world.timeline.samples(of: view.id, group).first { $0.instant > start.instant }
                }.min { $0.instant < $1.instant }
                let measured = Measured.judged(
                    "time_to_serve_\(view.id)", value: shown.map { ($0.instant - start.instant).nanoseconds },
                    limit: limit.nanoseconds,
                    budget: [
                        BudgetItem(what: "start of the controller", nanoseconds: start.uncertainty),
                        BudgetItem(what: "first telegram in \(view.id)", nanoseconds: shown?.uncertainty ?? 0),
                    ])
                verdict.measured.append(measured)
                let lost = delivery.entries.filter { entry in
                    entry.fate == .missing && entry.instant < healed
                        && shown.map { entry.instant > $0.instant + settled } ?? false
                }
                if let first = lost.first {
                    verdict.findings.append(
                        Finding(
                            checker: "serves", outcome: .fail,
                            sentence:
                                "start: the system was started \(Text.relative(start.instant, to: fault)), and \(view.id) did not show "
                                + "\(lost.count) telegrams after its first until the fault was over, the first "
                                + "\(Text.group(first.group)) \(Text.relative(first.instant, to: fault))",
                            at: first.instant, hop: "controller → \(view.id)"))
                }
                guard measured.outcome != .pass else { continue }
                let how = shown == nil ? "never showed a telegram" : "showed a telegram only \(Text.against(measured))"
                verdict.findings.append(
                    Finding(
                        checker: "serves", outcome: measured.outcome,
                        sentence:
                            "start: the system was started \(Text.relative(start.instant, to: fault)), and \(view.id) \(how)",
                        at: start.instant, hop: "controller → \(view.id)"))
            }
        }
    }
}
