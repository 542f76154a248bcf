import Checkers
public import Evidence
public import Platform

/// The runs of one invocation, as they were made: those that count, and those in which the rig itself was late and others took their place.
public struct MadeRuns: Sendable {
    /// All results, remade ones last.
    public private(set) var all: [JobResult] = []
    /// Jobs that others took the place of: shown, not counted.
    public private(set) var replaced: Set<Job> = []
    /// The result that counts for each job that was asked for, in their order.
    public private(set) var counted: [JobResult] = []

    /// A run in which the rig was late is made again at most so often.
    private static let lateRounds = 3
    /// A run whose relay opened between two telegrams is made again at most so often. On a line that carries 80 % of what it can, octets are under way for
    /// about 60 % of the time.
    private static let missedRounds = 8

    /// Makes all runs in directories of their own below `runs`, at most `parallel` at once.
    ///
    /// A run in which the rig itself was late says nothing about the system and does not enter N: it is made again, at most three times, first with
    /// a third as many beside it and then alone. So is one whose relay had to open inside a telegram and did not, with a seed of its own, so that the next
    /// cut falls elsewhere. One whose fault somebody held is not: nobody stands there for the second.
    ///
    /// - Parameter kept: what a campaign that was cut off has made already.
    /// - Throws: when a directory cannot be made.
    public init(
        _ asked: [Job], keeping kept: KeptRuns? = nil, campaign: Campaign, parallel: Int, below runs: RunsDirectory
    ) throws(SystemFailure) {
        try self.init(asked, keeping: kept, parallel: parallel, below: runs, make: campaign.run)
    }

    /// - Parameter make: makes jobs, at most so many at once.
    init(
        _ asked: [Job], keeping kept: KeptRuns? = nil, parallel: Int, below runs: RunsDirectory,
        make: ([Job], _ parallel: Int) -> [JobResult]
    ) throws(SystemFailure) {
        var results: [Int: JobResult] = [:]
        for (index, job) in asked.enumerated() { results[index] = kept?.result(of: job) }
        let open = asked.indices.filter { results[$0] == nil }
        var jobs = open.map { asked[$0] }
        for index in jobs.indices { try Self.place(&jobs[index], below: runs) }
        let made = make(jobs, parallel)
        for (index, job) in zip(open, jobs) { results[index] = made.first { $0.job == job } }
        Self.takeBack(jobs, butFor: made, below: runs)
        counted = results.sorted { $0.key < $1.key }.map(\.value)
        all = counted
        var late = [Int](repeating: 0, count: counted.count)
        var missed = late
        while true {
            var again: [(index: Int, job: Job)] = []
            for (index, result) in counted.enumerated() where !result.job.isHeld {
                var job = result.job
                if result.verdict.hasMissedItsTelegram, missed[index] < Self.missedRounds {
                    missed[index] += 1
                    job.seed &+= Self.seedStep
                } else if result.verdict.isRigsOwnLateness, late[index] < Self.lateRounds {
                    late[index] += 1
                } else {
                    continue
                }
                job.chain = nil
                job.remake = Remake(
                    insteadOf: result.job.directoryName, askedSeed: result.job.remake?.askedSeed ?? result.job.seed)
                let same = (all.map(\.job) + again.map(\.job)).filter { $0.name == job.name }
                job.repetition = (same.map(\.repetition).max() ?? 0) + 1
                try Self.place(&job, below: runs)
                again.append((index, job))
            }
            guard !again.isEmpty else { return }
            // After an abort nothing is made again, and the late run stands.
            let crowded = again.filter { counted[$0.index].verdict.isRigsOwnLateness }.map { late[$0.index] }
            let atOnce = crowded.max().map { $0 == 1 ? max(1, parallel / 3) : 1 } ?? parallel
            let made = make(again.map(\.job), atOnce)
            Self.takeBack(again.map(\.job), butFor: made, below: runs)
            guard !made.isEmpty else { return }
            for (index, job) in again {
                guard let result = made.first(where: { $0.job == job }) else { continue }
                replaced.insert(counted[index].job)
                counted[index] = result
            }
            all += made
        }
    }

    /// Gives a job its directory and the number that it has there: beside runs that are there already, which stay as they are.
    private static func place(_ job: inout Job, below runs: RunsDirectory) throws(SystemFailure) {
        while runs.holdsRun(scenario: job.scenario, variant: job.variant, repetition: job.repetition) {
            job.repetition += 1
        }
        job.directory =
            try runs.makeRun(scenario: job.scenario, variant: job.variant, repetition: job.repetition).path
    }

    /// After an abort some jobs are never begun: an empty directory would look like a run whose evidence is gone.
    private static func takeBack(_ jobs: [Job], butFor made: [JobResult], below runs: RunsDirectory) {
        let begun = Set(made.map(\.job.directory))
        for job in jobs where !begun.contains(job.directory) { runs.takeBack(RunDirectory(path: job.directory)) }
    }

    /// Repetitions have neighbouring seeds, so that a run that is made again takes one further away.
    private static let seedStep: Int64 = 1_000_003
}
