import Events

/// Writes that the rig damaged on their way to a database: its gate's own record of each, octet by octet, and the rig's own write through the same
/// gate, which does not get through either while the fault lasts.
struct WritesDamagedProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// A write or an attempt may be under way when the fault begins or ends.
    private static let underWay = Instant.Span.milliseconds(400)

    private var attempts: [Timeline.Stamped<Event.Sample>] {
        timeline.samples[plan.refusedGate ?? ""]?["through_gate"] ?? []
    }

    private var writes: [Timeline.Stamped<Event.Operation>] {
        timeline.operations.filter { $0.content.name == RowTrace.operation }
    }

    /// The first write of the system's that met it.
    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        writes.first {
            $0.content.action == .invoke && $0.content.key != nil && $0.instant >= injected.commanded
        }.map {
            FaultWitness.Proven(
                instant: $0.instant, uncertainty: max(1_000_000, $0.uncertainty),
                what: "first write damaged (\($0.content.detail ?? "no octets counted"))")
        }
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let to = min(healing.map { $0.commanded - Self.underWay } ?? instant, instant)
        let during = attempts.filter { $0.instant > fault + Self.underWay && $0.instant <= to }
        if during.contains(where: { $0.content.reading == "accepted" }) {
            return .broken("the rig's own write got through while none was to")
        }
        let passed = writes.first {
            $0.content.action == .invoke && $0.content.key == nil && $0.instant > fault && $0.instant <= to
        }
        if let passed {
            return .broken(
                "a write of the system's passed undamaged \(Text.seconds(passed.instant - fault)) after the first that was damaged"
            )
        }
        return during.isEmpty ? .pending("the rig has not tried to write itself yet") : .holds
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        guard let observed = healing.observed,
            attempts.contains(where: { $0.instant > observed && $0.content.reading == "accepted" })
        else { return nil }
        return FaultWitness.Proven(instant: observed, uncertainty: 1_000_000, what: "writes pass again")
    }

    var awaited: String { "the rig's own write does not get through yet" }
}
