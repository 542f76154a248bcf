import Checkers
import Events
import Testing

/// How things stand while a run goes on: what the runner waits for, and what it tells people meanwhile.
@Suite struct StandingTests {
    /// The judge as it was at `milliseconds`: it had seen what had happened by then, and is asked about then.
    static func standing(
        _ run: ScriptedRun, at milliseconds: Int, _ ask: (Judge, Instant) -> Standing
    ) throws -> Standing {
        let judge = try run.events.filter { $0.milliseconds <= milliseconds }.judge()
        return ask(judge, ScriptedRun.instant(milliseconds))
    }

    static func reason(_ standing: Standing) -> String? {
        if case .pending(let reason) = standing { reason } else { nil }
    }

    @Test func theBaselineHoldsAfterItsTimeAndNotBefore() throws {
        let run = ScriptedRun()
        let ask: (Judge, Instant) -> Standing = { $0.baseline(at: $1) }
        #expect(
            Self.reason(try Self.standing(run, at: 1_000, ask)) == "the run has not begun to look at the normal state")
        #expect(Self.reason(try Self.standing(run, at: 2_300, ask))?.contains("mqtt has not shown tracer") == true)
        #expect(Self.reason(try Self.standing(run, at: 4_500, ask))?.hasPrefix("normal for 2.50 s of 3.00 s") == true)
        #expect(try Self.standing(run, at: 5_100, ask) == .holds)
    }

    /// Of runs that share a system: the state that the run before left behind is no sign that the new one has arrived.
    @Test func nothingIsSettledBeforeTheLineHasSaidItAgain() throws {
        let run = ScriptedRun()
        func ask(_ milliseconds: Int, since announced: Int) throws -> Standing {
            try Self.standing(run, at: milliseconds) { $0.settled(at: $1, since: ScriptedRun.instant(announced)) }
        }
        let at = ScriptedRun.announceAt
        #expect(Self.reason(try ask(at - 1, since: at - 100)) == "the line has not said 1/3/0 again yet")
        #expect(try ask(at + 1_500, since: at - 100) == .holds)
        #expect(Self.reason(try ask(at + 1_500, since: at + 1_000)) == "the line has not said 1/3/0 again yet")
    }

    @Test func theFaultIsProvenOnceTracersWereDueInSilence() throws {
        let run = ScriptedRun()
        let ask: (Judge, Instant) -> Standing = { $0.faultWitnessed(at: $1) }
        #expect(Self.reason(try Self.standing(run, at: 5_000, ask)) == "the fault has not been commanded yet")
        #expect(
            Self.reason(try Self.standing(run, at: run.brokenAt + 700, ask))?.contains("of 10 tracers were due") == true
        )
        #expect(try Self.standing(run, at: run.brokenAt + 2_000, ask) == .holds)
        #expect(try Self.standing(run, at: run.end, ask) == .holds)
    }

    @Test func theHealIsProvenByTheFirstTracer() throws {
        let ask: (Judge, Instant) -> Standing = { $0.healed(at: $1) }
        for fault in [ScriptedRun.Fault.busCut, .brokerDown] {
            let run = ScriptedRun(fault: fault)
            #expect(
                Self.reason(try Self.standing(run, at: run.healAt - 10, ask)) == "the heal has not been commanded yet")
            #expect(Self.reason(try Self.standing(run, at: run.healedAt - 1, ask)) != nil)
            #expect(try Self.standing(run, at: run.healedAt, ask) == .holds)
        }
    }

    @Test func theRecoveryTellsWhatIsMissing() throws {
        let ask: (Judge, Instant) -> Standing = { $0.recovery(at: $1) }
        let run = ScriptedRun(rereads: false)
        #expect(Self.reason(try Self.standing(run, at: run.healAt, ask)) == "the fault is not over yet")
        #expect(
            Self.reason(try Self.standing(run, at: run.healedAt + 3_000, ask))
                == "mqtt shows 1/3/0 = 00, the line has said 01 for 3.00 s")
        #expect(
            try Self.standing(run, at: run.healedAt + 7_000, ask)
                == .broken("mqtt shows 1/3/0 = 00, the line has said 01 for 7.00 s"))
    }

    @Test func theRecoveryHoldsAfterItsTimeAndNotBefore() throws {
        let ask: (Judge, Instant) -> Standing = { $0.recovery(at: $1) }
        let run = ScriptedRun()
        let recovered = Int(
            (try #require(run.events.verdict().instants.recovered) - ScriptedRun.instant(0)).wholeMilliseconds)
        #expect(Self.reason(try Self.standing(run, at: recovered + 2_500, ask)) == "holding for 2 s")
        #expect(try Self.standing(run, at: recovered + 4_010, ask) == .holds)
    }

    @Test func aRecoveryAfterTheLimitIsBroken() throws {
        let run = ScriptedRun(recoveryLength: 12_000, daemonReturnsAfter: 6_500)
        #expect(
            try Self.standing(run, at: run.healedAt + 11_000) { $0.recovery(at: $1) }
                == .broken("it recovered, but only after the limit"))
    }

    @Test func leaksHoldOnceAllIsAsBefore() throws {
        let run = ScriptedRun(leaksLength: 5_000)
        let ask: (Judge, Instant) -> Standing = { $0.leaks(at: $1) }
        #expect(Self.reason(try Self.standing(run, at: run.leaksFrom - 100, ask)) == "the recovery is not judged yet")
        #expect(try Self.standing(run, at: run.leaksFrom + 100, ask) == .holds)
        let grown = run.events.changed { event in
            if event.isSample("process", "children"), event.milliseconds > run.healedAt,
                case .sample(var sample) = event.payload
            {
                sample.reading = 2
                event.payload = .sample(sample)
            }
        }
        let judge = try grown.judge()
        #expect(
            Self.reason(judge.leaks(at: ScriptedRun.instant(run.leaksFrom + 3_000)))
                == "children: 2, before the fault 1")
        #expect(
            judge.leaks(at: ScriptedRun.instant(run.healedAt + 50_000)) == .broken("children: 2, before the fault 1"))
    }
}
