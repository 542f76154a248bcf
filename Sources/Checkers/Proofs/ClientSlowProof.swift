import Events

/// A client that does not read while events flow: the system's send queue towards it has not shrunk for long enough, or until the system cut it.
struct ClientSlowProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// How long the queue must have stood still; and where the system cuts the client before, how long at least.
    static let still = Instant.Span.seconds(5)
    private static let stillBeforeCut = Instant.Span.seconds(1)
    /// Telegrams that must have been on the line meanwhile, for each second.
    private static let telegramsPerSecond: Int64 = 4

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        injected.observed.map {
            FaultWitness.Proven(instant: $0, uncertainty: 1_000_000, what: "client stopped reading")
        }
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let looks = ClientLooks(timeline)
        if let missing = looks.missing(plan.clients, before: fault) { return .broken(missing) }
        let during = looks.between(fault, min(instant, healing?.commanded ?? instant))
        let still = ClientLooks.standstill(Array(during.prefix { $0.held >= plan.clients }))
        let length = still.map { $0.to - $0.from } ?? .zero
        let isCut = during.contains { $0.held < plan.clients }
        guard let still, length >= (isCut ? Self.stillBeforeCut : Self.still) else {
            let sentence =
                "the system's send queue towards the slow client stood still for \(Text.seconds(length)) only"
            return healing == nil ? .pending(sentence) : .broken(sentence)
        }
        let flowed = timeline.telegrams.count { $0.instant >= still.from && $0.instant <= still.to }
        guard Int64(flowed) * 1_000_000_000 >= Self.telegramsPerSecond * length.nanoseconds else {
            return .broken("only \(flowed) telegrams were on the line while the send queue stood still")
        }
        return .holds
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        healing.observed.map { FaultWitness.Proven(instant: $0, uncertainty: 1_000_000, what: "client reads on") }
    }

    var awaited: String { "the slow client does not read on yet" }
}
