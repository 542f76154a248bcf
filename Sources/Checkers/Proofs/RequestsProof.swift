import Events

/// Requests that are the fault themselves: the rig's own log of them, every one asked.
struct RequestsProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    static func requests(_ timeline: Timeline) -> [Timeline.Stamped<Event.Operation>] {
        timeline.operations.filter {
            ["request", "flood"].contains($0.content.name)
                || $0.content.name == "command" && $0.content.key == "flood"
        }
    }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        Self.requests(timeline).first { $0.content.action == .invoke && $0.instant >= injected.commanded }.map {
            FaultWitness.Proven(instant: $0.instant, uncertainty: 1_000_000, what: "first request")
        }
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let asked = Self.requests(timeline).count { $0.content.action == .invoke && $0.instant <= instant }
        if asked >= plan.requests { return .holds }
        let sentence = "\(asked) of \(plan.requests) requests were made"
        return healing == nil ? .pending(sentence) : .broken(sentence)
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        healing.observed.map { FaultWitness.Proven(instant: $0, uncertainty: 1_000_000, what: "last request answered") }
    }

    var awaited: String { "the last request has not been answered yet" }
}
