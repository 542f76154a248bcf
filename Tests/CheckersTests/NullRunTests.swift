import Checkers
import Events
import Testing

/// Runs in which nothing is done: whoever sees or finds something all the same raises a false alarm.
@Suite struct NullRunTests {
    static let runs = [
        ScriptedRun(isNull: true), ScriptedRun(fault: .brokerDown, isNull: true),
        ScriptedRun(faultLength: 3_000, daemonExitsAfter: nil, isNull: true),
        ScriptedRun(fault: .interfaceUnplugged, isNull: true), ScriptedRun(fault: .daemonKilled, isNull: true),
    ]

    @Test(arguments: runs)
    func aQuietRunPasses(run: ScriptedRun) throws {
        let verdict = try run.events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.sentence == "nothing was done, and nobody saw or found anything")
        #expect(verdict.ledger.allSatisfy { $0.unreachable == 0 && $0.silent == 0 })
    }

    @Test(arguments: [
        (
            ScriptedRun.event(8_000, "keeper", .supply(Event.SupplyReading(line: "main", millivolts: 9_000))),
            "false alarm: the sense saw the supply fall"
        ),
        (RigFaultTests.report(8_000, "stimulus-1", .silent), "false alarm: stimulus-1 said 'silent'"),
        (
            ScriptedRun.event(
                8_000, "keeper",
                .actuation(
                    Event.Actuation(
                        target: "bus-power", meaning: "cut", purpose: "fault", due: ScriptedRun.instant(8_000),
                        commanded: ScriptedRun.instant(8_000), observed: nil, readback: .confirmed))),
            "false alarm: bus-power was actuated in a null run"
        ),
    ])
    func aWitnessThatSeesAFaultIsAnAlarm(event: Event, sentence: String) throws {
        let verdict = try Self.runs[0].events.with(event).verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.hasPrefix(sentence), "\(verdict.sentence)")
    }

    @Test func aGateThatDoesNotAnswerIsAnAlarm() throws {
        let refused = ScriptedRun.reading(8_000, "broker", "through_gate", "refused")
        let verdict = try Self.runs[1].events.with(refused).verdict()
        #expect(verdict.sentence == "false alarm: the broker did not answer though nothing was done")
    }

    @Test func anInterfaceOrADaemonThatGoesIsAnAlarm() throws {
        let gone = ScriptedRun.event(
            8_000, "interface", .interface(Event.InterfaceReport(line: "main", report: .closed)))
        #expect(
            try Self.runs[3].events.with(gone).verdict().sentence
                == "false alarm: the interface's device was gone though nothing was done")
        let exit = ScriptedRun.event(
            8_000, "process", .process(Event.ProcessChange(process: "knxd", pid: 10, change: .exited)))
        #expect(
            try Self.runs[4].events.with(exit).verdict().sentence
                == "false alarm: knxd exited though nothing was done")
    }

    @Test func aSystemThatSpeaksOfAFaultIsAnAlarm() throws {
        let event = ScriptedRun.event(
            8_000, "log", .log(Event.LogLine(process: "controller", line: "x", means: "line lost")))
        let verdict = try Self.runs[0].events.with(event).verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence == "false alarm: line lost spoke of a fault, and there was none")
    }

    @Test func nothingIsExcusedByAFaultThatWasNot() throws {
        let run = Self.runs[0]
        let lost = try BrokenControllerTests.tracerSample(run.events, from: 9_000)
        #expect(try run.events.without { $0 == lost }.verdict().outcome == .fail)
        let older = ScriptedRun.sample(lost.milliseconds + 1_000, "mqtt", 2304, try #require(lost.raw))
        #expect(try run.events.with(older).verdict().findings.contains { $0.checker == "order" })
        let failed = ScriptedRun.event(
            9_000, "commands", .operation(Event.Operation(id: 9_000, name: "command", action: .failed)))
        #expect(try run.events.with(failed).verdict().outcome == .fail)
    }
}
