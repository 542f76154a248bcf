import Checkers
import Events
import Testing

/// A link that is cut while the service goes on: who asks through the gate is refused, who asks past it is answered.
@Suite struct LinkCutTests {
    private static let fault = ScriptedRun.faultAt

    private static func isDuring(_ at: Int) -> Bool { at > fault && at < QuietRun.healAt }

    /// Attempts five times a second; past the gate while the link is cut.
    private static func events(through: (Int) -> String, past: (Int) -> String?) -> [Event] {
        let run = QuietRun(kind: "link-troubled", target: "gate:broker", checkers: [])
        let attempts = stride(from: fault - 1_950, to: QuietRun.end, by: 200).flatMap { at -> [Event] in
            let behind = isDuring(at) ? past(at) : nil
            return [ScriptedRun.reading(at, "broker", "through_gate", .text(through(at)))]
                + (behind.map { [ScriptedRun.reading(at + 1, "broker", "behind_gate", .text($0))] } ?? [])
        }
        return run.events.map { event in
            guard case .plan(let plan) = event.payload else { return event }
            var event = event
            event.payload = .plan(
                plan.replacing(["judge", "fault", "witness"], ["refused": "broker", "reached": "broker"]))
            return event
        }.without { $0.isSample("broker") }.with(attempts)
    }

    private static func refused(_ at: Int) -> String { isDuring(at) ? "refused" : "accepted" }

    @Test func refusedThroughItAndAnsweredPastItProvesIt() throws {
        let verdict = try Self.events(through: Self.refused, past: { _ in "accepted" }).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
    }

    static let others: [(events: [Event], sentence: String)] = [
        (
            events(
                through: { isDuring($0) && $0 != fault + 2_050 ? "refused" : "accepted" }, past: { _ in "accepted" }),
            "said 'accepted' where it was to refuse: the link was not cut"
        ),
        (
            events(
                through: { isDuring($0) && $0 == fault + 2_050 ? "silent" : refused($0) }, past: { _ in "accepted" }),
            "said 'silent' where it was to refuse: the link was not cut"
        ),
        (
            events(through: refused, past: { $0 == fault + 2_050 ? "refused" : "accepted" }),
            "behind its gate the broker said 'refused': not the link alone was away"
        ),
        (events(through: refused, past: { _ in nil }), "nobody has asked behind the gate yet"),
        (events(through: { _ in "accepted" }, past: { _ in "accepted" }), "nothing has seen it"),
    ]

    @Test(arguments: others)
    func whatIsNoCutOfTheLinkAloneIsInvalid(events: [Event], sentence: String) throws {
        let verdict = try events.verdict()
        #expect(verdict.outcome == .invalid && verdict.sentence.contains(sentence), "\(verdict.sentence)")
    }
}
