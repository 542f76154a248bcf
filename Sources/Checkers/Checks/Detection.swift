import Events

/// Td: the first sign from the system itself that something is wrong.
enum Detection {
    static func proven(_ world: World) -> FaultWitness.Proven? {
        guard let fault = world.witness.fault?.instant else { return nil }
        // What the system says when it is shut down after the run is no sign that it noticed anything.
        let log = world.timeline.logs.first {
            $0.instant >= fault && $0.instant <= world.end
                && ($0.content.means.map(world.plan.notices.contains) ?? false)
        }
        let health = world.timeline.samples["health"]?["status"]?.first {
            $0.instant >= fault && $0.instant <= world.end && $0.content.reading != "healthy"
        }
        let candidates = [
            log.map {
                FaultWitness.Proven(
                    instant: $0.instant, uncertainty: max(1_000_000, $0.uncertainty), what: $0.content.means ?? "log")
            },
            health.map { FaultWitness.Proven(instant: $0.instant, uncertainty: $0.uncertainty, what: "its health") },
        ].compactMap(\.self)
        return candidates.min { $0.instant < $1.instant }
    }

    static func instant(_ world: World) -> Instant? { proven(world)?.instant }

    static func judge(_ world: World, fault: FaultWitness.Proven, into verdict: inout RunVerdict) {
        let detected = proven(world)
        if world.plan.isNullRun {
            guard let detected else { return }
            verdict.findings.append(
                Finding(
                    checker: "detected", outcome: .fail,
                    sentence: "false alarm: \(detected.what) spoke of a fault, and there was none",
                    at: detected.instant,
                    hop: "controller"))
            return
        }
        let measured = Measured.judged(
            "time_to_detect", value: detected.map { ($0.instant - fault.instant).nanoseconds },
            limit: world.plan.detect.nanoseconds,
            budget: [
                BudgetItem(what: "fault: \(fault.what)", nanoseconds: fault.uncertainty),
                BudgetItem(what: "sign: \(detected?.what ?? "none")", nanoseconds: detected?.uncertainty ?? 0),
            ], note: detected?.what)
        verdict.measured.append(measured)
        guard measured.outcome != .pass else { return }
        verdict.findings.append(
            Finding(
                checker: "detected", outcome: measured.outcome,
                sentence: detected == nil
                    ? "the system never gave a sign that it noticed the fault"
                    : "the system noticed the fault \(Text.against(measured))",
                at: detected?.instant, hop: "controller"))
    }
}
