import Events

/// Clients that read and answer nothing any more, and stay connected: their sockets are open on our side for as long as the system holds its own, and what
/// they receive lies unread.
struct ClientsSilentProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// Fewer looks at silent clients show nothing.
    private static let looks = 5
    private static let closedWithin = Instant.Span.seconds(2)

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        injected.observed.map { FaultWitness.Proven(instant: $0, uncertainty: 1_000_000, what: "clients silent") }
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let looks = ClientLooks(timeline)
        if let missing = looks.missing(plan.clients, before: fault) { return .broken(missing) }
        let during = looks.between(fault, min(instant, healing?.commanded ?? instant))
        // The table is not read in one instant: what the system ends meanwhile may show at one end only.
        let held = during.prefix { $0.held >= plan.clients }
        if held.dropLast().contains(where: { $0.open < plan.clients }) {
            return .broken("a silent client's socket was not open on our side any more")
        }
        if let read = zip(held, held.dropFirst()).first(where: { $1.unread < $0.unread }) {
            return .broken("a client that was to be silent read \(read.0.unread - read.1.unread) octets")
        }
        let isUnread = held.last.map { $0.unread > 0 } ?? false
        guard held.count >= Self.looks, isUnread else {
            let sentence =
                "the clients were silent for \(held.count) looks, with \(held.last?.unread ?? 0) octets unread"
            return healing == nil ? .pending(sentence) : .broken(sentence)
        }
        return .holds
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        guard let observed = healing.observed,
            ClientLooks(timeline).between(observed, observed + Self.closedWithin).contains(where: { $0.open == 0 })
        else { return nil }
        return FaultWitness.Proven(instant: observed, uncertainty: 1_000_000, what: "silent clients closed")
    }

    var awaited: String { "the silent clients are not closed yet" }
}
