import Checkers
import Events
import Testing

/// Correct controllers on an uneven course: latencies that jump, bursts, and everything published twice. None of it is a fault.
@Suite struct UnevenRunTests {
    static let kinds: [ScriptedRun] = [
        ScriptedRun(leaksLength: 4_000), ScriptedRun(faultLength: 3_000, leaksLength: 4_000, daemonExitsAfter: nil),
        ScriptedRun(fault: .brokerDown, leaksLength: 4_000), ScriptedRun(isNull: true),
    ]

    static func uneven(_ run: ScriptedRun, _ seed: UInt64) -> ScriptedRun {
        var run = run
        run.seed = seed
        return run
    }

    @Test(arguments: [UInt64](1...60))
    func aCorrectControllerPasses(seed: UInt64) throws {
        for run in Self.kinds {
            let verdict = try Self.uneven(run, seed).events.verdict()
            #expect(verdict.outcome == .pass, "seed \(seed), \(run.fault): \(verdict.sentence)")
            #expect(verdict.findings == [], "seed \(seed)")
            let row = try #require(verdict.ledger.first)
            #expect(row.duplicated > 10 && row.silent == 0 && row.reordered == 0, "seed \(seed)")
        }
    }

    /// So many milliseconds before the broker went, a telegram ended that was never published. For 50 ms the fault excuses it; for 100 ms the
    /// rig's own subscription, which ended with the broker, cannot tell; before that it was lost.
    @Test(arguments: [(45, Outcome.pass, 1, 0), (90, .pass, 0, 1), (110, .fail, 0, 0), (250, .fail, 0, 0)])
    func whatWasOnItsWayAtTheFaultIsExcusedForAMoment(
        before: Int, outcome: Outcome, unreachable: Int, unobserved: Int
    ) throws {
        let run = ScriptedRun(fault: .brokerDown, leaksLength: 4_000)
        let usual = try #require(run.events.verdict().ledger.first)
        let telegram = ScriptedRun.frame(run.brokenAt - before, 2305, [0x77, 0x77])
        let verdict = try run.events.with(telegram).verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        let row = try #require(verdict.ledger.first)
        #expect(row.unreachable - usual.unreachable == unreachable)
        #expect(row.unobserved - usual.unobserved == unobserved)
        if outcome == .fail { #expect(row.missing.first?.hasPrefix("1/1/1 = 7777, 0.") == true) }
    }

    /// A counter that comes round, or a switch: what was said before is said again, and is the newest.
    @Test func aValueThatComesBackIsNotAnOlderOne() throws {
        let run = ScriptedRun(leaksLength: 6_000)
        let events = run.events
        let first = try BrokenControllerTests.tracerSample(events, from: run.leaksFrom + 500)
        let second = try BrokenControllerTests.tracerSample(events, from: run.leaksFrom + 500, index: 1)
        let raw = try #require(first.raw)
        let at = second.milliseconds + 200
        let again = events.with(ScriptedRun.frame(at, 2304, raw), ScriptedRun.sample(at + 8, "mqtt", 2304, raw))
        let verdict = try again.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.ledger.first?.reordered == 0)
    }

    @Test func anUnevenBrokenControllerFailsAllTheSame() throws {
        for seed in UInt64(1)...20 {
            for (run, checker) in [
                (ScriptedRun(daemonReturnsAfter: nil), "recovers"), (ScriptedRun(rereads: false), "state"),
                (ScriptedRun(fault: .brokerDown, reconnectsAfter: nil), "recovers"),
            ] {
                let verdict = try Self.uneven(run, seed).events.verdict()
                #expect(verdict.outcome == .fail, "seed \(seed): \(verdict.sentence)")
                #expect(verdict.findings.contains { $0.checker == checker }, "seed \(seed)")
            }
        }
    }
}
