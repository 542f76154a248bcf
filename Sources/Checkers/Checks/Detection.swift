import Catalogue
import Events

/// Td: the first sign from the system itself that something is wrong.
enum Detection {
    static func proven(_ world: World) -> FaultWitness.Proven? {
        guard let fault = world.witness.fault?.instant else { return nil }
        return proven(world, world.plan, since: begin(of: world.witness.steps.first, fault), byHealth: true)
    }

    /// From when a sign can be one of this fault. A system that sees a connection end may say so just before somebody else has seen the reason:
    /// a program that is killed closes its connections before it has exited.
    private static func begin(of step: FaultWitness?, _ fault: Instant) -> Instant {
        min(fault, step?.injected?.commanded ?? fault)
    }

    /// - Parameter byHealth: a health that is not healthy counts too; of several steps only for the first, since nobody can tell which it speaks of.
    private static func proven(
        _ world: World, _ plan: JudgePlan, since fault: Instant, byHealth: Bool
    ) -> FaultWitness.Proven? {
        // What the system says when it is shut down after the run is no sign that it noticed anything.
        let log = world.timeline.logs.first {
            $0.instant >= fault && $0.instant <= world.end
                && ($0.content.means.map(plan.notices.contains) ?? false)
        }
        let health =
            !byHealth
            ? nil
            : world.timeline.samples["health"]?["status"]?.first {
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
        if world.plan.isNullRun {
            guard let detected = proven(world) else { return }
            verdict.findings.append(
                Finding(
                    checker: "detected", outcome: .fail,
                    sentence: "false alarm: \(detected.what) spoke of a fault, and there was none",
                    at: detected.instant,
                    hop: "controller"))
            return
        }
        for (index, step) in world.witness.steps.enumerated() {
            guard let fault = index == 0 ? fault : step.fault else { continue }
            let since = begin(of: step, fault.instant)
            let detected = proven(world, step.plan, since: since, byHealth: index == 0)
            judge(step.plan, isFirst: index == 0, fault: fault, detected, into: &verdict)
        }
    }

    private static func judge(
        _ plan: JudgePlan, isFirst: Bool, fault: FaultWitness.Proven, _ detected: FaultWitness.Proven?,
        into verdict: inout RunVerdict
    ) {
        let measured = Measured.judged(
            isFirst ? "time_to_detect" : "time_to_detect_\(plan.faultKind.rawValue)",
            value: detected.map { max(0, ($0.instant - fault.instant).nanoseconds) },
            limit: plan.detect.nanoseconds,
            budget: [
                BudgetItem(what: "fault: \(fault.what)", nanoseconds: fault.uncertainty),
                BudgetItem(what: "sign: \(detected?.what ?? "none")", nanoseconds: detected?.uncertainty ?? 0),
            ], note: detected?.what)
        verdict.measured.append(measured)
        guard measured.outcome != .pass else { return }
        let what = isFirst ? "fault" : "fault '\(plan.faultKind.rawValue)'"
        verdict.findings.append(
            Finding(
                checker: "detected", outcome: measured.outcome,
                sentence: detected == nil
                    ? "the system never gave a sign that it noticed the \(what)"
                    : "the system noticed the \(what) \(Text.against(measured))",
                at: detected?.instant, hop: "controller"))
    }
}
