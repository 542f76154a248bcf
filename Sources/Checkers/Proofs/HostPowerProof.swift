import Catalogue
import Events

/// A computer without power: everything on it has ended at once, killed by nobody of its own, and nothing of the system was on the line until it had power again.
struct HostPowerProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    private static let killed: Int64 = 9
    private static let prompt = Instant.Span.seconds(2)
    /// What the interface had taken already may still go out.
    private static let dyingOut = Instant.Span.milliseconds(500)

    private func end(of process: String, after instant: Instant) -> Timeline.Stamped<Event.ProcessChange>? {
        timeline.processes.first {
            $0.content.process == process && $0.content.change == .exited && $0.instant >= instant - .milliseconds(200)
                && $0.instant <= instant + Self.prompt
        }
    }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        guard let end = end(of: "controller", after: injected.commanded), end.content.signal == Self.killed else {
            return nil
        }
        return FaultWitness.Proven(
            instant: end.instant, uncertainty: max(1_000_000, end.uncertainty), what: "controller gone")
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        if end(of: plan.interfaceDaemon, after: fault) == nil {
            let sentence = "\(plan.interfaceDaemon) has not ended with the computer"
            return healing == nil ? .pending(sentence) : .broken(sentence)
        }
        let to = min(healing?.commanded ?? instant, instant)
        let from = fault + Self.dyingOut
        if from < to, let telegram = timeline.telegrams(of: plan.systemSources, in: from...to).first {
            return .broken(
                "the system still sent a telegram \(Text.seconds(telegram.instant - fault)) after its computer had lost its power"
            )
        }
        if let start = timeline.processes.first(where: {
            $0.content.process == "controller" && $0.content.change == .started && $0.instant > fault
                && $0.instant < to - .milliseconds(10)
        }) {
            return .broken("controller was started \(Text.relative(start.instant, to: fault)), before there was power")
        }
        return .holds
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        healing.observed.map { FaultWitness.Proven(instant: $0, uncertainty: 1_000_000, what: "computer started") }
    }

    var awaited: String { "the computer has not been powered again yet" }
}
