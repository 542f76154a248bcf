import Events
import Testing

@testable import Checkers

/// A fault of two steps: the line is cut, and a second later the broker is killed; the broker is back after the line.
@Suite struct FaultPairTests {
    static let killedAt = ScriptedRun.faultAt + 1_000
    static let run = ScriptedRun()
    static var brokerBackAt: Int { run.healedAt + 500 }

    /// The judge's plan of the pair.
    static var plan: Value {
        let alone = run.plan
        let step: Value = [
            "fault": [
                "do": "x", "kind": "broker-down", "target": "process:broker", "cuts": ["mqtt"], "at": 1_000_000_000,
                "witness": ["refused": "broker"],
            ],
            "detect": 2_000_000_000, "notices": ["broker lost"],
        ]
        return alone.replacing("judge", by: (alone["judge"] ?? .null).replacing("further", by: [step]))
    }

    static func actuation(_ at: Int, _ meaning: String, _ purpose: String) -> Event {
        ScriptedRun.event(
            at, "rig",
            .actuation(
                Event.Actuation(
                    target: "process:broker", meaning: meaning, purpose: purpose, due: ScriptedRun.instant(at),
                    commanded: ScriptedRun.instant(at), observed: ScriptedRun.instant(at + 1), readback: .confirmed)))
    }

    /// What the second step adds to a cut.
    static var outage: [Event] {
        var events = [
            actuation(killedAt, "kill", "fault"), actuation(brokerBackAt - 1, "start", "heal"),
            ScriptedRun.event(
                killedAt + 1, "process",
                .process(Event.ProcessChange(process: "broker", pid: 2, change: .exited, signal: 9))),
            ScriptedRun.event(brokerBackAt, "gate", .link(Event.LinkChange(link: "broker", change: .opened))),
            ScriptedRun.event(brokerBackAt + 300, "gate", .link(Event.LinkChange(link: "broker", change: .connected))),
            ScriptedRun.event(
                killedAt + 9, "log",
                .log(Event.LogLine(process: "controller", line: "broker lost", means: "broker lost"))),
        ]
        for at in stride(from: 2_000, to: run.end, by: 500) {
            let isDown = at > killedAt && at < brokerBackAt
            events.append(ScriptedRun.reading(at + 7, "broker", "through_gate", isDown ? "refused" : "accepted"))
        }
        return events
    }

    static func events(_ extra: [Event] = outage) -> [Event] {
        var events = run.events.with(extra)
        events[0] = Event(at: ScriptedRun.instant(0), source: "rig", .plan(plan))
        return events
    }

    @Test func bothStepsProvenAndRecoveredFromPass() throws {
        let verdict = try Self.events().verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.sentence.contains("after the last of its faults was over"))
        // From the beginning of the first to the end of the last.
        #expect(verdict.instants.fault == ScriptedRun.instant(Self.run.brokenAt))
        #expect(verdict.instants.healed == ScriptedRun.instant(Self.brokerBackAt))
        #expect(verdict.measured.contains { $0.name == "time_to_detect_broker-down" })
    }

    @Test func aStepThatNobodySawMakesTheRunInvalid() throws {
        let unseen = try Self.events(Self.outage.filter { $0.raw == nil && !$0.isSample("broker") }).verdict()
        #expect(unseen.outcome == .invalid)
        #expect(unseen.sentence.hasPrefix("the fault was not proven"), "\(unseen.sentence)")
        let answering = Self.outage.map { event in
            guard event.isSample("broker") else { return event }
            return ScriptedRun.reading(event.milliseconds, "broker", "through_gate", "accepted")
        }
        let answered = try Self.events(answering).verdict()
        #expect(answered.sentence.contains("the broker still answered while it was to be down"), "\(answered.sentence)")
    }

    @Test func aStepThatIsNotOverLeavesTheEndUnproven() throws {
        let unopened = Self.outage.filter { event in
            if case .link(let link) = event.payload { link.change != .opened } else { true }
        }
        let verdict = try Self.events(unopened).verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains("the end of the fault was not proven: the gate is not open yet"))
    }

    @Test func eachStepMustBeNoticed() throws {
        let silent = Self.outage.filter { event in if case .log = event.payload { false } else { true } }
        let verdict = try Self.events(silent).verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("never gave a sign that it noticed the fault 'broker-down'"))
    }

    @Test func aNullRunLooksWithTheWitnessesOfEachStep() throws {
        var run = ScriptedRun()
        run.isNull = true
        var quiet = run.events
        let judge = (Self.plan["judge"] ?? .null).replacing("null_run", by: true)
        quiet[0] = Event(at: ScriptedRun.instant(0), source: "rig", .plan(Self.plan.replacing("judge", by: judge)))
        let fine = try quiet.verdict()
        #expect(fine.outcome == .pass, "\(fine.sentence)")
        let refused = ScriptedRun.reading(Self.killedAt + 100, "broker", "through_gate", "refused")
        let alarm = try quiet.with(refused).verdict()
        #expect(alarm.sentence.contains("the broker did not answer though nothing was done"), "\(alarm.sentence)")
    }
}
