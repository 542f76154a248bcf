import Catalogue
import Checkers
import Documents
import Events
import Evidence
import Platform
import Reports
import Rigs
import Scenarios
import Systems

extension Command {
    static let calibrate = Command(
        name: "calibrate", summary: "Prove that scenarios can fail: clean runs, each sabotage, null runs",
        operands: "ID…|all",
        options: [
            .value("--rig", "FILE", "the rig file (default: twin, which needs no hardware)"),
            .value(
                "--system", "FILE",
                "the profile of a system whose protections can be switched off (default: reference-controller)"),
            .value("--clean", "N", "clean runs per variant (default: 1)"),
            .value("--null", "N", "null runs in all (default: 20)"),
            .flag(
                "--others",
                "without each protection make the other scenarios' runs too, and say which of them fail as well"
            ),
            .value(
                "--without", "PROTECTION", "only the variants that name this protection (default: all)", repeats: true),
            .value("--parallel", "K", "make K runs at once, each with a twin of its own (default: 1)"),
            .value("--seed", "S", "settle every random choice (default: one by the clock, printed in the report)"),
            .value("--out", "DIR", "where the runs go (default: knxrig-runs/<UTC>)"),
            .value("--progress", "HOW", "auto (on a terminal), plain (a line per step), none"), data,
        ],
        examples: [
            "knxrig calibrate all --parallel 4", "knxrig calibrate HW-1 --clean 3 --null 5",
            "knxrig calibrate all --others --parallel 8", "knxrig calibrate all --others --without db.unique",
        ],
        notes: """
            ID is a scenario (all of its variants) or ID/VARIANT. Writes qualification.json beside the report. A sabotage counts as caught when its scenario fails
            and the first sentence names the broken property itself, and not only what the fault had taken away. A variant without a sabotage is not qualified:
            nothing shows that it can fail. With --others the first variant of every scenario that does not name a protection is run
            without it: what fails there qualifies nothing, and tells how far its absence reaches (all of them: about a thousand runs).
            Exit status: 0 qualified, 1 a sabotage was missed, or there is none, or a clean or null run was not clean, 2 usage or bad input, 130 aborted.
            """
    ) { arguments in
        try CalibrationRequest(arguments).perform()
    }
}

/// What `knxrig calibrate` was asked for, checked before anything is touched.
private struct CalibrationRequest {
    let calibration: Calibration
    let plans: [TestPlan]
    /// What a selection of many leaves out.
    let apart: [String]
    let parallel: Int
    let out: String?
    let progress: ProgressPrinter.Kind

    init(_ arguments: Arguments) throws {
        let data = Command.dataDirectories(arguments)
        let catalogue = try Catalogue.load(data)
        guard !arguments.operands.isEmpty else {
            throw UsageFailure("name a scenario, such as HW-1, or all; `knxrig scenarios` lists them")
        }
        parallel = try arguments.integer("--parallel", 1...16, default: 1)
        let clean = try arguments.integer("--clean", 1...10_000, default: 1)
        let null = try arguments.integer("--null", 0...10_000, default: 20)
        let seed = try arguments.integer(
            "--seed", 0...Int.max, default: Int(MonotonicClock.unixNanoseconds() / 1_000_000_000))
        progress = try ProgressPrinter.kind(arguments)
        out = arguments.value("--out")
        let rigFile = try data.find(arguments.value("--rig") ?? "twin", folder: "")
        let systemFile = try data.find(arguments.value("--system") ?? "reference-controller", folder: "systems")
        var plans: [TestPlan] = []
        for operand in arguments.operands {
            for (scenario, variant) in try catalogue.selectWhole(operand) {
                for protection in [nil] + variant.sabotages.map({ Optional($0.protection) }) {
                    var job = Job(
                        scenario: scenario.id, variant: variant.name, repetition: 1, seed: Int64(seed),
                        scenarioFile: scenario.file, rigFile: rigFile, systemFile: systemFile,
                        sabotage: protection.map { [$0] } ?? [], directory: "")
                    job.dataDirectories = data.directories
                    do {
                        let plan = try TestPlan(job: job)
                        if protection == nil { plans.append(plan) }
                    } catch let fault as SystemFault {
                        throw UsageFailure("\(scenario.id)/\(variant.name): \(fault.description)")
                    }
                }
            }
        }
        let protections = arguments.all("--without")
        let named = Set(plans.flatMap { $0.variant.sabotages.map(\.protection) })
        for protection in protections where !named.contains(protection) {
            throw UsageFailure(
                "'--without \(protection)': no variant that was asked for names it"
                    + Nearest.suggestion(for: protection, among: named.sorted()))
        }
        let others = arguments.has("--others")
        calibration = Calibration(
            plans, clean: clean, null: null, bystanders: others, of: protections.isEmpty ? nil : Set(protections))
        self.plans = others ? plans : calibration.plans
        apart = arguments.operands.flatMap(catalogue.apart).filter { name in
            !plans.contains { $0.job.name == name }
        }
        if plans.contains(where: { $0.rig.kind == .bench }), parallel > 1 {
            throw UsageFailure("'--parallel \(parallel)': a bench has one of everything; only twins run at once")
        }
    }

    func perform() throws -> ExitStatus {
        for plan in plans {
            let obstacles = plan.obstacles + plan.refusals
            guard obstacles.isEmpty else {
                Terminal.error("knxrig: \(plan.job.name): not run: \(obstacles.joined(separator: "; "))\n")
                return .invalid
            }
        }
        for name in apart {
            Terminal.error("knxrig: \(name) is made apart, because it takes minutes: knxrig calibrate \(name)\n")
        }
        for text in plans.compactMap(\.dipsText) { Terminal.error("knxrig: each " + text) }
        let runs: RunsDirectory
        do {
            runs = try RunsDirectory.create(out)
            try runs.requireSpace(octets: Int64(calibration.jobs.count) * 20_000_000)
        } catch {
            Terminal.error("knxrig: \(error)\n")
            return .error
        }
        let session = RunSession(runs: runs, progress: progress)
        let began = MonotonicClock.now()
        let made = try session.make(calibration.jobs, parallel: parallel)
        session.report(made, plans, [])
        guard made.counted.count == calibration.jobs.count,
            !made.counted.contains(where: { $0.verdict.outcome == .aborted })
        else { return .aborted }
        let build = (try? HashedFile(path: Program.path))?.sha256 ?? "unknown"
        let qualification = calibration.qualification(
            made.counted, build: build, made: MonotonicClock.unixNanoseconds() / 1_000_000_000)
        try Files.write(Array((JSON.text(qualification.value) + "\n").utf8), to: runs.path + "/qualification.json")
        let seconds = (MonotonicClock.now() - began).nanoseconds / 1_000_000_000
        Terminal.output(QualificationSummary.text(qualification))
        Terminal.output(
            "took \(seconds / 60) min \(seconds % 60) s, \(parallel) at once; \(runs.path)/qualification.json\n")
        return qualification.isQualified ? .pass : .fail
    }
}
