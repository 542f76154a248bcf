import Events

/// A sweep of dips: the supply's sense saw the first of them that any witness saw, or the line's chips restarted. Which dips were seen is told of each where
/// they are counted; of a sweep of which none was, nothing can be told.
struct DipsProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    private func dips(until end: Instant) -> [Dip] { Dip.all(plan, timeline, until: end) }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        dips(until: timeline.last ?? injected.commanded).lazy.compactMap(\.seen).first
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let dips = dips(until: instant)
        guard dips.contains(where: { $0.seen != nil }) else {
            return .pending("no witness has seen any of \(dips.count) dips")
        }
        return .holds
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        timeline.telegrams.first { $0.instant > healing.commanded && plan.tracers.contains($0.content.group) }.map {
            FaultWitness.Proven(
                instant: $0.instant, uncertainty: $0.uncertainty, what: "first tracer after the last dip")
        }
    }

    var awaited: String { "no tracer has been heard after the last dip yet" }
}
