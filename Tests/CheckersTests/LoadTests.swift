import Checkers
import Events
import Testing

/// A saturated line with a consumer that takes nothing for a while: what must hold, and each way not to.
@Suite struct LoadTests {
    private func verdict(_ change: (inout LoadedRun) -> Void = { _ in }) throws -> RunVerdict {
        var run = LoadedRun()
        change(&run)
        return try run.events.verdict()
    }

    @Test func aBoundedQueueThatCountsWhatItDropsPasses() throws {
        let verdict = try verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        let row = try #require(verdict.ledger.first)
        #expect(row.dropped > 200 && row.silent == 0)
        #expect(row.onBus == row.delivered + row.dropped)
        #expect(verdict.notes.contains { $0.contains("the declared bound is 160") }, "\(verdict.notes)")
        #expect(verdict.notes.contains { $0.contains("of its capacity, and ") }, "\(verdict.notes)")
        #expect(verdict.measured.contains { $0.name == "time_to_base_mqtt" && $0.valueNanoseconds == 0 })
    }

    @Test func aBacklogBeyondTheBoundFails() throws {
        let verdict = try verdict { $0.room = nil }
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("backlog: 3"), "\(verdict.sentence)")
        #expect(verdict.sentence.contains("the declared bound is 160"), "\(verdict.sentence)")
        // Nothing was lost: only the backlog says so.
        #expect(verdict.findings.map(\.checker) == ["backlog"])
    }

    @Test func aQueueThatDropsTheNewestShowsAnOldValue() throws {
        let verdict = try verdict { $0.newestWins = false }
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("sentinel"), "\(verdict.sentence)")
        // It counts what it drops: its ledger is right all the same.
        #expect(!verdict.findings.contains { $0.checker == "ledger" || $0.checker == "backlog" })
    }

    @Test func dropsThatNobodyCountsAreSilentLoss() throws {
        let verdict = try verdict { $0.countsPerDrop = 0 }
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("silent loss on line → mqtt"), "\(verdict.sentence)")
    }

    @Test func aCountBeyondWhatDidNotArriveFails() throws {
        let verdict = try verdict { $0.countsPerDrop = 2 }
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("telegrams as dropped before mqtt, where at most"), "\(verdict.sentence)")
    }

    @Test func withoutACountDropsAreLostAndNothingElseIsKnown() throws {
        let lost = try verdict { $0.saysItsCount = false }
        #expect(lost.outcome == .fail)
        #expect(lost.sentence.contains("silent loss"), "\(lost.sentence)")
        let unknown = try verdict {
            $0.saysItsCount = false
            $0.checkers = ["backlog"]
        }
        #expect(unknown.outcome == .inconclusive)
        #expect(unknown.sentence.contains("could not be read"), "\(unknown.sentence)")
    }

    /// The count of a system that was started anew begins at nothing.
    @Test func aCountThatBeginsAnewIsGoneOnWith() throws {
        let events = LoadedRun().events.changed { event in
            guard event.isSample("dropped"), event.milliseconds >= LoadedRun.healAt + 1_000,
                case .sample(var sample) = event.payload
            else { return }
            sample.reading = 0
            event.payload = .sample(sample)
        }
        #expect(try events.verdict().outcome == .pass)
    }

    @Test func aBoundThatTheLineCannotFillIsNotTried() throws {
        let verdict = try verdict { $0.bound = 400 }
        #expect(verdict.outcome == .inconclusive)
        #expect(verdict.sentence.contains("too few to try a bound of 400"), "\(verdict.sentence)")
    }

    @Test(arguments: [(99, true), (96, false), (75, false)])
    func aLineThatWasNotFullProvesNothing(reached: Int, isProven: Bool) throws {
        let verdict = try verdict { $0.reached = reached }
        #expect(verdict.outcome == (isProven ? .pass : .invalid), "\(verdict.sentence)")
        if !isProven { #expect(verdict.sentence.contains("it was not saturated"), "\(verdict.sentence)") }
    }

    /// Slips too short to matter each may together be what a stretch lacks: then the run is worth making again. Stimuli that are too slow by themselves
    /// are not.
    @Test(arguments: [(30, true), (2, false)])
    func aLineThatWasNotFullBecauseTheRigWasLateIsOurs(slips: Int, isOurs: Bool) throws {
        var run = LoadedRun()
        run.reached = 96
        let late = (0..<slips).map {
            ScriptedRun.event(
                LoadedRun.saturatedAt + 1_200 + 100 * $0, "rig",
                .slip(Event.Slip(thread: "twin line", lateNanoseconds: 9_000_000)))
        }
        let verdict = try (run.events + late).verdict()
        #expect(verdict.outcome == .invalid && verdict.sentence.contains("it was not saturated"), "\(verdict.sentence)")
        #expect(verdict.isRigsOwnLateness == isOurs, "\(verdict.findings.map(\.sentence))")
    }

    @Test func aLineThatWasNeverSaturatedProvesNothing() throws {
        let events = LoadedRun().events.without { event in
            if case .actuation(let actuation) = event.payload { actuation.purpose == "load" } else { false }
        }
        #expect(try events.verdict().outcome == .invalid)
    }

    @Test func aFullLineThatMakesTheSystemLateFails() throws {
        let verdict = try verdict { $0.latency = { (LoadedRun.saturatedAt..<LoadedRun.faultAt).contains($0) ? 90 : 3 } }
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("bus speed: of a full line mqtt showed 95 %"), "\(verdict.sentence)")
    }

    @Test func aFullLineThatTheSystemDropsTelegramsOfFailsAlthoughItCountsThem() throws {
        let verdict = try verdict { $0.loses = { (400...410).contains($0) } }
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("bus speed: mqtt did not show 11 of"), "\(verdict.sentence)")
    }

    @Test(arguments: [(3_000, true), (8_000, false)])
    func itMustSoonBeAsQuickAsBefore(slowFor: Int, passes: Bool) throws {
        let verdict = try verdict { run in
            // Where it is quick again, a late telegram comes after a newer one.
            run.checkers.removeAll { $0 == "order" }
            run.latency = { (LoadedRun.healAt..<LoadedRun.healAt + slowFor).contains($0) ? 200 : 3 }
        }
        #expect(verdict.outcome == (passes ? .pass : .fail), "\(verdict.sentence)")
        if !passes { #expect(verdict.sentence.contains("as quick as before only 8.00 s"), "\(verdict.sentence)") }
    }

    /// Seconds in which the system got no processor explain a lateness, and only the one that falls into them. `at` are their ends, after the heal.
    @Test(arguments: [
        ([6_500, 7_500, 8_500], 150, 20, Outcome.invalid),
        ([6_500, 7_500, 8_500], 99, 20, .fail), ([6_500, 7_500, 8_500], 150, 500, .fail), ([8_500], 150, 20, .fail),
        ([15_000, 16_000], 150, 20, .fail), ([-5_000], 150, 20, .fail),
    ])
    func aComputerThatLetsItNotWorkIsNoSlowSystem(
        at seconds: [Int], waited: Int64, worked: Int64, outcome: Outcome
    ) throws {
        var run = LoadedRun()
        run.checkers.removeAll { $0 == "order" }
        run.latency = { (LoadedRun.healAt + 5_600..<LoadedRun.healAt + 8_000).contains($0) ? 200 : 3 }
        #expect(try run.events.verdict().outcome == .fail)
        let waits = seconds.flatMap {
            KeptFromWorkTests.second(LoadedRun.healAt + $0, waited: waited, worked: worked)
        }
        let verdict = try run.events.with(waits).verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        #expect(verdict.isRigsOwnLateness == (outcome == .invalid))
        if outcome == .invalid {
            #expect(verdict.sentence.contains("too busy to let the system under test work"), "\(verdict.sentence)")
            #expect(verdict.sentence.contains("as quick as before only 8.00 s"), "\(verdict.sentence)")
        }
    }

    /// The same of the full line before anything was broken.
    @Test(arguments: [(0..<11, Outcome.fail), (2..<4, .invalid)])
    func whatIsSlowOfAFullLineMayBeTheComputer(slow: Range<Int>, outcome: Outcome) throws {
        var run = LoadedRun()
        run.checkers.removeAll { $0 == "order" }
        let from = LoadedRun.saturatedAt + slow.lowerBound * 1_000
        run.latency = { (from..<LoadedRun.saturatedAt + slow.upperBound * 1_000).contains($0) ? 90 : 3 }
        #expect(try run.events.verdict().outcome == .fail)
        let waits = slow.prefix(3).flatMap {
            KeptFromWorkTests.second(LoadedRun.saturatedAt + 1_000 * $0 + 999, waited: 120, worked: 20)
        }
        let verdict = try run.events.with(waits).verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
    }

    @Test func aLoadThatEndsTooSoonTellsNothingOfIt() throws {
        let verdict = try verdict { $0.relaxedAt = LoadedRun.healAt + 7_000 }
        #expect(verdict.outcome == .inconclusive)
        #expect(verdict.sentence.contains("too short to tell"), "\(verdict.sentence)")
    }

    /// Number 500 is the first of three to one address, well within the saturated part before the fault.
    @Test func anOlderValueAfterANewerOneFails() throws {
        let verdict = try verdict { $0.swaps = 501 }
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("after the newer"), "\(verdict.sentence)")
    }

    @Test func aDaemonThatEndsUnderTheLoadAloneFails() throws {
        let exit = QuietRun.process(LoadedRun.saturatedAt + 5_000, .exited, status: 1, "knxd")
        let verdict = try LoadedRun().events.with(exit).verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.findings.contains { $0.checker == "no-restart" }, "\(verdict.findings)")
    }

    @Test func nothingDoneIsNothingSeen() throws {
        let quiet = try verdict { $0.isNull = true }
        #expect(quiet.outcome == .pass, "\(quiet.sentence)")
        let full = try verdict {
            $0.isNull = true
            $0.isFullAnyway = true
        }
        #expect(full.outcome == .invalid)
        #expect(full.sentence.contains("of its capacity though nothing was done"), "\(full.sentence)")
        let counted = try verdict {
            $0.isNull = true
            $0.loses = { (600...603).contains($0) }
            $0.countsPerDrop = 2
        }
        #expect(counted.outcome == .fail)
        #expect(counted.findings.contains { $0.checker == "backlog" }, "\(counted.findings)")
    }

    @Test(arguments: [("load", "keeps-up"), ("views.bound", "backlog")])
    func aPlanThatCannotBeJudgedIsRefused(key: String, checker: String) throws {
        var run = LoadedRun()
        run.checkers = [checker, "leaks"]
        guard case .plan(var plan) = run.events[0].payload else { return }
        plan =
            key == "load"
            ? plan.replacing(["judge", "load"], .null)
            : plan.replacing(["judge", "views"], [["id": "mqtt", "streaming": true, "limit": 1_000_000_000]])
        let failure = #expect(throws: RecordFailure.self) { try Judge(plan: plan) }
        #expect(failure?.key == key)
    }
}
