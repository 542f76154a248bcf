import Events

/// Reports of many devices, as the witness heard them on the line: as many as were sent, about half of them with the value of the one before.
struct ReportsProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// Of a hundred, so many must have been heard, and so many must repeat a value.
    private static let leastHeard = 98
    private static let leastRepeated = 40

    private func heard(from: Instant, to: Instant) -> [Timeline.Stamped<Timeline.Telegram>] {
        timeline.telegrams.filter {
            plan.devices.contains($0.content.group) && !$0.content.isRepetition && $0.instant >= from
                && $0.instant <= to
        }
    }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        heard(from: injected.commanded, to: injected.commanded + .seconds(3)).first.map {
            FaultWitness.Proven(instant: $0.instant, uncertainty: $0.uncertainty, what: "first report at the witness")
        }
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let heard = heard(from: fault, to: min(healing?.commanded ?? instant, instant))
        var last: [UInt16: [UInt8]] = [:]
        var repeated = 0
        for telegram in heard {
            if last[telegram.content.group] == telegram.content.raw { repeated += 1 }
            last[telegram.content.group] = telegram.content.raw
        }
        let isEnough =
            heard.count * 100 >= plan.requests * Self.leastHeard
            && repeated * 100 >= heard.count * Self.leastRepeated
        if isEnough { return .holds }
        let sentence =
            "the witness has heard \(heard.count) of \(plan.requests) reports, \(repeated) of them with the value of the one before"
        return healing == nil ? .pending(sentence) : .broken(sentence)
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        healing.observed.map { FaultWitness.Proven(instant: $0, uncertainty: 1_000_000, what: "controller started") }
    }

    var awaited: String { "the system has not been started again yet" }
}
