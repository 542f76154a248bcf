import Checkers
import Events
import Testing

/// What a system's memory may grow while a fault lasts.
@Suite struct MemoryBoundTests {
    private static let fault = ScriptedRun.faultAt
    /// What the scripted controller has resident at any time.
    private static let usual = 14_000
    private static let limit = 1_000

    private static let events: [Event] = {
        var events = RowRun(checkers: ["memory"]).events
        if case .plan(let plan) = events[0].payload {
            events[0].payload = .plan(
                plan.replacing(["judge", "limits", "memory_kilobytes"], .integer(Int64(limit))))
        }
        return events
    }()

    private static func resident(_ at: Int, _ kilobytes: Int) -> Event {
        ScriptedRun.reading(at, "process", "resident_kilobytes", .integer(Int64(kilobytes)))
    }

    private static func peak(_ at: Int, _ kilobytes: Int) -> Event {
        ScriptedRun.reading(at, "process", "peak_kilobytes", .integer(Int64(kilobytes)))
    }

    @Test func memoryThatStaysAsItIsPasses() throws {
        let verdict = try Self.events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(
            verdict.notes.contains(
                "resident memory of the controller grew by 0 kB while the fault lasted (limit 1000 kB)"))
    }

    @Test func memoryThatGrowsBeyondItsLimitFails() throws {
        let most = Self.usual + Self.limit
        let within = try Self.events.with(Self.resident(Self.fault + 1_500, most)).verdict()
        #expect(within.outcome == .pass, "\(within.sentence)")
        let beyond = try Self.events.with(Self.resident(Self.fault + 1_500, most + 1)).verdict()
        #expect(beyond.outcome == .fail)
        #expect(
            beyond.sentence
                == "memory: the controller's resident memory grew from 14000 to 15001 kB while the fault lasted, and 1000 kB more are allowed"
        )
        #expect(beyond.findings.map(\.checker) == ["memory"])
    }

    @Test func whatItHasBeforeAndAfterIsNotOfTheFault() throws {
        for at in [Self.fault - 1_500, QuietRun.healAt + 1_500] {
            let verdict = try Self.events.with(Self.resident(at, 90_000)).verdict()
            #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        }
    }

    @Test func aPeakBetweenTwoLooksCountsWhereItWasNeverReachedBefore() throws {
        let new = try Self.events.with(Self.peak(Self.fault - 1_000, 14_500), Self.peak(Self.fault + 1_000, 30_000))
            .verdict()
        #expect(new.outcome == .fail)
        #expect(new.sentence.contains("grew from 14000 to 30000 kB"), "\(new.sentence)")
        let old = try Self.events.with(Self.peak(Self.fault - 1_000, 30_000), Self.peak(Self.fault + 1_000, 30_000))
            .verdict()
        #expect(old.outcome == .pass, "\(old.sentence)")
    }

    @Test(arguments: [fault - 20_000, fault + 100])
    func whatNobodyHasLookedAtIsNotKnown(from: Int) throws {
        let blind = Self.events.without {
            $0.isSample("process", "resident_kilobytes") && $0.milliseconds > from
                && $0.milliseconds < QuietRun.healAt
        }
        let verdict = try blind.verdict()
        #expect(verdict.outcome == .inconclusive)
        #expect(verdict.sentence == "nobody looked at the controller's memory while the fault lasted")
    }
}
