import Events

/// Starts with configurations that are none: each was written as the rig meant it, which it read back, and the system was started with it.
struct TrialsProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    static func trials(_ timeline: Timeline) -> [Timeline.Stamped<Event.Operation>] {
        timeline.operations.filter { $0.content.name == "trial" }
    }

    /// The system is asked to end before the first of them: from there on it is not there.
    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        guard
            Self.trials(timeline).contains(where: { $0.content.action == .invoke && $0.instant >= injected.commanded })
        else { return nil }
        return FaultWitness.Proven(
            instant: injected.commanded, uncertainty: 1_000_000, what: "SIGTERM before the trials")
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let trials = Self.trials(timeline)
        if let unlike = trials.first(where: { $0.content.action == .invoke && $0.content.status != 0 }) {
            return .broken("the file of the trial '\(unlike.content.key ?? "?")' is not on the disk as it was meant")
        }
        let begun = trials.count { $0.content.action == .invoke }
        guard healing != nil else { return .pending("\(begun) trials so far") }
        return begun >= plan.trials ? .holds : .broken("only \(begun) of \(plan.trials) trials were made")
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        healing.observed.map {
            FaultWitness.Proven(instant: $0, uncertainty: 1_000_000, what: "\(plan.process) started")
        }
    }

    var awaited: String { "the system has not been started with its own configuration yet" }
}
