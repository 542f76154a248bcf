import Catalogue
import Checkers
import Documents
import Evidence
import Platform
import Rigs
import Scenarios
import Systems

extension Command {
    static let systemCheck = Command(
        name: "system check",
        summary: "Start a system by its profile, do nothing to it, and say what of it cannot be seen",
        operands: "FILE",
        options: [
            .value("--rig", "FILE", "the rig file (default: twin, which needs no hardware)"),
            .value("--out", "DIR", "where the evidence goes (default: knxrig-runs/<UTC>)"),
            .value("--progress", "HOW", "auto (on a terminal), plain (a line per step), none"), data,
        ],
        examples: [
            "knxrig system check reference-controller", "knxrig system check my-controller.yaml --rig my-bench.yaml",
        ],
        notes: """
            The baseline of every run, alone: telegrams on the line, and each view, the health and the commands of the profile looked at. Write a profile, run
            this until nothing is missing, then break things.
            Exit status: 0 everything was seen, 1 something was not (one line each), 2 usage or bad input, 3 the rig could not tell.
            """
    ) { arguments in
        try SystemCheck(arguments).perform()
    }
}

/// What `knxrig system check` was asked for, checked before anything is touched.
private struct SystemCheck {
    let plan: TestPlan
    let out: String?
    let progress: ProgressPrinter.Kind

    init(_ arguments: Arguments) throws {
        guard arguments.operands.count == 1, let file = arguments.operands.first else {
            throw UsageFailure("name one profile, such as reference-controller")
        }
        let data = Command.dataDirectories(arguments)
        progress = try ProgressPrinter.kind(arguments)
        out = arguments.value("--out")
        let rigFile = try data.find(arguments.value("--rig") ?? "twin", folder: "")
        let systemFile = try data.find(file, folder: "systems")
        // Any scenario will do: its fault is never made.
        var plans: [TestPlan] = []
        for scenario in try Catalogue.load(data).scenarios {
            var job = Job(
                scenario: scenario.id, variant: scenario.variants[0].name, repetition: 1, seed: 1,
                scenarioFile: scenario.file, rigFile: rigFile, systemFile: systemFile, sabotage: [], directory: "")
            job.dataDirectories = data.directories
            job.isCheck = true
            plans.append(try TestPlan(job: job))
        }
        // What stands in the way of every scenario stands in the way of the check.
        plan = plans.min { $0.obstacles.count < $1.obstacles.count } ?? plans[0]
    }

    func perform() throws -> ExitStatus {
        guard plan.obstacles.isEmpty else {
            for obstacle in plan.obstacles { Terminal.error("knxrig: \(plan.system.name): \(obstacle)\n") }
            return .invalid
        }
        let runs = try RunsDirectory.create(out)
        let session = RunSession(runs: runs, progress: progress)
        let made = try session.make([plan.job], parallel: 1)
        guard let result = made.all.last else { return .error }
        let verdict = result.verdict
        for sentence in verdict.findings.isEmpty ? [verdict.sentence] : verdict.findings.map(\.sentence) {
            Terminal.output("\(plan.system.name) on \(plan.rig.name): \(sentence)\n")
        }
        Terminal.output("evidence: \(result.job.directory)\n")
        switch verdict.outcome {
        case .pass: return .pass
        case .fail: return .fail
        case .aborted: return .aborted
        case .error: return .error
        default: return .invalid
        }
    }
}
