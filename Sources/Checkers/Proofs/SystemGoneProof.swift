import Catalogue
import Events

/// The system itself was ended by the rig and started again: its process has ended, by the signal or in order, and nothing of it was on the line until it was
/// started.
struct SystemGoneProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    private static let killed: Int64 = 9

    private func changes(_ change: Event.ProcessChange.Change) -> [Timeline.Stamped<Event.ProcessChange>] {
        timeline.processes.filter { $0.content.process == plan.process && $0.content.change == change }
    }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        // A system that is asked to end goes on for a while: the request is the fault.
        if plan.faultKind == .systemStopped {
            return FaultWitness.Proven(instant: injected.commanded, uncertainty: 1_000_000, what: "SIGTERM")
        }
        return changes(.exited).first {
            $0.content.signal == Self.killed && $0.instant >= injected.commanded - .milliseconds(10)
                && $0.instant <= injected.commanded + .seconds(2)
        }.map {
            FaultWitness.Proven(
                instant: $0.instant, uncertainty: max(1_000_000, $0.uncertainty), what: "\(plan.process) gone")
        }
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let end = changes(.exited).first { $0.instant >= fault - .milliseconds(10) }
        guard let end else { return .pending("\(plan.process) has not ended yet") }
        if let exit = changes(.started).first(where: { $0.instant > fault && $0.instant < end.instant }) {
            return .broken("\(plan.process) was started \(Text.relative(exit.instant, to: fault)), before it had ended")
        }
        return .holds
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        guard let observed = healing.observed,
            changes(.started).contains(where: { $0.instant >= healing.commanded - .milliseconds(10) })
        else { return nil }
        return FaultWitness.Proven(instant: observed, uncertainty: 1_000_000, what: "\(plan.process) started")
    }

    var awaited: String { "\(plan.process) has not been started again yet" }
}
