import Checkers
import Events
import Testing

/// Faults between a line that lives and the controller: its interface unplugged, its daemon killed or stopped for good.
@Suite struct DaemonFaultTests {
    static let runs = [
        ScriptedRun(fault: .interfaceUnplugged), ScriptedRun(fault: .daemonKilled, daemonReturnsAfter: 1_400),
        ScriptedRun(fault: .daemonHung, daemonReturnsAfter: 3_000),
    ]

    @Test(arguments: runs)
    func aControllerThatComesBackPasses(run: ScriptedRun) throws {
        let verdict = try run.events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence) \(verdict.findings)")
        #expect(verdict.instants.fault == ScriptedRun.instant(run.brokenAt))
        #expect(verdict.instants.healed == ScriptedRun.instant(run.healedAt))
        #expect(verdict.ledger.allSatisfy { $0.silent == 0 && $0.unreachable > 0 })
    }

    @Test(arguments: [
        (ScriptedRun(fault: .interfaceUnplugged, daemonReturnsAfter: nil), "knxd exited at the fault"),
        (ScriptedRun(fault: .daemonKilled, daemonReturnsAfter: nil), "knxd exited at the fault"),
        (
            ScriptedRun(fault: .daemonHung, daemonReturnsAfter: nil),
            "interface daemon: knxd was stopped at the fault and still stood still"
        ),
        (
            ScriptedRun(fault: .interfaceUnplugged, rereads: false),
            "http view: sentinel 1/3/0 (and 2 more) still shows 00"
        ),
        (
            ScriptedRun(fault: .daemonKilled, daemonReturnsAfter: 1_400, rereads: false),
            "http view: sentinel 1/3/0 (and 2 more) still shows 00"
        ),
    ])
    func aProtectionThatIsMissingIsNamed(run: ScriptedRun, sentence: String) throws {
        let verdict = try run.events.verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)")
    }

    /// A second one that finds its place taken ends at once; the first is there all the same.
    @Test func aDaemonIsNotAwayWhileOneOfItsNameIsLeft() throws {
        let run = ScriptedRun(fault: .daemonKilled, daemonReturnsAfter: 1_400, rereads: false)
        var events = run.events
        for (delay, change) in [(3_000, Event.ProcessChange.Change.started), (3_100, .exited)] {
            events = events.with(
                ScriptedRun.event(
                    run.brokenAt + delay, "process",
                    .process(Event.ProcessChange(process: "knxd", pid: 77, change: change))))
        }
        let verdict = try events.verdict()
        #expect(verdict.sentence.contains("http view: sentinel 1/3/0"), "\(verdict.sentence)")
    }

    @Test(arguments: runs)
    func aSystemThatStillSpeaksWasNotCutOff(run: ScriptedRun) throws {
        // Within what is judged, and before the daemon is there again.
        let telegram = ScriptedRun.frame(run.brokenAt + 900, 4096, [1], sender: ScriptedRun.system)
        let verdict = try run.events.with(telegram).verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains("it has another way to the line"), "\(verdict.sentence)")
    }

    @Test func aFaultThatNobodySawIsNone() throws {
        for run in Self.runs {
            let unseen = run.events.without { event in
                switch event.payload {
                case .interface(let report): event.source == "interface" && report.report == .closed
                case .process(let change):
                    event.milliseconds < run.end && (change.change == .exited || change.change == .stopped)
                default: false
                }
            }
            let verdict = try unseen.verdict()
            #expect(verdict.outcome == .invalid)
            #expect(verdict.sentence.contains("nothing has seen it"), "\(verdict.sentence)")
        }
    }

    @Test func anInterfaceThatCameBackByItselfWasNotUnplugged() throws {
        let run = Self.runs[0]
        let back = ScriptedRun.event(
            run.brokenAt + 2_000, "interface", .interface(Event.InterfaceReport(line: "main", report: .opened)))
        let verdict = try run.events.with(back).verdict()
        #expect(verdict.sentence.contains("was there again 2.00 s after it had gone"), "\(verdict.sentence)")
    }

    /// A second cut was to come with the first read, and no read came: the run is judged, from when the interface was back, and not called invalid.
    @Test func aSystemThatNeverReadsFailsWhereASecondCutWasToCome() throws {
        var run = ScriptedRun(fault: .interfaceUnplugged, rereads: false)
        run.comesAgain = true
        let restored = run.events.changed { event in
            guard case .actuation(var actuation) = event.payload, actuation.purpose == "heal" else { return }
            actuation.purpose = "restore"
            event.payload = .actuation(actuation)
        }
        let late = ScriptedRun.instant(run.healAt + 3_000)
        let heal = Event(
            at: late, source: "keeper",
            .actuation(
                Event.Actuation(
                    target: "sut-interface", meaning: "powered", purpose: "heal", due: late, commanded: late,
                    observed: late, readback: .confirmed)))
        let verdict = try restored.with(heal).verdict()
        #expect(verdict.outcome == .fail, "\(verdict.sentence)")
        #expect(verdict.sentence.contains("http view: sentinel"), "\(verdict.sentence)")
        #expect(verdict.instants.healed == ScriptedRun.instant(run.healedAt))
    }

    @Test func aDeadLineIsNoUnpluggedInterface() throws {
        let run = Self.runs[0]
        let silent = run.events.without { event in
            guard case .frame = event.payload else { return false }
            return (run.brokenAt...run.healAt).contains(event.milliseconds)
        }
        let verdict = try silent.verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains("0 of 5 tracers passed on the line"), "\(verdict.sentence)")
    }

    /// A look that falls between the signal that kills it and its end sees it run.
    @Test func aStoppedDaemonThatIsBeingKilledDoesNotGoOn() throws {
        let run = Self.runs[2]
        let events = run.events
        let exit = try #require(
            events.first {
                guard case .process(let process) = $0.payload else { return false }
                return process.process == "knxd" && process.change == .exited && $0.milliseconds > run.brokenAt
            })
        let goes = ScriptedRun.event(
            exit.milliseconds - 100, "process",
            .process(Event.ProcessChange(process: "knxd", pid: 10, change: .continued)))
        let verdict = try events.with(goes).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
    }

    @Test func aStoppedDaemonThatGoesOnWasNotHung() throws {
        let run = Self.runs[2]
        let goes = ScriptedRun.event(
            run.brokenAt + 1_000, "process", .process(Event.ProcessChange(process: "knxd", pid: 10, change: .continued))
        )
        let verdict = try run.events.with(goes).verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains("knxd went on 1.00 s after it was stopped"), "\(verdict.sentence)")
    }

    @Test func sentinelsThatNobodyMissedTestNothing() throws {
        // All of them change only when the daemon is there again.
        let run = ScriptedRun(fault: .daemonKilled, daemonReturnsAfter: 1_400)
        let late = run.events.changed { event in
            guard case .frame = event.payload,
                (run.sentinelsAt - 10...run.sentinelsAt + 10).contains(event.milliseconds)
            else { return }
            event.instant = event.instant + .milliseconds(2_500)
        }
        let verdict = try late.verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains("did not change while the fault lasted"), "\(verdict.sentence)")
    }
}
