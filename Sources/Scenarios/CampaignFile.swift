import Checkers
public import Documents
import Events
public import Evidence
public import Platform

/// `campaign.json` beside the runs: what was asked for, so that a campaign that was cut off can be gone on with.
public struct CampaignFile: Sendable, Hashable {
    static let schema = "knxrig/campaign/1"

    /// Scenarios as they were named: `HW-1`, `all`, `tier-1`.
    public var operands: [String]
    /// Paths of the files, as found.
    public var rigFile: String
    public var systemFile: String
    public var repetitions: Int
    /// Runs made at once.
    public var parallel: Int
    public var seed: Int
    /// Protections that the system is started without.
    public var sabotage: [String]
    public var isNull: Bool
    /// Scenarios that can share a system do.
    public var isChained: Bool

    public init(
        operands: [String], rigFile: String, systemFile: String, repetitions: Int, parallel: Int, seed: Int,
        sabotage: [String], isNull: Bool, isChained: Bool = false
    ) {
        self.operands = operands
        self.rigFile = rigFile
        self.systemFile = systemFile
        self.repetitions = repetitions
        self.parallel = parallel
        self.seed = seed
        self.sabotage = sabotage
        self.isNull = isNull
        self.isChained = isChained
    }

    private static func path(_ directory: String) -> String { directory + "/campaign.json" }

    /// Writes it below a directory of runs, before the first of them.
    public func write(to directory: String) throws(SystemFailure) {
        let value: Value = [
            "schema": .text(Self.schema), "scenarios": .list(operands.map(Value.text)), "rig": .text(rigFile),
            "system": .text(systemFile), "repeat": .integer(Int64(repetitions)), "parallel": .integer(Int64(parallel)),
            "seed": .integer(Int64(seed)), "without": .list(sabotage.map(Value.text)), "null": .bool(isNull),
            "chain": .bool(isChained),
        ]
        try Files.write(Array((JSON.text(value) + "\n").utf8), to: Self.path(directory))
    }

    /// - Throws: when there is none, or it is none.
    public init(of directory: String) throws(DocumentFailure) {
        let path = Self.path(directory)
        func failure(_ message: String) -> DocumentFailure {
            DocumentFailure(file: path, position: nil, message: message)
        }
        guard let octets = try? Files.read(path) else {
            throw failure("there is no such file: `knxrig test --out DIR` writes it when a campaign begins")
        }
        guard let value = try? JSON.parse(octets), value["schema"]?.text == Self.schema else {
            throw failure("this is no campaign of this knxrig (\(Self.schema))")
        }
        let record = Record(value)
        do throws(RecordFailure) {
            operands = (value["scenarios"]?.list ?? []).compactMap(\.text)
            rigFile = try record.text("rig")
            systemFile = try record.text("system")
            repetitions = Int(clamping: try record.integer("repeat"))
            parallel = Int(clamping: try record.integer("parallel"))
            seed = Int(clamping: try record.integer("seed"))
            sabotage = (value["without"]?.list ?? []).compactMap(\.text)
            isNull = try record.bool("null")
            isChained = value["chain"]?.bool ?? false
        } catch {
            throw failure("\(error)")
        }
        guard !operands.isEmpty, (1...100_000).contains(repetitions), (1...16).contains(parallel), seed >= 0 else {
            throw failure("it names no scenario, or numbers that no campaign has")
        }
    }
}

/// Runs of a campaign that was cut off which need not be made again.
public struct KeptRuns: Sendable {
    private struct Key: Hashable {
        var scenario: String
        var variant: String
        var seed: Int64
    }

    private var results: [Key: (run: RunSummary, verdict: RunVerdict)] = [:]

    private static let final: Set<Outcome> = [.pass, .fail, .invalid, .inconclusive]

    /// Looks at what lies in a directory of runs. What is torn, altered, aborted, ended by an error of the rig, made with other builds of rig or system,
    /// or from files that say something else now, counts for nothing.
    ///
    /// - Parameters:
    ///   - plans: what is asked for, one per scenario and variant.
    ///   - toolBuild: digest of this program.
    public init(in runs: RunsDirectory, of plans: [TestPlan], toolBuild: String) {
        let asked = Dictionary(
            plans.map { ($0.job.name, (plan: $0, build: $0.systemBuild)) }, uniquingKeysWith: { first, _ in first })
        for run in runs.runs {
            guard let summary = try? RunSummary(run, isReplaced: false), summary.flaw == nil,
                let (plan, build) = asked[summary.scenario + "/" + summary.variant], build == summary.systemBuild,
                summary.toolBuild == toolBuild, summary.sabotage == plan.job.sabotage,
                summary.isNull == plan.job.isNull, !summary.isHeld,
                let seed = summary.remake?.askedSeed ?? summary.seed,
                case .plan(let record) = try? Self.first(run)?.payload, plan.isOfTheSameFiles(as: record),
                let octets = try? Files.read(run.verdictPath), let beside = try? JSON.parse(octets),
                let value = beside["verdict"], let verdict = try? RunVerdict(value),
                Self.final.contains(verdict.outcome), !verdict.isRigsOwnLateness,
                !verdict.hasMissedItsTelegram
            else { continue }
            let key = Key(scenario: summary.scenario, variant: summary.variant, seed: seed)
            results[key] = (summary, verdict)
        }
    }

    private static func first(_ run: RunDirectory) throws -> Event? {
        var reader = try JournalReader(path: run.evidencePath)
        return try reader.next()?.event
    }

    /// The result of a job that has been made already.
    func result(of job: Job) -> JobResult? {
        let key = Key(scenario: job.scenario, variant: job.variant, seed: job.seed)
        guard let (run, verdict) = results[key] else { return nil }
        var job = job
        job.directory = run.directory
        job.repetition = run.repetition
        job.remake = run.remake
        return JobResult(job: job, verdict: verdict)
    }

    public var count: Int { results.count }
}
