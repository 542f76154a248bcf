import Events

/// A system that was started answers within its time, whatever else is missing.
enum Available {
    /// From its start to the first answer of its interface.
    private static let limit = Instant.Span.seconds(10)

    static func judge(_ world: World, since fault: Instant, into verdict: inout RunVerdict) {
        guard let view = world.plan.views.first(where: { !$0.isStreaming }) else { return }
        let starts = world.timeline.processes.filter {
            $0.content.process == "controller" && $0.content.change == .started && $0.instant >= fault
                && $0.instant <= world.end
        }
        for start in starts {
            let answer = world.timeline.samples[view.id]?["poll"]?.first {
                $0.instant > start.instant && $0.content.reading == "ok"
            }
            let measured = Measured.judged(
                "time_to_answer", value: answer.map { ($0.instant - start.instant).nanoseconds },
                limit: limit.nanoseconds,
                budget: [
                    BudgetItem(what: "start of the controller", nanoseconds: start.uncertainty),
                    BudgetItem(what: "first answer of \(view.id)", nanoseconds: answer?.uncertainty ?? 0),
                ])
            verdict.measured.append(measured)
            guard measured.outcome != .pass else { continue }
            verdict.findings.append(
                Finding(
                    checker: "available", outcome: measured.outcome,
                    sentence: answer == nil
                        ? "controller: it was started \(Text.relative(start.instant, to: fault)), and \(view.id) never answered"
                        : "controller: \(view.id) answered \(Text.against(measured)) after the start",
                    at: start.instant,
                    hop: "controller → \(view.id)"))
        }
    }
}
