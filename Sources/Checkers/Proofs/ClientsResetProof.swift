import Events

/// Clients that were reset all at once: both ends were there, and ours are gone from the kernel's table.
struct ClientsResetProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    private static let goneWithin = Instant.Span.seconds(2)

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        guard let observed = injected.observed,
            ClientLooks(timeline).between(observed, observed + Self.goneWithin).contains(where: { $0.open == 0 })
        else { return nil }
        return FaultWitness.Proven(instant: injected.commanded, uncertainty: 1_000_000, what: "first RST")
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let looks = ClientLooks(timeline)
        if let missing = looks.missing(plan.clients, before: fault) { return .broken(missing) }
        let after = looks.between(fault + Self.goneWithin, instant)
        if let left = after.first(where: { $0.open > 0 }) {
            return .broken("\(left.open) of \(plan.clients) sockets that were reset were still open on our side")
        }
        return .holds
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        healing.observed.map { FaultWitness.Proven(instant: $0, uncertainty: 1_000_000, what: "end of the wait") }
    }

    var awaited: String { "the time to forget the clients is not over yet" }
}

extension ClientLooks {
    /// Why the clients were not all there just before the fault; nil when they were.
    func missing(_ clients: Int, before fault: Instant) -> String? {
        guard let look = last(before: fault) else { return "nobody looked at the clients before the fault" }
        let whole = min(look.open, look.held)
        return whole >= clients ? nil : "only \(whole) of \(clients) clients were connected before the fault"
    }
}
