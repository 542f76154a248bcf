import Checkers
import Events
import Evidence
import Glibc
import Platform
import Reports
import Rigs
import Scenarios
import Systems

/// The runs of one command, from their start to their report.
struct RunSession {
    let runs: RunsDirectory
    let progress: ProgressPrinter.Kind
    let began = MonotonicClock.unixNanoseconds()

    /// Makes all runs; Ctrl-C and its like ask every run to heal and end, a second one ends them at once.
    ///
    /// Where faults are held, each line on standard input heals the one that stands.
    ///
    /// - Parameter kept: runs that need not be made again.
    func make(_ jobs: [Job], keeping kept: KeptRuns? = nil, parallel: Int) throws -> MadeRuns {
        let printer = ProgressPrinter(progress.isShown, jobs: jobs)
        let campaign = Campaign(
            program: Program.path, onProgress: { printer.show($0.job, $0.text) },
            onResult: { printer.show($0.job, "\($0.verdict.outcome.rawValue)") })
        watchSignals(try Signals.descriptor(for: [SIGINT, SIGTERM, SIGHUP]), campaign)
        if let kept, progress.isShown {
            Terminal.error("knxrig: \(kept.count) of \(jobs.count) runs are made already\n")
        }
        if jobs.contains(where: \.isHeld) { watchKeyboard(campaign) }
        return try MadeRuns(jobs, keeping: kept, campaign: campaign, parallel: parallel, below: runs)
    }

    /// Writes results.json, junit.xml and report.html, and prints the summary.
    func report(_ made: MadeRuns, _ plans: [TestPlan], _ notRun: [TestPlan]) {
        let reports = made.all.map { result in
            let evidence = try? JournalReader.read(result.job.directory + "/evidence.jsonl")
            var plan: Value = [
                "sabotage": .list(result.job.sabotage.map { .text($0) }), "seed": .integer(result.job.seed),
                "null_run": .bool(result.job.isNull), "held": .bool(result.job.isHeld),
            ]
            if case .plan(let written) = evidence?.events.first?.payload { plan = written }
            var report = RunReport(
                id: result.job.scenario, variant: result.job.variant, repetition: result.job.repetition,
                directory: result.job.directoryName, verdict: result.verdict, events: evidence?.events ?? [], plan: plan
            )
            report.isReplaced = made.replaced.contains(result.job)
            report.files = Set(Files.entries(of: result.job.directory))
            return report
        }
        let campaign = CampaignReport(
            knxrig: KnxRig.version, rig: plans[0].rig.name, system: plans[0].system.name,
            systemBuild: plans[0].systemBuild, began: began / 1_000_000_000, runs: reports,
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
        let colours = Terminal.outputIsTerminal && (Program.environment["NO_COLOR"] ?? "").isEmpty
        Terminal.output(TerminalSummary.text(campaign, colours: colours))
        let chained = reports.compactMap { $0.plan["chain"]?["length"]?.integer }
        if let longest = chained.max() {
            Terminal.output("\(ChainNote.sentence(longest))\n")
        }
        Terminal.output("report: \(runs.path)/report.html\n")
    }
}

/// Until the end of standard input, after which the rig heals when it must.
private func watchKeyboard(_ campaign: Campaign) {
    NamedThread.start("keyboard") {
        while readLine() != nil { campaign.heal() }
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
