import Catalogue
import Events

/// A process of the system's that was killed or stopped: gone or standing still as /proc shows it, and nothing of the system on the line.
struct ProcessProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// What the process had already handed to its interface may still go out.
    private static let dyingOut = Instant.Span.milliseconds(500)

    /// A signal has had its effect by then, or the effect is of something else.
    private static let prompt = Instant.Span.seconds(2)

    private var isStop: Bool { plan.faultKind != .daemonKilled }

    private func change(
        _ change: Event.ProcessChange.Change, after instant: Instant
    ) -> Timeline.Stamped<Event.ProcessChange>? {
        timeline.processes.first {
            $0.content.process == plan.process && $0.content.change == change
                && $0.instant >= instant - .milliseconds(200)
        }
    }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        guard let seen = change(isStop ? .stopped : .exited, after: injected.commanded),
            seen.instant <= injected.commanded + Self.prompt
        else { return nil }
        // The kernel's answer to the signal is the sharper instant; the probe, which polls, only has to agree.
        if let observed = injected.observed, abs((seen.instant - observed).nanoseconds) < 300_000_000 {
            return FaultWitness.Proven(
                instant: observed, uncertainty: 1_000_000, what: "\(plan.process) \(isStop ? "stopped" : "gone")")
        }
        return FaultWitness.Proven(
            instant: seen.instant, uncertainty: max(1_000_000, seen.uncertainty),
            what: "\(plan.process) \(isStop ? "stopped" : "gone")")
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        // Until somebody brings it back: the rig by continuing it, the system by starting another.
        let successor = timeline.processes.first {
            $0.content.process == plan.process && $0.content.change == .started && $0.instant > fault
        }
        let end = min(healing?.commanded ?? instant, successor?.instant ?? instant, instant)
        let from = fault + Self.dyingOut
        if from < end, let telegram = timeline.telegrams(of: plan.systemSources, in: from...end).first {
            return .broken(
                "the system still sent a telegram \(Text.seconds(telegram.instant - fault)) after \(plan.process) "
                    + "\(isStop ? "was stopped" : "had gone"): it has another way to the line")
        }
        if isStop, let early = change(.continued, after: fault), early.instant < end - .milliseconds(200),
            !dies(soonAfter: early.instant)
        {
            return .broken("\(plan.process) went on \(Text.seconds(early.instant - fault)) after it was stopped")
        }
        return .holds
    }

    /// Whoever is killed while it stands still goes on for as long as it takes to die, and a look may fall into that.
    private func dies(soonAfter instant: Instant) -> Bool {
        change(.exited, after: instant).map { $0.instant <= instant + .milliseconds(300) } ?? false
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        guard let observed = healing.observed else { return nil }
        return FaultWitness.Proven(instant: observed, uncertainty: 1_000_000, what: "\(plan.process) goes on")
    }

    var awaited: String { "\(plan.process) does not go on yet" }
}
