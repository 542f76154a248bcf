import Events

/// A service that stands still: it takes connections and never answers one, until it is let go on.
struct ServiceStalledProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// An answer may be under way when the service is stopped; and what was asked this shortly before it goes on may be answered then.
    private static let underWay = Instant.Span.milliseconds(400)

    private var gate: String { plan.refusedGate ?? plan.load?.stalls ?? "service" }

    private var attempts: [Timeline.Stamped<Event.Sample>] { timeline.samples[gate]?["through_gate"] ?? [] }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        guard let observed = injected.observed,
            attempts.contains(where: {
                $0.instant > observed && $0.instant <= observed + .seconds(3) && $0.content.reading != "accepted"
            })
        else { return nil }
        return FaultWitness.Proven(instant: observed, uncertainty: 1_000_000, what: "\(plan.process) stopped")
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let to = min(healing.map { $0.commanded - Self.underWay } ?? instant, instant)
        let during = attempts.filter { $0.instant > fault + Self.underWay && $0.instant <= to }
        if during.contains(where: { $0.content.reading == "accepted" }) {
            return .broken("the \(gate) still answered while it was to stand still")
        }
        return during.isEmpty ? .pending("nobody has tried the gate yet") : .holds
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        guard let observed = healing.observed,
            attempts.contains(where: { $0.instant > observed && $0.content.reading == "accepted" })
        else { return nil }
        return FaultWitness.Proven(instant: observed, uncertainty: 1_000_000, what: "\(plan.process) goes on")
    }

    var awaited: String { "the \(gate) does not answer yet" }
}
