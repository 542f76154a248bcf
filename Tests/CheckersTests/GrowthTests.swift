import Events
import Testing

@testable import Checkers

/// A fault that is made again and again: what the judge makes of each cycle, and of what all of them leave behind.
@Suite struct GrowthTests {
    @Test func whoComesBackFromEachAndDoesNotGrowPasses() throws {
        let verdict = try CycledRun().events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence) \(verdict.findings)")
        #expect(verdict.sentence.hasPrefix("recovered after each of 8 cycles, the last time "), "\(verdict.sentence)")
        #expect(
            verdict.notes.contains(
                "growth of controller over cycles 2 to 8, with 95 % intervals: private memory +0.00 kB per cycle (0.00 to 0.00; 128.0 allowed), "
                    + "threads +0.00 per cycle (0.00 to 0.00; 0.20 allowed), descriptors +0.00 per cycle (0.00 to 0.00; 0.20 allowed)"
            ),
            "\(verdict.notes)")
        #expect(
            verdict.instants.fault.map { $0 < ScriptedRun.instant(CycledRun.faultAt(1) + 100) } == true
                && verdict.instants.healed.map { $0 > ScriptedRun.instant(CycledRun.faultAt(8)) } == true)
    }

    @Test func whatEachCycleLeavesIsNamedWithProcessRateAndBudget() throws {
        var run = CycledRun()
        run.footprint = { CycledRun.footprint($0, memory: 20_000 + 132 * Int64($0), threads: 14 + Int64($0)) }
        let verdict = try run.events.verdict()
        #expect(verdict.outcome == .fail)
        #expect(
            verdict.sentence
                == "growth: controller: private memory +132.0 kB per cycle (132.0 to 132.0; 128.0 allowed)")
        let threads = verdict.findings.first { $0.sentence.contains("threads +1.00 per cycle") }
        #expect(threads?.outcome == .fail, "\(verdict.findings)")
        // A profile may allow it.
        var events = run.events
        events[0].payload = .plan(
            run.plan.replacing(["judge", "limits", "growth_kilobytes"], 132)
                .replacing(["judge", "limits", "growth_permille"], 1_000))
        #expect(try events.verdict().outcome == .pass)
    }

    /// The runner asks for the cycle that it has just begun, and is not told of the one before.
    @Test func aCycleIsOverWhenTheSystemHasBeenBackForTheCoolDown() throws {
        let events = CycledRun(cycles: 2).events
        func standing(_ number: Int, _ milliseconds: Int) throws -> Standing {
            try events.filter { $0.milliseconds <= milliseconds }.judge()
                .cycle(number, at: ScriptedRun.instant(milliseconds))
        }
        let (first, second) = (CycledRun.faultAt(1), CycledRun.faultAt(2))
        let back = CycledRun.script.backAt - ScriptedRun.faultAt
        #expect(try standing(1, first + 2_000) == .pending("the heal has not been commanded yet"))
        #expect(try standing(1, first + back + 2_500) == .pending("holding for 1 s"))
        #expect(try standing(1, first + back + 6_500) == .holds)
        #expect(try standing(2, first + back + 6_500) == .pending("cycle 2 was not begun yet"))
        #expect(try standing(2, second + back + 6_500) == .holds)
        var run = CycledRun(cycles: 2)
        run.broken = (2, { $0.reconnectsAfter = nil })
        let gone = try run.events.filter { $0.milliseconds <= second + back + 7_000 }.judge()
            .cycle(2, at: ScriptedRun.instant(second + back + 7_000))
        guard case .broken = gone else { throw RecordFailure(key: "cycle", expected: "a broken one, not \(gone)") }
    }

    /// What is made once, the first time, is no growth; what comes once in the middle is open.
    @Test(arguments: [(1, Outcome.pass), (4, .inconclusive)]) func whatComesOnce(cycle: Int, outcome: Outcome) throws {
        var run = CycledRun()
        run.footprint = { CycledRun.footprint($0, memory: $0 < cycle ? 20_000 : 21_024) }
        let verdict = try run.events.verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome != .pass { #expect(verdict.sentence.contains("too near to tell"), "\(verdict.sentence)") }
    }

    @Test func whatIsNotOneProcessOrNotSeenIsNotJudged() throws {
        var run = CycledRun()
        run.footprint = { CycledRun.footprint($0, pid: $0 < 5 ? 7 : 8, memory: 20_000) }
        let other = try run.events.verdict()
        #expect(other.outcome == .inconclusive && other.sentence.contains("not seen as one process"), "\(other)")
        run.footprint = { CycledRun.footprint($0, memory: nil) }
        #expect(try run.events.verdict().outcome == .inconclusive)
        let unseen = try run.events.without { $0.isSample(Footprint.view) }.verdict()
        #expect(unseen.outcome == .inconclusive)
    }

    @Test func fewerThanSixCyclesAreNotJudged() throws {
        var run = CycledRun(cycles: 5, wanted: 5)
        run.footprint = { CycledRun.footprint($0, memory: 20_000 + 900 * Int64($0)) }
        let verdict = try run.events.verdict()
        #expect(verdict.outcome == .inconclusive)
        #expect(verdict.sentence == "growth is not judged: 5 cycles were made, and 6 are needed")
    }

    /// Whoever comes back too late from one of many is named, though the last recovery is as it should be.
    @Test func aCycleThatItComesBackFromTooLateFails() throws {
        var run = CycledRun()
        run.broken = (3, { $0.reconnectsAfter = 6_500 })
        let verdict = try run.events.verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.findings.first?.checker == "recovers")
        #expect(verdict.sentence.hasPrefix("cycle 3 of 8: "), "\(verdict.sentence)")
    }

    /// The rig goes on when the system does not come back: that is the system's, and not a fault that nobody proved.
    @Test func aSystemThatDoesNotComeBackGetsNoFurtherFault() throws {
        var run = CycledRun(cycles: 3)
        run.broken = (3, { $0.reconnectsAfter = nil })
        let verdict = try run.events.verdict()
        #expect(verdict.outcome == .fail, "\(verdict.sentence)")
        #expect(verdict.sentence.hasPrefix("broker connection: "), "\(verdict.sentence)")
        let growth = verdict.findings.first { $0.checker == "growth" }
        #expect(growth?.sentence == "growth is not judged: 3 cycles were made, and 6 are needed")
    }

    /// Each cycle must be proven like a fault that is made once.
    @Test func oneCycleThatNobodySawMakesTheRunInvalid() throws {
        let at = CycledRun.faultAt(4)
        let events = CycledRun().events.without {
            guard case .process(let change) = $0.payload else { return false }
            return change.process == "broker" && abs($0.milliseconds - at) < 1_000
        }
        let verdict = try events.verdict()
        #expect(verdict.outcome == .invalid, "\(verdict.sentence)")
        #expect(verdict.sentence.contains("nothing has seen it yet"), "\(verdict.sentence)")
        let answered = try CycledRun().events.changed { event in
            if event.isSample("broker", "through_gate"), (at + 1_000..<at + 5_000).contains(event.milliseconds),
                case .sample(var sample) = event.payload
            {
                sample.reading = "accepted"
                event.payload = .sample(sample)
            }
        }.verdict()
        #expect(answered.outcome == .invalid && answered.sentence.contains("still answered"), "\(answered.sentence)")
    }

    @Test func growthAndCyclesBelongTogether() {
        let plan = CycledRun().plan
        for plan in [
            plan.replacing(["judge", "cycles"], .null),
            plan.replacing(["judge", "expect"], [["checker": "recovers"]]),
            plan.replacing(["judge", "cycles", "count"], 1),
        ] {
            #expect(throws: RecordFailure.self) { try Judge(plan: plan) }
        }
    }

    /// A single fault judges neither memory nor threads, and says what they were.
    @Test func aSingleFaultSaysWhatItHeld() throws {
        let run = ScriptedRun()
        let threads = [(1_000, 14), (run.end - 500, 15)].map { at, count in
            ScriptedRun.reading(at, "process", "threads", .integer(Int64(count)))
        }
        let verdict = try run.events.with(threads).changed { event in
            guard event.milliseconds > run.healedAt, event.isSample("process", "resident_kilobytes"),
                case .sample(var sample) = event.payload
            else { return }
            sample.reading = 34_000
            event.payload = .sample(sample)
        }.verdict()
        #expect(verdict.outcome == .pass)
        #expect(
            verdict.notes.contains(
                "the controller before the fault and at the end: resident memory 14000 and 34000 kB, threads 14 and 15 (a single fault does not "
                    + "judge them)"), "\(verdict.notes)")
    }
}
