import Catalogue
import Events

/// A store that takes no writes: the rig's own attempts are refused all the while, for the reason that was made, and work again afterwards.
struct RefusedWritesProof: FaultProof {
    /// The view of the rig's own attempts; its point is `write`.
    static let view = "write-probe"

    let plan: JudgePlan
    let timeline: Timeline

    /// An attempt may be under way when the fault begins or ends.
    private static let edge = Instant.Span.milliseconds(300)
    private static let attempts = 2

    /// What an attempt says while the fault is on.
    private var refusal: String { plan.faultKind == .diskFull ? "full" : "busy" }

    private var writes: [Timeline.Stamped<Event.Sample>] { timeline.samples[Self.view]?["write"] ?? [] }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        // The rig's own hold is the sharper instant; the attempts, which are polled, only have to agree.
        guard let observed = injected.observed,
            writes.contains(where: {
                $0.instant >= observed && $0.instant <= observed + .seconds(2) && $0.content.reading == .text(refusal)
            })
        else { return nil }
        return FaultWitness.Proven(
            instant: observed, uncertainty: 1_000_000, what: refusal == "full" ? "disk full" : "lock taken")
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let before = writes.last { $0.instant < fault - Self.edge }
        guard before?.content.reading == "ok" else {
            return .broken("the rig's own write did not work before the fault either")
        }
        let to = min(healing?.commanded ?? instant, instant) - Self.edge
        let during = writes.filter { $0.instant > fault + Self.edge && $0.instant < to }
        if let wrong = during.first(where: { $0.content.reading != .text(refusal) }) {
            return .broken(
                "the rig's own write said '\(wrong.content.reading?.text ?? "?")' \(Text.seconds(wrong.instant - fault)) after the fault, "
                    + "and not '\(refusal)'")
        }
        guard during.count >= Self.attempts else {
            return .pending("the rig has tried to write \(during.count) times only")
        }
        guard plan.faultKind == .diskFull else { return .holds }
        // A system that had nothing to write has not met the full disk.
        let met = timeline.logs.contains {
            $0.instant > fault && $0.instant <= instant && ($0.content.means.map(plan.notices.contains) ?? false)
        }
        return met ? .holds : .pending("the system has not met the full disk yet")
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        guard let observed = healing.observed,
            writes.contains(where: { $0.instant >= observed && $0.content.reading == "ok" })
        else { return nil }
        return FaultWitness.Proven(
            instant: observed, uncertainty: 1_000_000, what: refusal == "full" ? "room again" : "lock released")
    }

    var awaited: String { "the rig's own write does not work yet" }
}
