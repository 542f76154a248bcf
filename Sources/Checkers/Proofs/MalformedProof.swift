import Events

/// Malformed telegrams: the witness saw each on the line, octet by octet.
struct MalformedProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    private func seen(_ octets: [UInt8], from: Instant, to: Instant) -> Instant? {
        let whole = timeline.frames.first { $0.content.octets == octets && $0.instant >= from && $0.instant <= to }
        return whole?.instant ?? (plan.isByOctets ? inParts(octets, from: from, to: to) : nil)
    }

    /// What begins no frame the witness tells as noise, as services of its chip or as acknowledges, in whatever parts it takes it for.
    private func inParts(_ octets: [UInt8], from: Instant, to: Instant) -> Instant? {
        let heard = timeline.heard.filter { $0.ended >= from && $0.ended <= to }
        for index in heard.indices {
            var rest = octets[...]
            for part in heard[index...] {
                guard rest.starts(with: part.octets) else { break }
                rest = rest.dropFirst(part.octets.count)
                if rest.isEmpty { return part.ended }
            }
        }
        return nil
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
