import Checkers
import Events
import Testing

/// A full line whose consumer stands still and that is then cut: what must hold, and each way not to.
@Suite struct CutUnderLoadTests {
    private func verdict(_ change: (inout LoadedRun) -> Void = { _ in }) throws -> RunVerdict {
        var run = LoadedRun()
        run.isCut = true
        run.checkers = ["keeps-up", "backlog", "recovers", "ledger", "order", "zombie", "leaks"]
        change(&run)
        return try run.events.verdict()
    }

    @Test func aBoundedQueueThatCountsWhatItDropsPasses() throws {
        let verdict = try verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        let row = try #require(verdict.ledger.first)
        #expect(row.dropped > 200 && row.silent == 0)
        #expect(row.onBus == row.delivered + row.dropped + row.unreachable)
        #expect(verdict.notes.contains { $0.contains("the declared bound is 160") }, "\(verdict.notes)")
        #expect(verdict.notes.contains { $0.contains("of its capacity, and ") }, "\(verdict.notes)")
    }

    @Test func aBacklogBeyondTheBoundFails() throws {
        let verdict = try verdict { $0.room = nil }
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("from before the broker was let go on"), "\(verdict.sentence)")
        #expect(verdict.findings.map(\.checker) == ["backlog"])
    }

    @Test func dropsThatNobodyCountsAreSilentLoss() throws {
        let verdict = try verdict { $0.countsPerDrop = 0 }
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("silent loss on line → mqtt"), "\(verdict.sentence)")
    }

    @Test func aCountBeyondWhatDidNotArriveFails() throws {
        let verdict = try verdict { $0.countsPerDrop = 2 }
        #expect(verdict.outcome == .fail)
        #expect(verdict.findings.map(\.checker) == ["backlog"], "\(verdict.findings)")
    }

    /// A count excuses what the consumer did not take, and nothing that was lost on another day.
    @Test func whatIsLostBesidesTheStallIsNotExcusedByACount() throws {
        let verdict = try verdict { run in
            run.checkers.removeAll { $0 == "keeps-up" }
            run.loses = { (300...310).contains($0) }
        }
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("silent loss on line → mqtt: 11 of"), "\(verdict.sentence)")
    }

    @Test func aFullLineThatMakesTheSystemLateFails() throws {
        let verdict = try verdict { $0.latency = { (LoadedRun.saturatedAt..<LoadedRun.faultAt).contains($0) ? 90 : 3 } }
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.contains("bus speed: of a full line mqtt showed 95 %"), "\(verdict.sentence)")
    }

    @Test func aBrokerThatAnswersDidNotStandStill() throws {
        let verdict = try verdict { $0.brokerAnswers = true }
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains("stands still"), "\(verdict.sentence)")
    }

    @Test func aLineThatWasNotFullProvesNothing() throws {
        let verdict = try verdict { $0.reached = 90 }
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains("it was not saturated"), "\(verdict.sentence)")
    }

    @Test func aSilentSystemThatSaysItIsHealthyIsAZombie() throws {
        let verdict = try verdict { run in
            run.checkers = ["zombie", "leaks"]
            run.loses = { (200..<500).contains($0) }
        }
        #expect(verdict.findings.contains { $0.checker == "zombie" }, "\(verdict.findings)")
    }

    @Test func nothingDoneIsNothingSeen() throws {
        let verdict = try verdict { $0.isNull = true }
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        let silent = ScriptedRun.reading(LoadedRun.faultAt + 500, "broker", "through_gate", "silent")
        var run = LoadedRun()
        run.isCut = true
        run.isNull = true
        #expect(try run.events.with(silent).verdict().outcome == .invalid)
    }
}
