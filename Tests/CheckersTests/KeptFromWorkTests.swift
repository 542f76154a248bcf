import Checkers
import Events
import Testing

/// A computer too busy to let the system under test work: what fails meanwhile is the computer's fault.
@Suite struct KeptFromWorkTests {
    /// A run that fails: a child is left over.
    static let failing = ScriptedRun().events.changed { event in
        guard event.isSample("process", "children"), event.milliseconds > ScriptedRun().healedAt,
            case .sample(var sample) = event.payload
        else { return }
        sample.reading = .integer(2)
        event.payload = .sample(sample)
    }

    /// A second in which a thread of the system's waited, and the system had so much of all processors.
    static func second(_ at: Int, waited: Int64, worked: Int64) -> [Event] {
        [
            ScriptedRun.reading(at, "process", "waited_milliseconds", .integer(waited)),
            ScriptedRun.reading(at, "process", "worked_permille", .integer(worked)),
        ]
    }

    @Test func whatFailedThereIsMadeAgain() throws {
        #expect(try Self.failing.verdict().outcome == .fail)
        let at = ScriptedRun().healedAt + 1_000
        let events = Self.failing.with(Self.second(at - 2_000, waited: 310, worked: 20))
            .with(Self.second(at, waited: 412, worked: 20))
        let verdict = try events.verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.isRigsOwnLateness)
        #expect(
            verdict.sentence.contains("too busy to let the system under test work")
                && verdict.sentence.contains("stood ready for 412 ms of a second"), "\(verdict.sentence)")
        #expect(verdict.sentence.contains("children: 2, before the fault 1"), "what was found is not kept quiet")
    }

    /// Little, by the system's own doing, or before anything was judged.
    @Test(arguments: [(5_000, 299, 20), (5_000, 900, 500), (-60_000, 900, 20)])
    func whatIsNoExcuse(after: Int, waited: Int64, worked: Int64) throws {
        let events = Self.failing.with(
            Self.second(after < 0 ? 1 : ScriptedRun().healedAt + after, waited: waited, worked: worked))
        #expect(try events.verdict().outcome == .fail)
    }

    /// However little it may work, a system does not show an older value after a newer one.
    @Test func whatNoWaitingExplainsIsNotExcused() throws {
        let run = ScriptedRun(leaksLength: 6_000)
        let older = try BrokenControllerTests.tracerSample(run.events, from: run.leaksFrom + 500)
        let newer = try BrokenControllerTests.tracerSample(run.events, from: run.leaksFrom + 500, index: 1)
        let events = run.events.changed { event in
            if event == older { event.instant = newer.instant + .milliseconds(20) }
        }
        #expect(try events.verdict().outcome == .fail)
        let verdict = try events.with(Self.second(run.healedAt + 3_000, waited: 412, worked: 20)).verdict()
        #expect(verdict.outcome == .fail, "\(verdict.sentence)")
    }

    @Test func whatPassedAllTheSamePassed() throws {
        let run = ScriptedRun()
        let verdict = try run.events.with(Self.second(run.healedAt + 1_000, waited: 700, worked: 20)).verdict()
        #expect(verdict.outcome == .pass)
        #expect(verdict.notes.contains { $0.contains("for 700 ms of a second; it passed all the same") })
        #expect(try !run.events.verdict().notes.contains { $0.contains("too busy") })
    }

    /// A run that did not come to its verdict, or whose fault nobody saw, may owe it to the same.
    @Test func anInvalidRunIsMadeAgainToo() throws {
        let run = ScriptedRun()
        let unseen = run.events.without {
            if case .supply(let supply) = $0.payload { supply.millivolts < 20_000 } else { false }
        }
        #expect(try !unseen.verdict().isRigsOwnLateness)
        #expect(try unseen.with(Self.second(run.healedAt, waited: 700, worked: 20)).verdict().isRigsOwnLateness)
    }
}
