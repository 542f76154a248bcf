import Checkers
import Events
import Testing

/// Controllers that lack one thing each: the verdict is a fail, for that reason and in those words.
@Suite struct BrokenControllerTests {
    static func expectFailure(
        _ events: [Event], checker: String, _ sentences: [String], location: SourceLocation = #_sourceLocation
    ) throws {
        let verdict = try events.verdict()
        #expect(verdict.outcome == .fail, "\(verdict.sentence)", sourceLocation: location)
        let findings = verdict.findings.filter { $0.checker == checker }
        #expect(!findings.isEmpty, "\(verdict.findings)", sourceLocation: location)
        for sentence in sentences {
            #expect(
                verdict.sentence.contains(sentence), "\(verdict.sentence)", sourceLocation: location)
        }
    }

    // MARK: what does not come back: the first hop that broke

    @Test func aDaemonThatStaysAwayIsNamed() throws {
        try Self.expectFailure(
            ScriptedRun(daemonReturnsAfter: nil).events, checker: "recovers",
            [
                "interface daemon: knxd exited 2.01 s after the fault (exit status 1) and was not there again 8.00 s after the line came back",
                "no telegram has reached the controller since",
            ])
    }

    @Test func aSystemThatDoesNotAskAgainIsNamedByItsSentinel() throws {
        try Self.expectFailure(
            ScriptedRun(rereads: false).events, checker: "state",
            [
                "http view: sentinel 1/3/0 (and 2 more) still shows 00 8.00 s after the line came back; the line has said 01 since"
            ])
    }

    @Test func aSystemThatDoesNotReconnectIsNamedByItsConnection() throws {
        try Self.expectFailure(
            ScriptedRun(fault: .brokerDown, reconnectsAfter: nil).events, checker: "recovers",
            [
                "broker connection: the controller was not connected to the broker again 8.00 s after the broker came back",
                "its last connection ended 0.00 s after the fault",
            ])
    }

    @Test func aSystemThatDoesNotResyncIsNamedByItsView() throws {
        try Self.expectFailure(
            ScriptedRun(fault: .brokerDown, resyncs: false).events, checker: "state",
            [
                "mqtt view: sentinel 1/3/0", "still shows 00 8.00 s after the broker came back",
                "the line has said 01 since 3.00 s after the fault", "the controller's own state (http) is right",
            ])
    }

    @Test func aStoreThatStopsIsNamed() throws {
        try Self.expectFailure(ScriptedRun(databaseStops: true).events, checker: "state", ["database view"])
    }

    @Test func aControllerThatDiesIsNamed() throws {
        let run = ScriptedRun()
        let events = run.events.without {
            $0.milliseconds > run.brokenAt + 500 && $0.milliseconds < run.end
                && ($0.source == "mqtt" || $0.source == "http")
        }.with(
            ScriptedRun.event(
                run.brokenAt + 500, "process",
                .process(Event.ProcessChange(process: "controller", pid: 3, change: .exited, signal: 11)))
        ).with(
            stride(from: run.brokenAt + 700, to: run.end, by: 500).map {
                ScriptedRun.reading($0, "http", "poll", "failed: refused")
            })
        try Self.expectFailure(
            events, checker: "recovers", ["controller: it exited 0.50 s after the fault (signal 11)"])
    }

    @Test func aViewThatCannotBeReadAtTheEndIsNamed() throws {
        let run = ScriptedRun()
        let events = run.events.changed { event in
            if event.isSample("http", "poll"), event.milliseconds > run.healedAt + 3_000,
                case .sample(var sample) = event.payload
            {
                sample.reading = "failed: status 500"
                event.payload = .sample(sample)
            }
        }
        try Self.expectFailure(events, checker: "recovers", ["http view: it cannot be read", "failed: status 500"])
    }

    // MARK: how long it took

    @Test func aViewThatCannotBeReadForAWhileRecoversLater() throws {
        let run = ScriptedRun()
        let from = run.healedAt + 1_500
        let events = run.events.changed { event in
            if event.isSample("http", "poll"), (from...(from + 2_000)).contains(event.milliseconds),
                case .sample(var sample) = event.payload
            {
                sample.reading = "failed: status 500"
                event.payload = .sample(sample)
            }
        }
        let verdict = try events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        let recovered = try #require(verdict.instants.recovered)
        #expect(recovered > ScriptedRun.instant(from + 2_000))
    }

    @Test(arguments: [
        (3_000, Outcome.pass), (3_600, .inconclusive), (6_000, .fail),
    ])
    func theLimitIsGuardedByTheUncertainty(returnsAfter: Int, outcome: Outcome) throws {
        // All is right at the database's next poll: U = 0.58 s around a limit of 5 s.
        var run = ScriptedRun(recoveryLength: 12_000, daemonReturnsAfter: returnsAfter)
        run.healthIsAlwaysGreen = false
        let verdict = try run.events.verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        switch outcome {
        case .inconclusive: #expect(verdict.sentence.contains("too near the limit of 5.00 s to tell"))
        case .fail: #expect(verdict.sentence.contains("later than the limit of 5.00 s"))
        default: break
        }
    }

    @Test func whatHasNotHeldForTheHoldTimeIsNoPass() throws {
        let verdict = try ScriptedRun(recoveryLength: 3_500, leaksLength: 5_000).events.verdict()
        #expect(verdict.outcome == .inconclusive, "\(verdict.sentence)")
        #expect(verdict.sentence.contains("it must hold for 3.00 s"))
    }

    @Test func whoNeverNoticesFails() throws {
        // Its last words at shutdown, "line lost", are no sign that it noticed.
        var run = ScriptedRun()
        run.isMute = true
        run.healthIsAlwaysGreen = true
        try Self.expectFailure(run.events, checker: "detected", ["never gave a sign that it noticed"])
        run.isMute = false
        let shutdown = run.events.without {
            if case .log = $0.payload { $0.milliseconds < run.end } else { false }
        }
        try Self.expectFailure(shutdown, checker: "detected", ["never gave a sign that it noticed"])
    }

    /// What a program that is killed has open is closed before it has exited.
    @Test func aSignBetweenTheCommandAndItsProofCounts() throws {
        let run = ScriptedRun(fault: .brokerDown, healthIsAlwaysGreen: true)
        func noticing(_ microseconds: Int) -> [Event] {
            run.events.changed { event in
                guard case .log(let line) = event.payload, line.means == "broker lost", event.milliseconds < run.healAt
                else { return }
                event.instant = ScriptedRun.instant(ScriptedRun.faultAt) + .microseconds(Int64(microseconds))
            }
        }
        let verdict = try noticing(500).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(try #require(verdict.instants.fault) > ScriptedRun.instant(ScriptedRun.faultAt) + .microseconds(500))
        #expect(verdict.measured.first { $0.name == "time_to_detect" }?.valueNanoseconds == 0)
        try Self.expectFailure(noticing(-500), checker: "detected", ["never gave a sign that it noticed"])
    }

    @Test func itsHealthAloneIsASignToo() throws {
        let run = ScriptedRun(isMute: true)
        let verdict = try run.events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.measured.first { $0.name == "time_to_detect" }?.note == "its health")
        #expect(verdict.instants.detected == ScriptedRun.instant((run.brokenAt + 2_000 + 199) / 200 * 200 + 4))
    }

    @Test(arguments: [(3_900, Outcome.pass), (3_999, .inconclusive), (4_100, .fail)])
    func noticingTooLateFails(after: Int, outcome: Outcome) throws {
        var run = ScriptedRun()
        run.isMute = true
        run.healthIsAlwaysGreen = true
        let events = run.events.with(
            ScriptedRun.event(
                run.brokenAt + after, "log", u: 2_000_000,
                .log(Event.LogLine(process: "controller", line: "x", means: "line lost"))))
        let verdict = try events.verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
    }

    // MARK: telegrams

    /// A sample of the streaming view that is judged, the `index`th of its kind from `at` on.
    static func tracerSample(_ events: [Event], from at: Int, _ group: UInt16 = 2304, index: Int = 0) throws -> Event {
        let samples = events.filter { $0.isSample("mqtt", "1/1/\(group - 2304)") && $0.milliseconds >= at }
        return try #require(samples.dropFirst(index).first)
    }

    @Test func aTelegramLostAfterTheRecoveryIsNamed() throws {
        let run = ScriptedRun(recoveryLength: 6_000, leaksLength: 6_000)
        let events = run.events
        let lost = try Self.tracerSample(events, from: run.leaksFrom + 500)
        let value = try #require(lost.raw)
        let verdict = try events.without { $0 == lost }.verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.findings.map(\.checker) == ["ledger"])
        let row = try #require(verdict.ledger.first)
        #expect(row.silent == 1)
        let name = "1/1/0 = \(Hex.text(value)), "
        #expect(row.missing.count == 1 && row.missing[0].hasPrefix(name) && row.missing[0].hasSuffix("after the fault"))
        #expect(verdict.sentence.contains("silent loss on line → mqtt: 1 of \(row.onBus) telegrams"))
        #expect(row.onBus == row.delivered + row.suppressed + row.unreachable + row.unobserved + row.silent)
    }

    @Test func theLastSecondIsNotJudged() throws {
        let run = ScriptedRun(leaksLength: 6_000)
        let events = run.events
        let last = events.filter { $0.isSample("mqtt") && $0.raw != nil && $0.milliseconds > run.end - 900 }
        #expect(last.count > 3)
        #expect(try events.without { last.contains($0) }.verdict().outcome == .pass)
    }

    @Test func aViewThatSticksLongAfterTheRecoveryIsWrong() throws {
        let run = ScriptedRun(leaksLength: 6_000)
        let events = run.events.without { $0.isSample("http", "1/1/2") && $0.milliseconds > run.leaksFrom }
        try Self.expectFailure(events, checker: "state", ["http view: tracer 1/1/2 shows 4", "the line says 4"])
    }

    @Test func aTelegramLostInTheRecoveryDelaysIt() throws {
        let run = ScriptedRun()
        let events = run.events
        let lost = try Self.tracerSample(events, from: run.healedAt + 3_500)
        let verdict = try events.without { $0 == lost }.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(try #require(verdict.instants.recovered) > lost.instant)
        #expect(verdict.ledger.first?.silent == 0)
    }

    @Test func anOlderValueAfterANewerOneFails() throws {
        let run = ScriptedRun(leaksLength: 6_000)
        let events = run.events
        let older = try Self.tracerSample(events, from: run.leaksFrom + 500)
        let newer = try Self.tracerSample(events, from: run.leaksFrom + 500, index: 1)
        let swapped = events.changed { event in
            if event == older { event.instant = newer.instant + .milliseconds(20) }
        }
        let verdict = try swapped.verdict()
        #expect(verdict.outcome == .fail, "\(verdict.sentence)")
        #expect(verdict.findings.contains { $0.checker == "order" })
        #expect(verdict.ledger.first?.reordered == 1)
    }

    @Test func theOrderWhileTheHopIsCutIsNotJudged() throws {
        let run = ScriptedRun(fault: .brokerDown)
        let events = run.events
        let old = try Self.tracerSample(events, from: run.brokenAt - 1_500)
        let replayed = ScriptedRun.sample(run.healedAt + 890, "mqtt", 2304, try #require(old.raw))
        #expect(try events.with(replayed).verdict().outcome == .pass)
    }

    /// Said again so many milliseconds after it was shown.
    @Test(arguments: [20, 400])
    func aTelegramThatTheViewNeedNotRepeatIsSuppressed(after: Int) throws {
        let run = ScriptedRun(leaksLength: 6_000)
        let events = run.events
        let shown = try Self.tracerSample(events, from: run.leaksFrom + 500)
        let again = ScriptedRun.frame(shown.milliseconds + after, 2304, try #require(shown.raw), sender: 4354)
        let verdict = try events.with(again).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.ledger.first?.suppressed == 1 + (try events.verdict().ledger.first?.suppressed ?? 0))
    }

    // MARK: commands

    @Test(arguments: [3_000, 5_000, 7_000])
    func aCommandWithoutItsTelegramIsAFalseAcknowledgement(at: Int) throws {
        let run = ScriptedRun(recoveryLength: 12_000)
        let command = (at < 6_000 ? at : run.healedAt + at) / 1_000 * 1_000
        let events = run.events.without { event in
            guard case .frame = event.payload else { return false }
            return event.milliseconds == command + 30
        }
        try Self.expectFailure(
            events, checker: "commands", ["false acknowledgement: the command 2/0/", "was never on the line"])
    }

    /// Before the state was normal for the length of the baseline nobody proves that the witness missed nothing.
    @Test func aCommandOfTheTimeBeforeIsNotJudged() throws {
        let events = ScriptedRun().events.without { event in
            guard case .frame = event.payload else { return false }
            return event.milliseconds == ScriptedRun.normalFrom + 30
        }
        #expect(events.count == ScriptedRun().events.count - 1)
        let verdict = try events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
    }

    @Test func aTelegramOfSomebodyElseDoesNotAnswerForACommand() throws {
        let run = ScriptedRun(recoveryLength: 12_000)
        let at = (run.healedAt + 7_000) / 1_000 * 1_000 + 30
        let events = run.events
        let frame = try #require(events.first { if case .frame = $0.payload { $0.milliseconds == at } else { false } })
        let invocation = try #require(
            events.last {
                if case .operation(let operation) = $0.payload {
                    operation.action == .invoke && $0.milliseconds < at
                } else {
                    false
                }
            })
        guard case .operation(let operation) = invocation.payload, let group = operation.group, let raw = operation.raw
        else { return }
        let forged = events.without { $0 == frame }.with(
            ScriptedRun.frame(at, group, raw, sender: ScriptedRun.stimulus))
        try Self.expectFailure(forged, checker: "commands", ["false acknowledgement"])
    }

    /// A command answered with success in the cut; its telegram so long after Th, or never.
    @Test(arguments: [(1_500, Outcome.pass), (nil, .fail)] as [(Int?, Outcome)])
    func aCommandAnsweredInTheCutMustAppearAfterIt(after: Int?, outcome: Outcome) throws {
        let run = ScriptedRun()
        var operation = Event.Operation(id: 9_000, name: "command", action: .invoke, group: 4096, raw: [1])
        let invoked = ScriptedRun.event(run.brokenAt + 1_000, "commands", .operation(operation))
        operation.action = .ok
        var events = run.events.with(
            invoked, ScriptedRun.event(run.brokenAt + 1_050, "commands", .operation(operation)))
        if let after {
            events = events.with(ScriptedRun.frame(run.healedAt + after, 4096, [1], sender: ScriptedRun.system))
        }
        let verdict = try events.verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
    }

    /// A daemon that was killed is healed by nobody: a command that was answered with success before the system had a way to the line again may have been kept
    /// until then.
    @Test(arguments: [ScriptedRun.Fault.daemonKilled, .busCut], [true, false])
    func aCommandMayBeKeptUntilTheSystemIsBack(fault: ScriptedRun.Fault, appears: Bool) throws {
        let run = ScriptedRun(fault: fault, recoveryLength: 16_000)
        let recovered = try #require(try run.events.verdict().instants.recovered)
        let answered = (fault == .busCut ? run.healedAt : run.brokenAt) + 100
        let sent = Int((recovered.nanoseconds - ScriptedRun.instant(0).nanoseconds) / 1_000_000) + 2_500
        var operation = Event.Operation(id: 9_000, name: "command", action: .invoke, group: 4099, raw: [1])
        let invoked = ScriptedRun.event(answered - 50, "commands", .operation(operation))
        operation.action = .ok
        var events = run.events.with(invoked, ScriptedRun.event(answered, "commands", .operation(operation)))
        if appears { events = events.with(ScriptedRun.frame(sent, 4099, [1], sender: ScriptedRun.system)) }
        let verdict = try events.verdict()
        #expect(verdict.findings.contains { $0.checker == "commands" } == !appears, "\(verdict.sentence)")
    }

    @Test func aCommandThatFailsLongAfterTheRecoveryFails() throws {
        let run = ScriptedRun(recoveryLength: 12_000)
        let at = run.healedAt + 9_000
        var operation = Event.Operation(id: 9_000, name: "command", action: .invoke, group: 4096, raw: [1])
        let invoked = ScriptedRun.event(at, "commands", .operation(operation))
        operation.action = .failed
        operation.detail = "no queue"
        let events = run.events.with(invoked, ScriptedRun.event(at + 50, "commands", .operation(operation)))
        try Self.expectFailure(events, checker: "commands", ["a command failed", "when all was to work: no queue"])
        operation.action = .unknown
        let unknown = run.events.with(invoked, ScriptedRun.event(at + 50, "commands", .operation(operation)))
        try Self.expectFailure(unknown, checker: "commands", ["a command failed"])
    }

    @Test func anEqualCommandHasATelegramOfItsOwn() throws {
        let run = ScriptedRun(recoveryLength: 12_000)
        let at = run.healedAt + 8_000
        let events = run.events.with(
            [0, 500].flatMap { after in
                [Event.Operation.Action.invoke, .ok].map { action in
                    ScriptedRun.event(
                        at + after + (action == .ok ? 60 : 0), "commands",
                        .operation(
                            Event.Operation(
                                id: Int64(9_000 + after), name: "command", action: action, group: 4099, raw: [1])))
                }
            }
        ).with(ScriptedRun.frame(at + 530, 4099, [1], sender: ScriptedRun.system))
        let verdict = try events.verdict()
        #expect(verdict.findings.map(\.checker) == ["commands"])
        #expect(verdict.findings.first?.at == ScriptedRun.instant(at))
    }

    @Test func aTelegramThatMayStillComeIsNotMissed() throws {
        let run = ScriptedRun(leaksLength: 3_000)
        let last = (run.end - 500) / 1_000 * 1_000 + 30
        let events = run.events
        let frame = try #require(
            events.first { if case .frame = $0.payload { $0.milliseconds == last } else { false } })
        #expect(try events.without { $0 == frame }.verdict().outcome == .pass)
    }

    @Test func aCommandMayFailUntilAllHasSettled() throws {
        let run = ScriptedRun(recoveryLength: 12_000)
        var operation = Event.Operation(id: 9_000, name: "command", action: .invoke, group: 4096, raw: [1])
        let recovered = try #require(run.events.verdict().instants.recovered)
        let invoked = Event(at: recovered + .seconds(4), source: "commands", .operation(operation))
        operation.action = .failed
        let events = run.events.with(
            invoked, Event(at: recovered + .milliseconds(4_900), source: "commands", .operation(operation)))
        #expect(try events.verdict().outcome == .pass)
    }

    // MARK: the rest

    @Test(arguments: ["knxd", "controller"])
    func aRestartInARideThroughFails(process: String) throws {
        let run = ScriptedRun(faultLength: 3_000, daemonExitsAfter: nil)
        let events = run.events.with(
            ScriptedRun.event(
                run.brokenAt + 1_000, "process",
                .process(Event.ProcessChange(process: process, pid: 3, change: .exited))),
            ScriptedRun.event(
                run.brokenAt + 1_100, "process",
                .process(Event.ProcessChange(process: process, pid: 4, change: .started))))
        try Self.expectFailure(events, checker: "no-restart", ["\(process) exited 1.00 s after the fault"])
    }

    @Test func aZombieFails() throws {
        // It answers that all is well, and shows nothing for long after its time to recover.
        var run = ScriptedRun(recoveryLength: 14_000, daemonReturnsAfter: nil)
        run.healthIsAlwaysGreen = true
        let verdict = try run.events.verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.findings.contains { $0.checker == "zombie" && $0.sentence.contains("healthy by its own word") })
        run.healthIsAlwaysGreen = false
        #expect(try !run.events.verdict().findings.contains { $0.checker == "zombie" })
    }

    @Test func aZombieWhileTheFaultLastsFailsFromTheDetectionLimitOn() throws {
        var run = ScriptedRun(fault: .brokerDown, faultLength: 9_000)
        run.healthIsAlwaysGreen = true
        // While the broker is away the rig's own probe is blind, and nobody can say that nothing moves.
        #expect(try run.events.verdict().outcome == .pass)
        let seeing = run.events.without {
            if case .gap = $0.payload { true } else { $0.isSample("mqtt", "connection") }
        }
        try Self.expectFailure(seeing, checker: "zombie", ["zombie: healthy by its own word"])
        run.faultLength = 3_000
        #expect(try run.events.verdict().outcome == .pass)
    }

    /// What is counted after the recovery, by point, from so many milliseconds after Th until so many.
    @Test(arguments: [
        ("descriptors", 22, 0, 99_000, Outcome.pass), ("descriptors", 23, 0, 99_000, .fail),
        ("descriptors", 19, 0, 99_000, .pass),
        ("children", 2, 0, 99_000, .fail), ("children", 0, 0, 99_000, .fail), ("descriptors", 40, 0, 6_000, .pass),
        // What grows after it had held for three seconds is not looked at: there the runner stopped.
        ("descriptors", 40, 7_000, 99_000, .pass),
    ])
    func whatGrowsLeaks(point: String, count: Int64, from: Int, until: Int, outcome: Outcome) throws {
        let run = ScriptedRun(leaksLength: 3_000)
        let events = run.events.changed { event in
            if event.isSample("process", point),
                ((run.healedAt + from)..<(run.healedAt + until)).contains(event.milliseconds),
                case .sample(var sample) = event.payload
            {
                sample.reading = .integer(count)
                event.payload = .sample(sample)
            }
        }
        let verdict = try events.verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome == .fail { #expect(verdict.sentence.contains("leak: \(point): \(count), before the fault")) }
    }

    @Test func whatComesAndGoesDoesNotHold() throws {
        let run = ScriptedRun(recoveryLength: 12_000)
        let events = run.events.changed { event in
            if event.isSample("process", "descriptors"), event.milliseconds > run.healedAt,
                event.milliseconds / 1_000 % 3 == 0, case .sample(var sample) = event.payload
            {
                sample.reading = 40
                event.payload = .sample(sample)
            }
        }
        #expect(try events.verdict().outcome != .pass)
    }

    @Test func whatNobodyCountedIsOpen() throws {
        let run = ScriptedRun()
        let between = try run.events.without {
            $0.isSample("process") && $0.milliseconds > run.healedAt + 3_000 && $0.milliseconds < run.end - 1_000
        }.verdict()
        #expect(between.outcome == .inconclusive, "\(between.sentence)")
        let after = try run.events.without { $0.isSample("process") && $0.milliseconds > run.brokenAt }.verdict()
        #expect(after.outcome == .inconclusive, "\(after.sentence)")
        let never = try run.events.without { $0.isSample("process") }.verdict()
        #expect(never.outcome == .inconclusive, "\(never.sentence)")
    }
}
