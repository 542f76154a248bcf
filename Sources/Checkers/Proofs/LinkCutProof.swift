import Events

/// A link that is cut while what is behind it goes on: whoever asks through the gate is refused, and whoever asks past it is answered.
struct LinkCutProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// What was asked just before an edge may be answered just after it, and an attempt is stamped in its middle.
    private static let underWay = Instant.Span.milliseconds(200)

    private var gate: String { plan.reachedGate ?? "service" }

    private func attempts(_ point: String) -> [Timeline.Stamped<Event.Sample>] {
        timeline.samples[gate]?[point] ?? []
    }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        guard let observed = injected.observed,
            attempts("through_gate").contains(where: {
                $0.instant > observed && $0.instant <= observed + .seconds(3) && $0.content.reading == "refused"
            })
        else { return nil }
        return FaultWitness.Proven(instant: observed, uncertainty: 1_000_000, what: "the link to the \(gate) cut")
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let from = fault + Self.underWay
        let to = min(healing.map { $0.commanded - Self.underWay } ?? instant, instant)
        let through = attempts("through_gate").filter { $0.instant > from && $0.instant <= to }
        let past = attempts("behind_gate").filter { $0.instant > from && $0.instant <= to }
        if let passed = through.first(where: { $0.content.reading != "refused" }) {
            return .broken(
                "the gate of the \(gate) said '\(passed.content.reading?.text ?? "nothing")' where it was to refuse: the link was not cut"
            )
        }
        if let missed = past.first(where: { $0.content.reading != "accepted" }) {
            return .broken(
                "behind its gate the \(gate) said '\(missed.content.reading?.text ?? "nothing")': not the link alone was away"
            )
        }
        if through.isEmpty { return .pending("nobody has tried the gate yet") }
        return past.isEmpty ? .pending("nobody has asked behind the gate yet") : .holds
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        guard let observed = healing.observed,
            attempts("through_gate").contains(where: { $0.instant > observed && $0.content.reading == "accepted" })
        else { return nil }
        return FaultWitness.Proven(
            instant: observed, uncertainty: 1_000_000, what: "the link to the \(gate) there again")
    }

    var awaited: String { "the \(gate) does not answer through its gate yet" }
}
