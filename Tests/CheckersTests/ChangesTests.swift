import Checkers
import Events
import Testing

/// Changes through the system's interface while its store takes no writes: done, refused in time, or neither.
@Suite struct ChangesTests {
    private struct Change {
        var at: Int
        /// When it was answered, and how; nil: never.
        var answer: (after: Int, action: Event.Operation.Action, status: Int64?)?
    }

    private static let during = ScriptedRun.faultAt + 1_000
    private static let after = QuietRun.healAt + 500

    private static func done(_ at: Int) -> Change { Change(at: at, answer: (20, .ok, 200)) }

    private static func verdict(_ checker: String, _ changes: [Change]) throws -> RunVerdict {
        var run = QuietRun(kind: "database-locked", target: "store:database", checkers: [checker])
        run.notices = ["database not written"]
        run.cuts = ["database"]
        var events = run.events.with(
            stride(from: ScriptedRun.faultAt - 1500, to: QuietRun.end, by: 200).map { at in
                let isRefused = at > ScriptedRun.faultAt && at < QuietRun.healAt
                return ScriptedRun.reading(at, "write-probe", "write", .text(isRefused ? "busy" : "ok"))
            })
        for (id, change) in changes.enumerated() {
            var operation = Event.Operation(
                id: Int64(id), name: "mutation", action: .invoke, key: "rig-\(id)", text: "change \(id)")
            events = events.with(ScriptedRun.event(change.at, "mutations", .operation(operation)))
            guard let answer = change.answer else { continue }
            operation.action = answer.action
            operation.status = answer.status
            if answer.action != .ok { operation.detail = "database is locked" }
            events = events.with(ScriptedRun.event(change.at + answer.after, "mutations", .operation(operation)))
        }
        if case .plan(let plan) = events[0].payload {
            events[0].payload = .plan(plan.replacing(["judge", "changes"], ["within": 2_000_000_000]))
        }
        return try events.verdict()
    }

    /// How a change during the fault was answered, and what a store that nobody is to feel and one that may be felt make of it.
    static let answers:
        [(what: String, after: Int, action: Event.Operation.Action?, status: Int64?, felt: String?, clean: String?)] = [
            ("done", 1_900, .ok, 200, nil, nil),
            (
                "refused", 1_900, .failed, 503,
                "a change failed: rig-1, asked for 1.00 s after the fault, with status 503", nil
            ),
            (
                "moved", 20, .failed, 302, "a change failed",
                "a change failed: rig-1, asked for 1.00 s after the fault, with status 302"
            ),
            (
                "no connection", 20, .failed, nil, "a change failed",
                "without an answer, and an error in time would have been right"
            ),
            ("late", 2_500, .ok, 200, "a change was late", "a change was late"),
            ("refused late", 2_500, .failed, 503, "a change failed", "a change failed"),
            (
                "gave up", 2_001, .unknown, nil, "a change was not answered",
                "a change was not answered: rig-1, asked for 1.00 s after the fault, within 2.00 s"
            ),
            ("never", 0, nil, nil, "a change was not answered", "a change was not answered"),
        ]

    @Test(arguments: answers.indices)
    func aChangeInTheFaultIsAnswered(index: Int) throws {
        let row = Self.answers[index]
        let change = Change(
            at: Self.during, answer: row.action.map { (after: row.after, action: $0, status: row.status) })
        let changes = [Self.done(ScriptedRun.faultAt - 200), change, Self.done(Self.after)]
        for (checker, finding) in [("changes-done", row.felt), ("changes-answered", row.clean)] {
            let verdict = try Self.verdict(checker, changes)
            #expect(verdict.outcome == (finding == nil ? .pass : .fail), "\(row.what), \(checker): \(verdict.sentence)")
            if let finding {
                #expect(verdict.sentence.contains(finding), "\(row.what), \(checker): \(verdict.sentence)")
            }
        }
    }

    /// What ended before the fault was not in it, whatever it was.
    @Test func whatWasBeforeTheFaultIsNotItsDoing() throws {
        let before = Change(at: ScriptedRun.faultAt - 300, answer: (20, .failed, 503))
        let verdict = try Self.verdict("changes-done", [before, Self.done(Self.during), Self.done(Self.after)])
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
    }

    /// A change that met the beginning of the lock is one of the fault.
    @Test func aChangeUnderWayAtTheFaultIsJudged() throws {
        let met = Change(at: ScriptedRun.faultAt - 10, answer: (1_000, .failed, 503))
        let verdict = try Self.verdict("changes-done", [met, Self.done(Self.after)])
        #expect(verdict.sentence.hasPrefix("a change failed: rig-0"), "\(verdict.sentence)")
    }

    @Test(arguments: ["changes-done", "changes-answered"])
    func changesMustBeDoneAgainInTime(checker: String) throws {
        let late = try Self.verdict(checker, [Self.done(Self.during), Self.done(QuietRun.healAt + 5_500)])
        #expect(late.outcome == .fail)
        #expect(late.sentence.hasPrefix("no change was done within 5.00 s after"), "\(late.sentence)")
    }

    /// Refused for a while after the fault is no harm; once all was to work it is.
    @Test(arguments: [(4_000, Outcome.pass), (5_500, .fail)])
    func aSystemMayTakeItsTimeToRecover(after: Int, outcome: Outcome) throws {
        let refused = Change(at: QuietRun.healAt + after, answer: (20, .failed, 503))
        let changes = [Self.done(Self.during), Self.done(Self.after), refused]
        let verdict = try Self.verdict("changes-answered", changes)
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome == .fail { #expect(verdict.sentence.contains("when all was to work"), "\(verdict.sentence)") }
    }

    @Test(arguments: ["changes-done", "changes-answered"])
    func withoutChangesNothingIsDecided(checker: String) throws {
        let none = try Self.verdict(checker, [])
        #expect(none.outcome == .inconclusive && none.sentence.contains("while the fault lasted"), "\(none.sentence)")
        let only = try Self.verdict(checker, [Self.done(Self.during)])
        #expect(only.outcome == .inconclusive && only.sentence.contains("after the fault"), "\(only.sentence)")
    }
}
