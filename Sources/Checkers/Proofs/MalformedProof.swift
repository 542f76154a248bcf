import Events

/// Malformed telegrams: the witness saw each on the line, octet by octet.
struct MalformedProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    private func seen(_ octets: [UInt8], from: Instant, to: Instant) -> Instant? {
        timeline.frames.first { $0.content.octets == octets && $0.instant >= from && $0.instant <= to }?.instant
    }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        guard let first = plan.malformed.first,
            let instant = seen(first, from: injected.commanded, to: injected.commanded + .seconds(3))
        else { return nil }
        return FaultWitness.Proven(instant: instant, uncertainty: 300_000, what: "malformed telegram at the witness")
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let missing = plan.malformed.filter { seen($0, from: fault - .milliseconds(1), to: instant) == nil }
        guard let first = missing.first else { return .holds }
        let sentence =
            "the witness has not seen \(missing.count) of \(plan.malformed.count) malformed telegrams, \(Text.raw(first)) among them"
        return healing == nil ? .pending(sentence) : .broken(sentence)
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        healing.observed.map {
            FaultWitness.Proven(instant: $0, uncertainty: 1_000_000, what: "the last good telegram was handed over")
        }
    }

    var awaited: String { "the last malformed telegram has not been sent yet" }
}
