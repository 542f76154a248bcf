import Checkers
import Events
import Testing

/// A service that stands still: what whoever tries it must see, and when.
@Suite struct ServiceStalledTests {
    private static let fault = ScriptedRun.faultAt

    /// Attempts five times a second; `said` by their instant.
    private static func events(_ said: (Int) -> String) -> [Event] {
        let run = QuietRun(kind: "broker-stalled", target: "process:broker", checkers: [])
        let attempts = stride(from: fault - 1_950, to: QuietRun.end, by: 200).map { at in
            ScriptedRun.reading(at, "broker", "through_gate", .text(said(at)))
        }
        return run.events.without { $0.isSample("broker") }.with(attempts)
    }

    @Test func silenceProvesIt() throws {
        let verdict = try Self.events { $0 > Self.fault && $0 < QuietRun.healAt ? "silent" : "accepted" }.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
    }

    /// Asked just before the service goes on and answered just after: the middle of the attempt lies before.
    @Test func anAnswerThatWasUnderWayAtTheEndSaysNothingAgainstIt() throws {
        let verdict = try Self.events { $0 > Self.fault && $0 < QuietRun.healAt - 200 ? "silent" : "accepted" }
            .verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
    }

    @Test func anAnswerInBetweenSaysThatItDidNotStandStill() throws {
        let verdict = try Self.events { at in
            at > Self.fault && at < QuietRun.healAt && at != Self.fault + 2_050 ? "silent" : "accepted"
        }.verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains("still answered while it was to stand still"), "\(verdict.sentence)")
    }

    @Test func aServiceThatNeverFellSilentWasNotStopped() throws {
        let verdict = try Self.events { _ in "accepted" }.verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains("nothing has seen it"), "\(verdict.sentence)")
    }
}
