import Events

/// A service that is down: its process has ended, and whoever tries its gate is refused.
struct ServiceDownProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// An answer may be under way when the service ends.
    private static let dyingOut = Instant.Span.milliseconds(150)

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        let exit = timeline.processes.first {
            $0.content.process == plan.process && $0.content.change == .exited
                && $0.instant >= injected.commanded - .milliseconds(10)
                && $0.instant <= injected.commanded + .seconds(5)
        }
        return exit.map {
            FaultWitness.Proven(
                instant: $0.instant, uncertainty: max(1_000_000, $0.uncertainty), what: "exit of \(plan.process)")
        }
    }

    /// A connection refused, or accepted and never answered, through the gate.
    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let to = min(healing?.commanded ?? instant, instant)
        // An answer that was under way at the fault says nothing against it.
        let attempts = (timeline.samples[plan.refusedGate ?? "broker"]?["through_gate"] ?? []).filter {
            $0.instant > fault + Self.dyingOut && $0.instant <= to
        }
        if attempts.contains(where: { $0.content.reading == "accepted" }) {
            return .broken("the \(plan.refusedGate ?? "service") still answered while it was to be down")
        }
        return attempts.isEmpty ? .pending("nobody has tried the gate yet") : .holds
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        let opened = timeline.links.first {
            $0.content.link == plan.refusedGate && $0.content.change == .opened && $0.instant > healing.commanded
        }
        return opened.map {
            FaultWitness.Proven(instant: $0.instant, uncertainty: max(1_000_000, $0.uncertainty), what: "gate opened")
        }
    }

    var awaited: String { "the gate is not open yet" }
}
