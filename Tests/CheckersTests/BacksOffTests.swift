import Checkers
import Events
import Testing

/// How often a system tries to reach a service that is down.
@Suite struct BacksOffTests {
    private static let fault = ScriptedRun.faultAt

    private static func verdict(sight: String?, _ attempts: [Int]) throws -> RunVerdict {
        let run = QuietRun(kind: "start-without-broker", target: "process:broker", checkers: ["backs-off"])
        let asked = stride(from: fault - 1_950, to: QuietRun.end, by: 200).map { at in
            let isDown = at > fault && at < QuietRun.healAt
            return ScriptedRun.reading(at, "broker", "through_gate", isDown ? "refused" : "accepted")
        }
        var events = run.events.without { $0.isSample("broker") }.with(asked).with(
            QuietRun.process(fault + 1, .exited, signal: 9, "broker"), QuietRun.process(fault + 300, .started),
            ScriptedRun.event(
                QuietRun.healAt + 100, "gate", .link(Event.LinkChange(link: "broker", change: .opened))))
        if let sight {
            events = events.with(
                ScriptedRun.event(
                    fault + 100, "attempts",
                    .sample(Event.Sample(view: "broker", point: "attempts", reading: .text(sight)))))
        }
        let refused = attempts.map { at in
            ScriptedRun.event(at, "attempts", .link(Event.LinkChange(link: "broker", change: .refused)))
        }
        return try events.with(refused).verdict()
    }

    /// 1, 2 and 2 s apart, and what was refused before anybody looked counts for nothing.
    @Test func pausesAreRight() throws {
        let before = [Int](repeating: Self.fault - 100, count: 30)
        let verdict = try Self.verdict(sight: "seen", before + [400, 1_400, 3_400, 5_400].map { Self.fault + $0 })
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(
            verdict.notes.contains {
                $0.contains("tried to reach the broker 4 times while it was away, with pauses of 1.00 s to 2.00 s")
            }, "\(verdict.notes)")
    }

    @Test(arguments: [(20, Outcome.pass), (21, .fail), (200, .fail)])
    func aLoopWithoutPausesIsNot(count: Int, outcome: Outcome) throws {
        let verdict = try Self.verdict(sight: "seen", (0..<count).map { Self.fault + 500 + $0 * 5_000 / count })
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        guard outcome == .fail else { return }
        #expect(
            verdict.sentence.contains("retries: the system tried to reach the broker \(count) times within 20.00 s"),
            "\(verdict.sentence)")
    }

    @Test func aSystemThatNeverTriesIsNotOneThatRetries() throws {
        let verdict = try Self.verdict(sight: "seen", [])
        #expect(verdict.outcome == .fail && verdict.sentence.contains("never tried"), "\(verdict.sentence)")
    }

    @Test func whereNobodyMayLookNothingIsJudged() throws {
        let blind = try Self.verdict(sight: "not seen: operation not permitted", [])
        #expect(blind.outcome == .pass, "\(blind.sentence)")
        #expect(blind.notes.contains { $0.contains("was not judged: attempts are not seen: operation") })
        let none = try Self.verdict(sight: nil, [])
        #expect(none.outcome == .inconclusive && none.sentence.contains("nobody has looked"), "\(none.sentence)")
    }
}
