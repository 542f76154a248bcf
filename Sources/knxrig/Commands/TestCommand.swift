import Catalogue
import Checkers
import Documents
import Events
import Evidence
import Glibc
import Platform
import Reports
import Rigs
import Scenarios
import Systems

extension Command {
    static let test = Command(
        name: "test", summary: "Run scenarios on a rig and say whether the system recovered", operands: "ID…",
        options: [
            .value("--rig", "FILE", "the rig file (default: twin, which needs no hardware)"),
            .value("--system", "FILE", "the profile of the system under test (default: reference-controller)"),
            .value("--repeat", "N", "make each run N times (default: 1)"),
            .value("--parallel", "K", "make K runs at once, each with a twin of its own (default: 1)"),
            .value("--seed", "S", "settle every random choice (default: one by the clock, printed in the report)"),
            .value("--without", "PROTECTION", "start the system with a protection switched off", repeats: true),
            .flag(
                "--null",
                "make null runs: keep the timing, make neither fault nor heal; anything found is a false alarm"),
            .flag(
                "--hold-fault",
                "leave the fault standing until Enter, within the longest cut, to go and measure; never scored"),
            .flag(
                "--chain",
                "make runs one after the other on one system, brought up once; quick, not for certification, never scored"
            ),
            .value("--out", "DIR", "where the runs go (default: knxrig-runs/<UTC>)"),
            .value("--resume", "DIR", "go on with a campaign that was cut off: make the runs in DIR that are missing"),
            .value(
                "--go", "DIR", "write Go tests that run these scenarios from `go test` into a Go package; run nothing"),
            .flag("--dry-run", "print what would be cut, how often, how long, and what is missing; touch nothing"),
            .value("--progress", "HOW", "auto (on a terminal), plain (a line per step), none"), data,
        ],
        examples: [
            "knxrig test HW-1", "knxrig test HW-1 IF-1 --parallel 2",
            "knxrig test HW-1/cut-3s --repeat 10 --parallel 2",
            "knxrig test all --go ~/controller/resilience", "knxrig test HW-1 --rig my-bench.yaml --dry-run",
            "knxrig test IF-1 --without mqtt.reconnect", "knxrig test HW-1 --hold-fault",
            "knxrig test IF-1 PB-2 HW-1 --chain",
            "knxrig test --resume knxrig-runs/20261127T091500Z",
        ],
        notes: """
            ID is a scenario (its default variant), ID/VARIANT, ID/all, tier-1 … tier-6, or all. Ctrl-C heals, goes to the safe state and reports.
            With --chain, what one scenario shows of the normal state after its recovery is the baseline of the next; after a run that does not pass comes a
            fresh system. What needs a start or a workload of its own is run by itself. With --parallel each worker has chains of its own.
            Exit status: 0 pass, 1 fail, 2 usage or bad input, 3 invalid, 4 inconclusive, 5 error, 130 aborted; of several the worst.
            """
    ) { arguments in
        try TestRequest(arguments).perform()
    }
}

/// What `knxrig test` was asked for, checked before anything is touched.
private struct TestRequest {
    let plans: [TestPlan]
    let repetitions: Int
    let parallel: Int
    let out: String?
    let isDryRun: Bool
    let progress: ProgressPrinter.Kind
    let goTests: GoTestWriting?

    /// What is written beside the runs, so that the campaign can be gone on with.
    let file: CampaignFile
    let isResumed: Bool
    /// What a selection of many leaves out.
    let apart: [String]

    init(_ arguments: Arguments) throws {
        let data = Command.dataDirectories(arguments)
        let catalogue = try Catalogue.load(data)
        progress = try ProgressPrinter.kind(arguments)
        isDryRun = arguments.has("--dry-run")
        isResumed = arguments.has("--resume")
        out = arguments.value("--resume") ?? arguments.value("--out")
        file = try isResumed ? Self.resumed(arguments) : Self.asked(arguments, data)
        repetitions = file.repetitions
        parallel = file.parallel
        var plans: [TestPlan] = []
        for operand in file.operands {
            for (scenario, variant) in try catalogue.select(operand) {
                var job = Job(
                    scenario: scenario.id, variant: variant.name, repetition: 1, seed: Int64(file.seed),
                    scenarioFile: scenario.file,
                    rigFile: file.rigFile, systemFile: file.systemFile, sabotage: file.sabotage,
                    isNull: file.isNull, directory: "")
                job.dataDirectories = data.directories
                job.isHeld = arguments.has("--hold-fault")
                do {
                    plans.append(try TestPlan(job: job))
                } catch let fault as SystemFault {
                    throw UsageFailure(fault.description)
                }
            }
        }
        self.plans = plans
        apart = file.operands.flatMap(catalogue.apart).filter { name in
            !plans.contains { $0.job.name == name }
        }
        goTests = try arguments.value("--go").map { directory throws(DocumentFailure) in
            try GoTestWriting(
                plans, into: directory, rig: arguments.value("--rig") ?? "twin",
                system: arguments.value("--system") ?? "reference-controller")
        }
        if arguments.has("--hold-fault") {
            if file.isChained {
                throw UsageFailure("'--hold-fault' with '--chain': what is held by hand is no baseline")
            }
            if parallel > 1 { throw UsageFailure("'--hold-fault' with '--parallel \(parallel)': one hand, one fault") }
            if arguments.has("--null") { throw UsageFailure("'--hold-fault' with '--null': a null run has no fault") }
            if let obstacle = plans.compactMap(\.holdObstacle).first {
                throw UsageFailure("'--hold-fault': \(obstacle)")
            }
        }
        if plans.contains(where: { $0.rig.kind == .bench }), parallel > 1 {
            throw UsageFailure("'--parallel \(parallel)': a bench has one of everything; only twins run at once")
        }
    }

    private static func asked(_ arguments: Arguments, _ data: DataDirectories) throws -> CampaignFile {
        guard !arguments.operands.isEmpty else {
            throw UsageFailure("name a scenario, such as HW-1; `knxrig scenarios` lists them")
        }
        let rigFile = try data.find(arguments.value("--rig") ?? "twin", folder: "")
        let systemFile = try data.find(arguments.value("--system") ?? "reference-controller", folder: "systems")
        return CampaignFile(
            operands: arguments.operands, rigFile: Files.resolved(rigFile) ?? rigFile,
            systemFile: Files.resolved(systemFile) ?? systemFile,
            repetitions: try arguments.integer("--repeat", 1...100_000, default: 1),
            parallel: try arguments.integer("--parallel", 1...16, default: 1),
            seed: try arguments.integer(
                "--seed", 0...Int.max, default: Int(MonotonicClock.unixNanoseconds() / 1_000_000_000)),
            sabotage: arguments.all("--without"), isNull: arguments.has("--null"), isChained: arguments.has("--chain"))
    }

    /// All but the number of runs at once is as it was asked for in the beginning.
    private static func resumed(_ arguments: Arguments) throws -> CampaignFile {
        let others = [
            "--rig", "--system", "--repeat", "--seed", "--without", "--null", "--out", "--go", "--hold-fault",
            "--chain",
        ]
        if let other = others.first(where: arguments.has) {
            throw UsageFailure("'--resume' with '\(other)': a campaign goes on as it was asked for in the beginning")
        }
        if let operand = arguments.operands.first {
            throw UsageFailure("'--resume' with '\(operand)': campaign.json in that directory names the scenarios")
        }
        var file = try CampaignFile(of: arguments.value("--resume") ?? "")
        file.parallel = try arguments.integer("--parallel", 1...16, default: file.parallel)
        return file
    }

    func perform() throws -> ExitStatus {
        if let goTests {
            Terminal.output(try goTests.write().map { $0 + "\n" }.joined())
            Terminal.error("run them there with: \(goTests.command)\n")
            return .pass
        }
        if isDryRun {
            for plan in plans { Terminal.output(plan.dryRunText(repetitions: repetitions)) }
            return plans.allSatisfy { $0.obstacles.isEmpty && $0.refusals.isEmpty } ? .pass : .invalid
        }
        for plan in plans {
            if let refusal = plan.refusals.first {
                Terminal.error("knxrig: \(plan.job.name): refused: \(refusal)\n")
                return .usage
            }
        }
        let runnable = plans.filter(\.obstacles.isEmpty)
        let notRun = plans.filter { !$0.obstacles.isEmpty }
        for plan in notRun {
            Terminal.error("knxrig: \(plan.job.name): not run: \(plan.obstacles.joined(separator: "; "))\n")
        }
        guard !runnable.isEmpty else { return .invalid }
        for name in apart {
            Terminal.error("knxrig: \(name) is made apart, because it takes minutes: knxrig test \(name)\n")
        }
        for text in runnable.compactMap(\.dipsText) { Terminal.error("knxrig: " + text) }
        let runs: RunsDirectory
        do {
            runs = try RunsDirectory.create(out)
            try runs.requireSpace(octets: 50_000_000)
        } catch {
            Terminal.error("knxrig: \(error)\n")
            return .error
        }
        return try make(runnable, notRun, runs)
    }

    private func make(_ plans: [TestPlan], _ notRun: [TestPlan], _ runs: RunsDirectory) throws -> ExitStatus {
        var asked: [(job: Job, plan: TestPlan)] = []
        for repetition in 1...repetitions {
            for plan in plans {
                var job = plan.job
                job.repetition = repetition
                job.seed = plan.job.seed &+ Int64(repetition - 1)
                asked.append((job, plan))
            }
        }
        var jobs = asked.map(\.job)
        if file.isChained {
            let chains = Chain.jobs(asked, parallel: parallel)
            jobs = chains.jobs
            for (name, reason) in chains.alone {
                Terminal.error("knxrig: \(name): run by itself, not chained: \(reason)\n")
            }
        }
        let session = RunSession(runs: runs, progress: progress)
        var kept: KeptRuns?
        if isResumed {
            let build = (try? HashedFile(path: Program.path))?.sha256 ?? "unknown"
            let found = KeptRuns(in: runs, of: plans, toolBuild: build)
            kept = found
        } else if !plans.contains(where: \.job.isHeld) {
            try file.write(to: runs.path)
        }
        let made = try session.make(jobs, keeping: kept, parallel: parallel)
        session.report(made, plans, notRun)
        // Whoever was stopped before a run began has no result of it.
        if made.counted.count < jobs.count { return .aborted }
        return status(made.counted.map(\.verdict.outcome), isComplete: notRun.isEmpty)
    }

    /// Of several results the worst: aborted, then fail, error, invalid, inconclusive, pass.
    private func status(_ outcomes: [Outcome], isComplete: Bool) -> ExitStatus {
        let order: [(Outcome, ExitStatus)] = [
            (.aborted, .aborted), (.fail, .fail), (.error, .error), (.invalid, .invalid),
            (.inconclusive, .inconclusive),
        ]
        return order.first { outcomes.contains($0.0) }?.1 ?? (isComplete ? .pass : .invalid)
    }
}
