import Checkers
import Events
import Testing

/// Writes that are damaged on their way: what the gate and the rig's own write must have seen of it, and what a null run must not.
@Suite struct WritesDamagedTests {
    private static let fault = ScriptedRun.faultAt
    private static let run = RowRun(kind: "writes-damaged", checkers: [], during: "refused")
    private static let damaged = RowRun.write(1, fault + 300, [], .failed, key: "cut")

    @Test func aDamagedWriteAndTheRigsOwnProveIt() throws {
        let verdict = try Self.run.events.with(Self.damaged).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.instants.fault == ScriptedRun.instant(Self.fault + 300))
    }

    @Test func withoutADamagedWriteNothingWasTested() throws {
        let none = try Self.run.events.verdict()
        #expect(none.outcome == .invalid)
        #expect(none.sentence.contains("nothing has seen it"), "\(none.sentence)")
        let sound = try Self.run.events.with(RowRun.write(1, Self.fault + 300)).verdict()
        #expect(sound.outcome == .invalid, "\(sound.sentence)")
    }

    @Test func aWriteThatPassesMeanwhileIsInvalid() throws {
        let passed = try Self.run.events.with(Self.damaged + RowRun.write(2, Self.fault + 1_300)).verdict()
        #expect(passed.outcome == .invalid)
        #expect(
            passed.sentence.contains("a write of the system's passed undamaged 1.00 s after"), "\(passed.sentence)")
    }

    @Test func theRigsOwnWriteMustNotPassEither() throws {
        let through = ScriptedRun.reading(Self.fault + 2_000, RowRun.gate, "through_gate", "accepted")
        let verdict = try Self.run.events.with(Self.damaged + [through]).verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains("the rig's own write got through while none was to"), "\(verdict.sentence)")
    }

    @Test func anEndThatNobodySawIsInvalid() throws {
        let verdict = try Self.run.events.with(Self.damaged).without {
            $0.isSample(RowRun.gate) && $0.milliseconds > QuietRun.healAt
        }.verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.hasPrefix("the end of the fault was not proven"), "\(verdict.sentence)")
    }

    @Test func aDamagedWriteInANullRunIsAnAlarm() throws {
        func null(_ more: [Event]) throws -> RunVerdict {
            var events = RowRun(kind: "writes-damaged", checkers: [], during: "accepted").events.without {
                if case .actuation = $0.payload { true } else { false }
            }
            guard case .plan(let plan) = events[0].payload else { return try events.verdict() }
            events[0].payload = .plan(plan.replacing(["judge", "null_run"], true))
            return try events.with(more).verdict()
        }
        let quiet = try null(RowRun.write(1, Self.fault + 300))
        #expect(quiet.outcome == .pass, "\(quiet.sentence)")
        let alarm = try null(Self.damaged)
        #expect(alarm.outcome == .invalid)
        #expect(alarm.sentence == "false alarm: a write was damaged though nothing was done", "\(alarm.sentence)")
    }

    /// A service other than the broker, down or standing still, is proven as the broker is.
    @Test(arguments: [("service-down", "refused", "accepted"), ("service-stalled", "silent", "accepted")])
    func aServiceIsProvenThroughItsGate(kind: String, during: String, wrong: String) throws {
        let verdict = try RowRun(kind: kind, checkers: [], during: during).events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        let answered = ScriptedRun.reading(Self.fault + 2_000, RowRun.gate, "through_gate", .text(wrong))
        let broken = try RowRun(kind: kind, checkers: [], during: during).events.with(answered).verdict()
        #expect(broken.outcome == .invalid)
        #expect(broken.sentence.contains("still answered while it was to"), "\(broken.sentence)")
    }

    @Test func aSystemWithoutRowsIsJudgedAsEver() throws {
        guard case .plan(let plan) = ScriptedRun().events[0].payload else { return }
        #expect(throws: Never.self) { try Judge(plan: plan.replacing(["judge", "rows"], .null)) }
    }

    @Test func rowsCannotBeJudgedWithoutTheirViewOrTheTimeOfDay() throws {
        guard case .plan(let plan) = RowRun().events[0].payload else { return }
        for path in [["utc"], ["judge", "rows"]] {
            let failure = #expect(throws: RecordFailure.self) { try Judge(plan: plan.replacing(path, .null)) }
            #expect(failure?.key == "rows", "\(String(describing: failure))")
        }
        let elsewhere = plan.replacing(["judge", "rows", "view"], "mqtt2")
        #expect(throws: RecordFailure.self) { try Judge(plan: elsewhere) }
    }
}
