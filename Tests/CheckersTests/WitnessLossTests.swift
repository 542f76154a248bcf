import Checkers
import Events
import Testing

/// A run whose witness lost what a verdict needs is invalid; what the fault explains is not.
@Suite struct WitnessLossTests {
    /// Without the witness's frame of the first tracer confirmed after `milliseconds`.
    private func losing(_ run: ScriptedRun, after milliseconds: Int) throws -> [Event] {
        let events = run.events
        let confirmed = try #require(
            events.first {
                guard case .stimulus(let stimulation) = $0.payload else { return false }
                return stimulation.role == .tracer && stimulation.outcome == .confirmed
                    && $0.milliseconds > milliseconds
            })
        let index = try #require(
            events.lastIndex {
                guard $0.source == "witness", case .frame = $0.payload else { return false }
                return $0.instant <= confirmed.instant && confirmed.instant - $0.instant <= .milliseconds(2)
            })
        return Array(events[..<index] + events[(index + 1)...])
    }

    @Test(arguments: [ScriptedRun.Fault.busCut, .brokerDown, .daemonKilled])
    func aWholeRunSaysSo(fault: ScriptedRun.Fault) throws {
        let verdict = try ScriptedRun(fault: fault).events.verdict()
        let witness = try #require(verdict.witness)
        #expect(verdict.outcome == .pass && witness.lost == 0 && witness.places.isEmpty)
        #expect(witness.sent > 50 && witness.frames > witness.sent)
        #expect(witness.sentence.contains("\(witness.sent) telegrams that the rig itself had acknowledged"))
        #expect(try RunVerdict(verdict.value) == verdict)
    }

    @Test(arguments: [ScriptedRun.Fault.busCut, .brokerDown, .daemonKilled])
    func oneTelegramThatTheWitnessDidNotHearIsTooMany(fault: ScriptedRun.Fault) throws {
        let run = ScriptedRun(fault: fault)
        for at in [ScriptedRun.faultAt - 900, run.healedAt + 3_000] {
            let verdict = try losing(run, after: at).verdict()
            #expect(verdict.outcome == .invalid && verdict.isRigsOwnLateness, "\(verdict.sentence)")
            #expect(verdict.sentence.contains("the witness has missed something"))
            #expect(verdict.sentence.contains("missing") || verdict.sentence.contains("not heard"))
            #expect(verdict.witness?.lost == 1 && verdict.witness?.places.isEmpty == false)
        }
    }

    /// While the broker is down the line lives: what it says the verdict needs.
    @Test func aFaultElsewhereExcusesNothing() throws {
        let run = ScriptedRun(fault: .brokerDown)
        #expect(try losing(run, after: run.brokenAt + 1_000).verdict().outcome == .invalid)
    }

    @Test func whatWasLostBeforeAnythingWasJudgedDoesNotMatter() throws {
        let run = ScriptedRun(fault: .brokerDown)
        let verdict = try losing(run, after: ScriptedRun.tracersFrom).verdict()
        #expect(verdict.outcome == .pass && verdict.witness?.lost == 1, "\(verdict.sentence)")
    }
}
