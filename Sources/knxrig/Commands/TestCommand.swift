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
            .value("--out", "DIR", "where the runs go (default: knxrig-runs/<UTC>)"),
            .flag("--dry-run", "print what would be cut, how often, how long, and what is missing; touch nothing"),
            .value("--progress", "HOW", "auto (on a terminal), plain (a line per step), none"), data,
        ],
        examples: [
            "knxrig test HW-1", "knxrig test HW-1 IF-1 --parallel 2",
            "knxrig test HW-1/cut-3s --repeat 10 --parallel 2",
            "knxrig test HW-1 --rig my-bench.yaml --dry-run", "knxrig test IF-1 --without mqtt.reconnect",
        ],
        notes: """
            ID is a scenario (its default variant), ID/VARIANT, ID/all, tier-1 … tier-6, or all. Ctrl-C heals, goes to the safe state and reports.
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
    let progress: Progress

    enum Progress: String, CaseIterable {
        case auto, plain, none
    }

    init(_ arguments: Arguments) throws {
        let data = Command.dataDirectories(arguments)
        let catalogue = try Catalogue.load(data)
        guard !arguments.operands.isEmpty else {
            throw UsageFailure("name a scenario, such as HW-1; `knxrig scenarios` lists them")
        }
        repetitions = try arguments.integer("--repeat", 1...100_000, default: 1)
        parallel = try arguments.integer("--parallel", 1...16, default: 1)
        let seed = try arguments.integer(
            "--seed", 0...Int.max, default: Int(MonotonicClock.unixNanoseconds() / 1_000_000_000))
        guard let progress = Progress(rawValue: arguments.value("--progress") ?? "auto") else {
            throw UsageFailure("'--progress \(arguments.value("--progress") ?? "")' should be auto, plain or none")
        }
        self.progress = progress
        out = arguments.value("--out")
        isDryRun = arguments.has("--dry-run")
        let rigFile = try data.find(arguments.value("--rig") ?? "twin", folder: "")
        let systemFile = try data.find(arguments.value("--system") ?? "reference-controller", folder: "systems")
        var plans: [TestPlan] = []
        for operand in arguments.operands {
            for (scenario, variant) in try catalogue.select(operand) {
                let job = Job(
                    scenario: scenario.id, variant: variant.name, repetition: 1, seed: Int64(seed),
                    scenarioFile: scenario.file,
                    rigFile: rigFile, systemFile: systemFile, sabotage: arguments.all("--without"), directory: "")
                do {
                    plans.append(try TestPlan(job: job))
                } catch let fault as SystemFault {
                    throw UsageFailure(fault.description)
                }
            }
        }
        self.plans = plans
        if plans.contains(where: { $0.rig.kind == .bench }), parallel > 1 {
            throw UsageFailure("'--parallel \(parallel)': a bench has one of everything; only twins run at once")
        }
    }

    func perform() throws -> ExitStatus {
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
        var jobs: [Job] = []
        for repetition in 1...repetitions {
            for plan in plans {
                var job = plan.job
                job.repetition = repetition
                job.seed = plan.job.seed &+ Int64(repetition - 1)
                job.directory = try runs.makeRun(
                    scenario: job.scenario, variant: job.variant, repetition: repetition
                ).path
                jobs.append(job)
            }
        }
        let began = MonotonicClock.unixNanoseconds()
        let printer = ProgressPrinter(progress == .plain || (progress == .auto && Terminal.errorIsTerminal), jobs: jobs)
        let campaign = Campaign(
            program: Program.path, onProgress: { printer.show($0.job, $0.text) },
            onResult: { printer.show($0.job, "\($0.verdict.outcome.rawValue)") })
        try passSignals(to: campaign)
        var results = campaign.run(jobs, parallel: parallel)
        let replaced = try makeAgain(campaign, runs, &results)
        try report(results, replaced, plans, notRun, runs, began: began)
        let counted = results.filter { !replaced.contains($0.job) }
        return status(counted.map(\.verdict.outcome), isComplete: notRun.isEmpty)
    }

    /// A run in which the rig itself was late says nothing about the system and does not enter N: it is made again, at most twice. Returns the
    /// jobs that others took the place of.
    private func makeAgain(_ campaign: Campaign, _ runs: RunsDirectory, _ results: inout [JobResult]) throws -> Set<Job>
    {
        var replaced: Set<Job> = []
        for round in 1...2 {
            var again: [(late: Job, job: Job)] = []
            for result in results where result.verdict.isRigsOwnLateness && !replaced.contains(result.job) {
                var job = result.job
                job.repetition = (result.job.repetition - 1) % repetitions + 1 + round * repetitions
                job.directory = try runs.makeRun(
                    scenario: job.scenario, variant: job.variant, repetition: job.repetition
                ).path
                again.append((result.job, job))
            }
            // After an abort nothing is made again, and the late run stands.
            let made = campaign.run(again.map(\.job), parallel: 1)
            for (late, job) in again where made.contains(where: { $0.job == job }) { replaced.insert(late) }
            results += made
        }
        return replaced
    }

    /// Ctrl-C and its like ask every run to heal and end; a second one ends them at once.
    private func passSignals(to campaign: Campaign) throws {
        let signals = try Signals.descriptor(for: [SIGINT, SIGTERM, SIGHUP])
        watchSignals(signals, campaign)
    }

    private func report(
        _ results: [JobResult], _ replaced: Set<Job>, _ plans: [TestPlan], _ notRun: [TestPlan], _ runs: RunsDirectory,
        began: Int64
    ) throws {
        let reports = results.map { result in
            let evidence = try? JournalReader.read(result.job.directory + "/evidence.jsonl")
            var plan: Value = [
                "sabotage": .list(result.job.sabotage.map { .text($0) }), "seed": .integer(result.job.seed),
            ]
            if case .plan(let written) = evidence?.events.first?.payload { plan = written }
            var report = RunReport(
                id: result.job.scenario, variant: result.job.variant, repetition: result.job.repetition,
                directory: RunDirectory.name(result.job.scenario, result.job.variant, result.job.repetition),
                verdict: result.verdict, events: evidence?.events ?? [], plan: plan)
            report.isReplaced = replaced.contains(result.job)
            report.files = Set(Files.entries(of: result.job.directory))
            return report
        }
        let first = plans[0]
        let campaign = CampaignReport(
            knxrig: KnxRig.version, rig: first.rig.name, system: first.system.name, systemBuild: first.systemBuild,
            began: began / 1_000_000_000, runs: reports,
            notRun: notRun.map {
                CampaignReport.NotRun(
                    id: $0.job.scenario, variant: $0.job.variant, reason: $0.obstacles.joined(separator: "; "))
            })
        do {
            try Files.write(Array(Results.text(campaign).utf8), to: runs.path + "/results.json")
            try Files.write(Array(JUnit.text(campaign).utf8), to: runs.path + "/junit.xml")
            try Files.write(Array(HTMLReport.text(campaign).utf8), to: runs.path + "/report.html")
        } catch {
            Terminal.error("knxrig: the report could not be written: \(error)\n")
        }
        let colours = Terminal.outputIsTerminal && Program.environment["NO_COLOR"] == nil
        Terminal.output(TerminalSummary.text(campaign, colours: colours))
        Terminal.output("report: \(runs.path)/report.html\n")
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

private func watchSignals(_ signals: Descriptor, _ campaign: Campaign) {
    NamedThread.start("signals") {
        while true {
            _ = Poll.wait([(signals, .readable)], until: nil)
            guard Signals.next(from: signals) != nil else { continue }
            Terminal.error("knxrig: healing and going to the safe state …\n")
            campaign.abort("somebody asked the run to stop")
        }
    }
}
