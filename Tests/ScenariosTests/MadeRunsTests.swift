import Checkers
import Events
import Evidence
import Platform
import Testing

@testable import Scenarios

/// Which directory a run takes, what a run that is made again says of the one before it, and what of it is found again.
@Suite struct MadeRunsTests {
    let directory: TemporaryDirectory
    let runs: RunsDirectory

    init() throws {
        directory = try TemporaryDirectory(prefix: "made-runs")
        runs = RunsDirectory(path: directory.path)
    }

    private static func verdict(_ outcome: Outcome, _ checker: String) -> RunVerdict {
        var verdict = RunVerdict(outcome: outcome, sentence: checker)
        verdict.findings = [Finding(checker: checker, outcome: outcome, sentence: checker)]
        return verdict
    }

    private static let late = verdict(.invalid, "instrument")
    private static let missed = verdict(.invalid, "missed telegram")
    private static let failed = verdict(.fail, "recovers")

    /// The runs of one job whose verdicts are given in the order in which they are made.
    private func made(_ job: Job, _ verdicts: [RunVerdict]) throws -> MadeRuns {
        var rest = verdicts[...]
        return try MadeRuns([job], parallel: 1, below: runs) { jobs, _ in
            jobs.map { JobResult(job: $0, verdict: rest.removeFirst()) }
        }
    }

    @Test func aRunBesideOthersIsCalledByTheDirectoryThatItTook() throws {
        defer { directory.remove() }
        let job = TestPlanTests.job("HW-1", "cut-20s")
        _ = try made(job, [Self.failed])
        let again = try made(job, [Self.late, RunVerdict(outcome: .pass, sentence: "recovered")])
        #expect(again.all.map(\.job.directoryName) == ["HW-1/cut-20s/002", "HW-1/cut-20s/003"])
        #expect(again.all.map(\.job.directory) == again.all.map { runs.path + "/" + $0.job.directoryName })
        #expect(again.all.map(\.job.repetition) == [2, 3])
        #expect(again.replaced.map(\.directoryName) == ["HW-1/cut-20s/002"])
        #expect(again.counted.map(\.verdict.outcome) == [.pass])
    }

    @Test func aRunThatIsMadeAgainSaysInsteadOfWhich() throws {
        defer { directory.remove() }
        let job = TestPlanTests.job("HW-5", "by-relay", seed: 7)
        let made = try made(job, [Self.missed, Self.late, Self.failed])
        #expect(made.all.first?.job.remake == nil)
        #expect(
            made.all.dropFirst().map(\.job.remake) == [
                Remake(insteadOf: "HW-5/by-relay/001", askedSeed: 7),
                Remake(insteadOf: "HW-5/by-relay/002", askedSeed: 7),
            ])
        let last = try #require(made.counted.first?.job)
        #expect(last.seed != 7)
        #expect(try Job(last.value).remake == last.remake, "the process that makes the run does not hear of it")
    }

    @Test func anAbortLeavesNoDirectoryOfARunThatWasNotBegun() throws {
        defer { directory.remove() }
        let asked = (1...3).map { repetition in
            var job = TestPlanTests.job("HW-1", "cut-20s")
            job.repetition = repetition
            return job
        }
        var rounds = 0
        let made = try MadeRuns(asked, parallel: 1, below: runs) { jobs, _ in
            rounds += 1
            // The first one is late, then somebody aborts: what is to be made again is not begun either.
            return rounds == 1 ? [JobResult(job: jobs[0], verdict: Self.late)] : []
        }
        #expect(rounds == 2)
        #expect(made.counted.map(\.verdict.outcome) == [.invalid])
        #expect(Files.entries(of: directory.path + "/HW-1/cut-20s") == ["001"])
    }

    @Test func whatWasWrittenToIsNotTakenBack() throws {
        defer { directory.remove() }
        let run = try runs.makeRun(scenario: "HW-1", variant: "cut-20s", repetition: 1)
        try Files.write([], to: run.logsPath + "/knxd.log")
        runs.takeBack(run)
        #expect(Files.entries(of: run.logsPath) == ["knxd.log"])
    }

    /// A campaign that was cut off after it had made a run again, with another seed, and got a fail.
    @Test func aFailOfARunThatWasMadeAgainIsKept() throws {
        defer { directory.remove() }
        let asked = TestPlanTests.job("HW-5", "by-relay", seed: 7)
        let last = try #require(try made(asked, [Self.missed, Self.failed]).counted.first)
        let plan = try TestPlan(job: last.job)
        let run = RunDirectory(path: last.job.directory)
        let journal = try Journal(
            path: run.evidencePath, plan: plan.record(version: "0", program: "", boards: []), planSource: "rig",
            observer: { _, _ in }, onFailure: { _ in })
        let hash = try journal.seal(last.verdict.value)
        try Files.write(
            Array(JSON.text(["verdict": last.verdict.value, "evidence_hash": .text(hash)]).utf8), to: run.verdictPath)
        let kept = try #require(
            KeptRuns(in: runs, of: [try TestPlan(job: asked)], toolBuild: "unknown").result(of: asked))
        #expect(kept.verdict.outcome == .fail)
        #expect(kept.job.directoryName == "HW-5/by-relay/002" && kept.job.repetition == 2)
    }
}
