import Checkers
import Events
import Testing

@Suite struct JudgeTests {
    static func verdict(_ bench: ScriptedBench, events: [Event]? = nil) throws -> RunVerdict {
        var judge = try Judge(plan: bench.plan)
        for event in events ?? ScriptedBench.events(of: bench) { judge.observe(event) }
        return judge.conclude()
    }

    @Test(arguments: [ScriptedBench.Fault.busCut, .brokerDown], [Int64(1), 3, 40, 300])
    func aRightControllerPassesWhateverItsLatency(fault: ScriptedBench.Fault, latency: Int64) throws {
        var bench = ScriptedBench(fault)
        bench.latency = latency
        let verdict = try Self.verdict(bench)
        #expect(verdict.outcome == .pass, "\(verdict.sentence) \(verdict.findings.map(\.sentence))")
        #expect(verdict.findings.isEmpty)
        #expect(verdict.sentence.hasPrefix("recovered 2."), "\(verdict.sentence)")
        #expect(verdict.ledger.allSatisfy { $0.silent == 0 && $0.delivered > 100 && $0.unreachable > 0 })
        let row = try #require(verdict.ledger.first)
        #expect(
            row.onBus == row.delivered + row.suppressed + row.dropped + row.unreachable + row.unobserved + row.silent)
    }

    /// Each rule has a stream that fails for exactly that reason.
    @Test(arguments: [
        (
            ScriptedBench.Fault.busCut, ScriptedBench.Wrong.daemonStaysDown,
            "interface daemon: knxd exited 5.10 s after the fault (exit status 1)"
        ),
        (.busCut, .noReread, "http view: sentinel 1/3/0 (and 1 more) still shows 00"),
        (.brokerDown, .noReconnect, "broker connection: the controller was not connected to the broker again"),
        (.brokerDown, .noResync, "mqtt view: sentinel 1/3/0 (and 1 more) still shows 00"),
        (.busCut, .losesTracer, "silent loss on line → mqtt: 1 of"),
        (.brokerDown, .losesTracer, "silent loss on line → mqtt: 1 of"),
        (.busCut, .swapsOrder, "after the newer"), (.busCut, .falseAcknowledgement, "false acknowledgement"),
        (.brokerDown, .falseAcknowledgement, "false acknowledgement"),
        (.busCut, .leaksDescriptors, "leak: descriptors: 31"),
        (.busCut, .leaksChild, "leak: children: 2"), (.brokerDown, .neverNotices, "never gave a sign"),
    ])
    func aBrokenControllerFailsWithItsReason(
        fault: ScriptedBench.Fault, wrong: ScriptedBench.Wrong, sentence: String
    ) throws {
        let verdict = try Self.verdict(ScriptedBench(fault, [wrong]))
        #expect(verdict.outcome == .fail, "\(verdict.outcome) \(verdict.sentence)")
        #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)")
    }

    @Test func aZombieIsNamedAsOne() throws {
        var bench = ScriptedBench(.busCut, [.zombie])
        bench.recoverLimitMilliseconds = 6_000
        let verdict = try Self.verdict(bench)
        #expect(verdict.outcome == .fail)
        #expect(verdict.findings.contains { $0.checker == "zombie" }, "\(verdict.findings.map(\.sentence))")
    }

    /// What the rig could not prove is invalid, never a fail and never a pass.
    @Test(arguments: [
        (ScriptedBench.Fault.busCut, ScriptedBench.Wrong.oneChipOnly, "only 1 of 3 chips fell silent"),
        (.busCut, .frameDuringCut, "the witness heard a telegram"), (.busCut, .supplyStaysUp, "the line had 28 V"),
        (.busCut, .noReset, "the end of the fault was not proven"), (.busCut, .readbackFailed, "did not follow"),
        (.busCut, .noTracersDue, "0 of 10 tracers were due"), (.brokerDown, .brokerStillAnswers, "still answered"),
        (.busCut, .unhealthyBaseline, "the state before the fault was not normal"),
        (.busCut, .lineSlips, "slipped by 6 ms"),
        (.brokerDown, .probeBlind, "the probe 'http' was blind"),
    ])
    func whatTheRigCouldNotProveIsInvalid(
        fault: ScriptedBench.Fault, wrong: ScriptedBench.Wrong, sentence: String
    ) throws {
        let verdict = try Self.verdict(ScriptedBench(fault, [wrong]))
        #expect(verdict.outcome == .invalid, "\(verdict.outcome) \(verdict.sentence)")
        #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)")
    }

    @Test func theRideThroughForbidsARestart() throws {
        var bench = ScriptedBench(.busCut)
        bench.expectations = ["recovers", "no-restart", "ledger"]
        #expect(try Self.verdict(bench).outcome == .pass)
        bench.wrong = [.restartsInRideThrough]
        let verdict = try Self.verdict(bench)
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("short enough to ride through"))
    }

    @Test func aLimitInsideTheUncertaintyIsInconclusive() throws {
        var bench = ScriptedBench(.busCut)
        bench.pollUncertaintyNanoseconds = 600_000_000
        let measured = try Self.verdict(bench).measured.first { $0.name == "time_to_recover" }
        let value = try #require(measured?.valueNanoseconds)
        bench.recoverLimitMilliseconds = value / 1_000_000 + 300
        #expect(try Self.verdict(bench).outcome == .inconclusive)
        bench.recoverLimitMilliseconds = value / 1_000_000 + 1_300
        #expect(try Self.verdict(bench).outcome == .pass)
        bench.recoverLimitMilliseconds = value / 1_000_000 - 1_300
        #expect(try Self.verdict(bench).outcome == .fail)
    }

    @Test func arrivalAndAskingChangeNothing() throws {
        var random = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0...UInt64.max, using: &random)
        print("seed \(seed)")
        var numbers = seed
        for bench in [ScriptedBench(.busCut), ScriptedBench(.brokerDown), ScriptedBench(.brokerDown, [.noResync])] {
            let events = ScriptedBench.events(of: bench)
            let expected = try Self.verdict(bench, events: events)
            // Each event arrives up to 200 ms after it happened.
            let shuffled = events.map { event -> (Int64, Event) in
                numbers = numbers &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return (event.instant.nanoseconds + Int64(numbers >> 33) % 200_000_000, event)
            }.sorted { $0.0 < $1.0 }.map(\.1)
            #expect(try Self.verdict(bench, events: shuffled) == expected)
            var judge = try Judge(plan: bench.plan)
            for (index, event) in events.enumerated() {
                judge.observe(event)
                guard index % 40 == 0 else { continue }
                _ = judge.baseline(at: event.instant)
                _ = judge.faultWitnessed(at: event.instant)
                _ = judge.healed(at: event.instant)
                _ = judge.recovery(at: event.instant)
                _ = judge.leaks(at: event.instant)
            }
            #expect(judge.conclude() == expected)
            #expect(judge.conclude() == expected)
        }
    }

    @Test func aTruncatedStreamNeverPasses() throws {
        for bench in [ScriptedBench(.busCut), ScriptedBench(.brokerDown)] {
            let events = ScriptedBench.events(of: bench)
            let last = try #require(events.lastIndex { if case .phase = $0.payload { true } else { false } })
            for length in stride(from: 0, through: last, by: 37) {
                #expect(try Self.verdict(bench, events: Array(events.prefix(length))).outcome != .pass)
            }
        }
    }

    @Test(arguments: [Outcome.aborted, .invalid, .error])
    func anInterruptionDecides(outcome: Outcome) throws {
        let bench = ScriptedBench(.busCut)
        var events = Array(ScriptedBench.events(of: bench).prefix(500))
        events.append(
            Event(
                at: Instant(nanoseconds: 9_000_000_000), source: "rig",
                .other(kind: "interruption", ["outcome": .text(outcome.rawValue), "reason": "somebody said so"])))
        let verdict = try Self.verdict(bench, events: events)
        #expect(verdict.outcome == outcome)
        #expect(verdict.sentence == "somebody said so")
    }

    @Test func groundTruthIsReadByNobody() throws {
        let bench = ScriptedBench(.busCut)
        let events = ScriptedBench.events(of: bench)
        let lies = events.map { Event(at: $0.instant, source: "truth", $0.payload) }
        #expect(try Self.verdict(bench, events: events + lies) == Self.verdict(bench, events: events))
    }

    @Test(arguments: [
        ScriptedBench(.busCut), ScriptedBench(.brokerDown, [.noResync]), ScriptedBench(.busCut, [.losesTracer]),
        ScriptedBench(.busCut, [.oneChipOnly]),
    ])
    func aVerdictReadsBackWhatItWrote(bench: ScriptedBench) throws {
        let verdict = try Self.verdict(bench)
        #expect(try RunVerdict(JSON.parse(JSON.text(verdict.value))) == verdict)
    }

    @Test func aPlanThatDoesNotJudgeIsRefusedByName() {
        #expect(throws: RecordFailure.self) { try Judge(plan: ["judge": ["line": "main"]]) }
        #expect(throws: RecordFailure(key: "judge", expected: "a record of what judges the run")) {
            try Judge(plan: .null)
        }
    }
}
