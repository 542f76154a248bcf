import Events

/// A service that stands still, or a link through which nobody is understood: what the rig asks through the gate is never answered until it is over.
struct ServiceStalledProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline
    /// What was seen at its beginning and at its end, for the report.
    let began: String
    let ended: String

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
        return FaultWitness.Proven(instant: observed, uncertainty: 1_000_000, what: began)
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
        return FaultWitness.Proven(instant: observed, uncertainty: 1_000_000, what: ended)
    }

    var awaited: String { "the \(gate) does not answer yet" }
}
