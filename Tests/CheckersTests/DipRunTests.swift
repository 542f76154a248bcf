import Checkers
import Events
import Testing

/// A scripted run whose one cut is a dip of a sweep: what a controller does after it, and what the judge makes of it.
@Suite struct DipRunTests {
    /// - Parameters:
    ///   - isSensed: something sees the supply's voltage.
    ///   - change: what of the controller is broken.
    static func run(
        isSensed: Bool = true, _ change: (inout ScriptedRun) -> Void = { _ in }
    ) -> [Event] {
        var run = ScriptedRun()
        run.recoveryLength = 18_000
        change(&run)
        // The rig goes on when the dip's time is over.
        let over = run.readyAt + 8_000
        var events = run.events.compactMap { event -> Event? in
            var event = event
            switch event.payload {
            case .plan(let plan): event.payload = .plan(changed(plan))
            case .actuation(var actuation):
                actuation.purpose = DipSweep.purpose
                event.payload = .actuation(actuation)
            case .supply(let reading) where !isSensed && reading.millivolts < 29_000: return nil
            case .phase(let phase) where [.verifyDegraded, .heal].contains(phase.step): return nil
            case .phase(let phase) where phase == Event.Phase(.inject, .end): return nil
            case .phase(let phase) where phase == Event.Phase(.verifyRecovery, .begin): return nil
            default: break
            }
            return event
        }
        events.append(QuietRun.actuation(ScriptedRun.faultAt - 50, "line:main", "dips", "fault"))
        events.append(QuietRun.actuation(over, "line:main", "over", DipSweep.purpose))
        events.append(QuietRun.actuation(over + 20, "line:main", "quiet", "heal"))
        for (at, step, edge) in [
            (over + 5, .inject, .end), (over + 10, .heal, .begin), (over + 400, .heal, .end),
            (over + 401, .verifyRecovery, .begin),
        ] as [(Int, Event.Phase.Step, Event.Phase.Edge)] {
            events.append(ScriptedRun.event(at, "rig", u: 0, .phase(Event.Phase(step, edge))))
        }
        return [events[0]] + Array(events.dropFirst()).byInstant
    }

    static func changed(_ plan: Value, known: Value? = nil) -> Value {
        let chips: Value = ["chips": ["witness", "stimulus-1", "stimulus-2"], "chips_silent": 2]
        return plan.replacing(
            ["judge", "expect"], .list(["dips", "recovers", "leaks"].map { ["checker": .text($0)] })
        ).replacing(
            ["judge", "fault"],
            .record(present: [
                ("do", "dip-line-supply"), ("kind", "supply-dips"), ("target", "line:main"), ("cuts", ["line"]),
                ("witness", chips), ("known_threshold", known),
            ]))
    }

    static func verdict(_ events: [Event]) throws -> RunVerdict {
        guard case .plan(let plan) = events[0].payload else { throw RecordFailure(key: "plan", expected: "event 0") }
        var judge = try Judge(plan: plan)
        for event in events.dropFirst() { judge.observe(event) }
        return judge.conclude()
    }

    @Test(arguments: [true, false]) func aControllerThatComesBackPasses(isSensed: Bool) throws {
        let verdict = try Self.verdict(Self.run(isSensed: isSensed))
        #expect(verdict.outcome == .pass, "\(verdict.sentence) \(verdict.findings)")
        #expect(verdict.sentence == "came back by itself after each of 1 dips of 6 s to 6 s")
        let tally = try #require(verdict.dips?.tallies.first)
        #expect(tally.lengthNanoseconds == 6_000_000_000 && tally.made == 1 && tally.seen == 1)
        #expect(tally.count(.chipsRestarted) == 1)
        #expect(tally.count(.interfaceRestarted) == 1, "knxd exits after 2 s")
        #expect(tally.count(.stateWrong) == 0 && tally.count(.needsHand) == 0)
    }

    @Test func aDaemonThatDoesNotComeBackNeedsAHand() throws {
        let verdict = try Self.verdict(Self.run { $0.daemonReturnsAfter = nil })
        #expect(verdict.outcome == .fail)
        #expect(
            verdict.sentence.hasPrefix("dip of 6 s: needs a hand (1 of 1): interface daemon: knxd exited"),
            "\(verdict.sentence)")
        #expect(verdict.dips?.tallies.first?.count(.needsHand) == 1)
        #expect(verdict.dips?.tallies.first?.count(.stateWrong) == 0)
    }

    @Test func aStateThatStaysWrongIsNamed() throws {
        let verdict = try Self.verdict(Self.run { $0.rereads = false })
        #expect(verdict.outcome == .fail)
        #expect(
            verdict.sentence.hasPrefix("dip of 6 s: state wrong, and it needs a hand (1 of 1): http view: sentinel"),
            "\(verdict.sentence)")
        #expect(verdict.dips?.tallies.first?.count(.stateWrong) == 1)
    }

    @Test func whoRidesThroughLosesTelegramsAndNoMore() throws {
        // Whoever is not interrupted is not asked to read again.
        let events = Self.run { $0.daemonExitsAfter = nil }.filter {
            guard case .stimulus(let stimulation) = $0.payload else { return true }
            return stimulation.outcome != .changed
        }
        let verdict = try Self.verdict(events)
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.dips?.tallies.first?.count(.interfaceRestarted) == 0)
    }

    /// No chip restarted and no sense saw the voltage fall: nothing was done to anybody.
    @Test func aSweepThatNoWitnessSawIsInvalid() throws {
        let events = Self.run(isSensed: false).filter {
            guard case .interface(let report) = $0.payload else { return true }
            return report.report != .reset || $0.instant < ScriptedRun.instant(ScriptedRun.faultAt)
        }
        let verdict = try Self.verdict(events)
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.hasPrefix("the fault was not proven"), "\(verdict.sentence)")
    }

    @Test func oneChipAloneIsNoWitness() throws {
        let events = Self.run(isSensed: false).filter {
            guard case .interface(let report) = $0.payload else { return true }
            return report.report != .reset || $0.source == "stimulus-2"
                || $0.instant < ScriptedRun.instant(ScriptedRun.faultAt)
        }
        #expect(try Self.verdict(events).outcome == .invalid)
    }

    /// A sweep on a device with a known threshold that it does not find is not believed.
    @Test func aSweepThatMissesAKnownThresholdIsNotQualified() throws {
        var events = Self.run()
        guard case .plan(let plan) = events[0].payload else { return }
        let known: Value = ["channel": "bus-power", "length": 102_400_000, "tolerance": 5_000_000]
        events[0].payload = .plan(plan.replacing(["judge", "fault", "known_threshold"], known))
        let verdict = try Self.verdict(events)
        #expect(verdict.outcome == .invalid)
        #expect(
            verdict.sentence
                == "the sweep is not qualified: through bus-power the chips of this line are known to restart from 102.4 ms on, and it found no such "
                + "threshold")
    }

    @Test func aSweepWantsTwoChipsAndSentinels() {
        let plan = Self.changed(ScriptedRun().plan)
        for (path, value) in [
            (["judge", "fault", "witness", "chips_silent"], 1), (["judge", "sentinels"], .list([])),
            (["judge", "fault", "kind"], "bus-cut"),
        ] as [([String], Value)] {
            #expect(throws: RecordFailure.self, "\(path)") { try Judge(plan: plan.replacing(path, value)) }
        }
        #expect(throws: Never.self) { try Judge(plan: plan) }
    }

    private static func slip(_ at: Int) -> Event {
        ScriptedRun.event(at, "sense", .slip(Event.Slip(thread: "twin line", lateNanoseconds: 63_000_000)))
    }

    /// A dip that met a busy computer is not counted; of a sweep of nothing else nothing can be told.
    @Test func aSpoiledDipIsNotCounted() throws {
        let events = Self.run()
        let spoiled = [events[0]] + (Array(events.dropFirst()) + [Self.slip(ScriptedRun.faultAt + 3_000)]).byInstant
        let verdict = try Self.verdict(spoiled)
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence == "the sweep tells nothing: none of its 1 dips can be counted")
    }

    /// Before the sweep, and in a dip that the system does not come back from, lateness is what it is in any run.
    @Test(arguments: [(5_000, true), (9_000, false)]) func otherLatenessIsTheRigs(at: Int, comesBack: Bool) throws {
        let events = Self.run { if !comesBack { $0.daemonReturnsAfter = nil } }
        let late = [events[0]] + (Array(events.dropFirst()) + [Self.slip(at)]).byInstant
        let verdict = try Self.verdict(late)
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.hasPrefix("the twin's line slipped by 63 ms"), "\(verdict.sentence)")
    }

    @Test func everyDipOfANullRunIsAFalseAlarm() throws {
        var events = Self.run()
        guard case .plan(let plan) = events[0].payload else { return }
        events[0].payload = .plan(plan.replacing(["judge", "null_run"], true))
        let verdict = try Self.verdict(events)
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.hasPrefix("false alarm:"), "\(verdict.sentence)")
    }
}
