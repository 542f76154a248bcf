import Events

/// A name server that says nothing: the rig's own questions are answered before, none is while the fault lasts, and they are again afterwards. The system was started
/// meanwhile.
struct ResolverProof: FaultProof {
    /// The view of the rig's own questions; its point is `query`.
    static let view = "name-probe"

    let plan: JudgePlan
    let timeline: Timeline

    /// A question may be under way when the fault begins or ends.
    private static let edge = Instant.Span.milliseconds(600)
    private static let questions = 5

    private var answers: [Timeline.Stamped<Event.Sample>] { timeline.samples[Self.view]?["query"] ?? [] }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        guard let observed = injected.observed,
            answers.contains(where: {
                $0.instant >= observed && $0.instant <= observed + .seconds(3) && $0.content.reading == "silent"
            })
        else { return nil }
        return FaultWitness.Proven(instant: observed, uncertainty: 1_000_000, what: "name server stopped")
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        guard answers.last(where: { $0.instant < fault })?.content.reading == "answered" else {
            return .broken("the rig's own question for a name was not answered before the fault either")
        }
        let to = min(healing?.commanded ?? instant, instant) - Self.edge
        let during = answers.filter { $0.instant > fault + Self.edge && $0.instant < to }
        if let answer = during.first(where: { $0.content.reading != "silent" }) {
            return .broken("the name server answered \(Text.seconds(answer.instant - fault)) after it was stopped")
        }
        let isStarted = timeline.processes.contains {
            $0.content.process == "controller" && $0.content.change == .started && $0.instant > fault
                && $0.instant <= min(healing?.commanded ?? instant, instant)
        }
        guard isStarted else { return .pending("the system has not been started while nobody answered for names") }
        return during.count >= Self.questions
            ? .holds : .pending("the rig has asked for a name \(during.count) times only")
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        guard let observed = healing.observed,
            answers.contains(where: { $0.instant >= observed && $0.content.reading == "answered" })
        else { return nil }
        return FaultWitness.Proven(instant: observed, uncertainty: 1_000_000, what: "name server goes on")
    }

    var awaited: String { "the rig's own question for a name is not answered yet" }
}
