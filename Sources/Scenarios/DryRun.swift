import Catalogue
import Checkers
import Events
import Rigs
import Systems

extension TestPlan {
    /// How long a run takes at least, in seconds: listening, start, baseline, fault, recovery at once, hold, leaks.
    public var shortestSeconds: Int {
        let fixed: Int64 = 10 + 2 + 1 + 4
        let parts =
            variant.baselineNanoseconds + variant.faultNanoseconds + variant.fault.closingNanoseconds
            + max(variant.holdNanoseconds, variant.load?.afterNanoseconds ?? 0)
            + (variant.load?.beforeNanoseconds ?? 0) + dipsNanoseconds
        return Int(fixed + parts / 1_000_000_000)
    }

    /// How long a run that passes takes at most, in seconds: with all of the time in which the system may recover.
    public var passingSeconds: Int { shortestSeconds + Int(recoveryLimit.nanoseconds / 1_000_000_000) }

    /// Each dip and two seconds after it, in which it shows that the system is there.
    private var dipsNanoseconds: Int64 {
        guard let sweep = dips?.sweep else { return 0 }
        return sweep.arms.flatMap(\.lengths).reduce(0) { $0 + ($1 + 2_000_000_000) * Int64(sweep.times) }
    }

    /// What a run would do, for people: nothing is touched to say it.
    ///
    /// - Parameter repetitions: how many runs.
    public func dryRunText(repetitions: Int) -> String {
        var lines = ["\(job.name): \(scenario.name)"]
        for step in variant.steps { lines += text(of: step, repetitions: repetitions) }
        for step in variant.steps {
            guard let channel = channel(of: step) else { continue }
            let clicks = clicks(of: step, channel, repetitions: repetitions)
            lines.append(
                "  clicks   \(clicks.clicks) of the contact, which is good for \(rig.channel(channel)?.channel.contactLife ?? 0)"
            )
            for refusal in clicks.refusals { lines.append("  REFUSED  \(refusal)") }
            for refusal in uncertainLengths(of: step) { lines.append("  REFUSED  \(refusal)") }
        }
        if let load = variant.load {
            lines.append(
                "  loads    line '\(line.id)' to \(load.atLeastPercent) % of its capacity at least, from \(load.beforeNanoseconds / 1_000_000_000) s "
                    + "before that until \(load.afterNanoseconds / 1_000_000_000) s after")
            if let stall = load.stall {
                lines.append(
                    "  stops    the \(stall.service) for the last \(stall.durationNanoseconds / 1_000_000_000) s before that"
                )
            }
        }
        if let cycles = variant.cycles {
            lines.append(
                "  cycles   all that \(cycles.count) times on one system, \(cycles.coolDownNanoseconds / 1_000_000_000) s after each recovery"
            )
        }
        lines.append("  expects  " + variant.expectations.map(\.checker).joined(separator: ", "))
        if !job.sabotage.isEmpty { lines.append("  without  " + job.sabotage.joined(separator: ", ")) }
        let total = shortestSeconds * repetitions
        lines.append("  takes    at least \(total / 60) min \(total % 60) s, one after the other")
        for obstacle in obstacles { lines.append("  NOT RUN  \(obstacle)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What a step does, for people.
    private func text(of step: Scenario.FaultStep, repetitions: Int) -> [String] {
        var lines: [String] = []
        let seconds = step.durationNanoseconds / 1_000_000_000
        let process = step.process ?? "?"
        switch step.action {
        case .cutLineSupply:
            let channel = supplyChannel ?? "?"
            let milliseconds = step.durationNanoseconds / 1_000_000
            let length = milliseconds.isMultiple(of: 1000) ? "\(seconds) s" : "\(milliseconds) ms"
            lines.append(
                "  cuts     line '\(line.id)' through channel '\(channel)' for \(length), \(repetitions) times")
            if let motion = supplyMotion { lines.append("  moves    \(motion.text)") }
        case .dipLineSupply:
            for arm in dips?.sweep.arms ?? [] {
                let lengths = arm.lengths.map { "\(DipLength.text($0))" }.joined(separator: ", ")
                lines.append(
                    "  dips     line '\(line.id)' through channel '\(arm.channel)' \(dips?.sweep.times ?? 0) times each for \(lengths), \(repetitions) times"
                )
            }
            if let dips {
                lines.append("  clicks   \(dips.cost); all that \(repetitions) times")
                for notMade in dips.notMade {
                    lines.append(
                        "  NOT RUN  \(DipLength.text(notMade.lengthNanoseconds)): \(notMade.reason)")
                }
                for refusal in refusals { lines.append("  REFUSED  \(refusal)") }
            }
        case .cutInterface:
            let again = step.againInReadOutNanoseconds.map {
                ", again for \($0 / 1_000_000_000) s while the system reads its state"
            }
            lines.append(
                "  unplugs  the system's interface through channel '\(interfaceChannel ?? "?")' for \(seconds) s\(again ?? ""), "
                    + "\(repetitions) times")
        case .killService:
            lines.append(
                "  kills    service '\(step.service ?? "?")' of the system for \(seconds) s, \(repetitions) times; no relay clicks"
            )
        case .stallService:
            lines.append(
                "  stops    service '\(step.service ?? "?")' of the system for \(seconds) s, \(repetitions) times; no relay clicks"
            )
        case .startWithoutService:
            lines.append(
                "  starts   the system again \(seconds) s before its service '\(step.service ?? "?")', \(repetitions) times; no relay clicks"
            )
        case .killSystem:
            lines.append(
                "  kills    the system \(step.times) times and starts it again, \(repetitions) times; no relay clicks"
            )
        case .stopSystem:
            lines.append("  stops    the system in order and starts it again, \(repetitions) times; no relay clicks")
        case .createTwice, .deleteParents, .changeAtOnce, .createAndDeleteAtOnce:
            lines.append(
                "  asks     the system's registry \(storm.map(RegistryStorm.count) ?? 0) times, \(repetitions) times; no relay clicks"
            )
        case .powerCycleHost:
            lines.append(
                "  cuts     the power of the system's host for \(seconds) s, \(repetitions) times; no relay clicks: the host is a process tree"
            )
        case .stallResolver:
            lines.append(
                "  stops    the name server for \(seconds) s and starts the system again, \(repetitions) times; no relay clicks"
            )
        case .floodHistory:
            lines.append(
                "  sends    \(historyReports) reports of devices and starts the system again, \(repetitions) times; no relay clicks"
            )
        case .floodRequests:
            lines.append(
                "  floods   the system's interface with requests for \(seconds) s, \(repetitions) times; no relay clicks"
            )
        case .resetClients:
            lines.append(
                "  resets   \(step.clients) WebSocket clients of the system at once, \(repetitions) times; no relay clicks"
            )
        case .silenceClients:
            lines.append(
                "  silences \(step.clients) WebSocket clients of the system for \(seconds) s, \(repetitions) times; no relay clicks"
            )
        case .stopReading:
            lines.append(
                "  stops    reading as a WebSocket client of the system for \(seconds) s, \(repetitions) times; no relay clicks"
            )
        case .startLocked:
            lines.append(
                "  starts   the system again while its database is locked, \(repetitions) times; no relay clicks")
        case .corruptConfiguration:
            lines.append(
                "  starts   the system with \(ConfigurationDamage.allCases.count) configurations that are none, \(repetitions) times; no relay clicks"
            )
        case .sendMalformed:
            lines.append(
                "  sends    \(malformedPairs.count) malformed telegrams by the injector '\(injector.rawValue)', \(repetitions) times; no relay clicks"
            )
        case .starveLine:
            lines.append(
                "  fills    line '\(line.id)' for \(seconds) s from addresses that win against the system's, \(repetitions) times; no relay clicks"
            )
        case .cutWrites, .refuseWrites, .swallowWrites:
            let verb =
                ["cut": "cuts    ", "refuse": "refuses ", "swallow": "swallows"][
                    Self.writeDamage(of: step)?.rawValue ?? ""]
                ?? "damages "
            lines.append(
                "  \(verb) writes through the gate '\(step.gate ?? "?")' for \(seconds) s, \(repetitions) times; no relay clicks"
            )
        case .troubleLink:
            lines.append(
                "  troubles the link through the gate '\(step.gate ?? "?")' for \(seconds) s: "
                    + "\(step.trouble.map { LinkTrouble($0).text } ?? "?"), \(repetitions) times; no relay clicks")
        case .lockDatabase:
            lines.append("  locks    the system's database for \(seconds) s, \(repetitions) times; no relay clicks")
        case .fillDisk:
            lines.append(
                "  fills    the system's own small disk for \(seconds) s at least, \(repetitions) times; no relay clicks"
            )
        case .killProcess:
            lines.append("  kills    process '\(process)' of the system, \(repetitions) times; no relay clicks")
        case .stallProcess:
            lines.append(
                "  stops    process '\(process)' of the system for \(seconds) s, \(repetitions) times; no relay clicks")
        case .hangProcess:
            lines.append(
                "  stops    process '\(process)' of the system for good, \(repetitions) times; no relay clicks")
        }
        if step.atNanoseconds > 0 {
            lines[0] += ", \(Double(step.atNanoseconds / 1_000_000) / 1000) s after the first fault began"
        }
        return lines
    }

    /// Why the rig or the system forbids this run, before anything is touched.
    public var refusals: [String] {
        if let dips { return PlanOfClicks(cuts: dips.cuts, rig: rig).refusals + dips.refusals(rig) }
        return variant.steps.flatMap { step in
            channel(of: step).map { clicks(of: step, $0, repetitions: 1).refusals + uncertainLengths(of: step) } ?? []
        }
    }

    private func clicks(of step: Scenario.FaultStep, _ channel: String, repetitions: Int) -> PlanOfClicks {
        let lengths = [step.durationNanoseconds, step.againInReadOutNanoseconds].compactMap(\.self)
        return PlanOfClicks(
            cuts: lengths.map { PlanOfClicks.Cut(channel: channel, nanoseconds: $0, count: repetitions) }, rig: rig)
    }

    /// A cut that ends when the interface daemon is just about to notice has no certain outcome.
    private func uncertainLengths(of step: Scenario.FaultStep) -> [String] {
        guard step.action == .cutLineSupply else { return [] }
        return system.limits.daemonDetectsAfter.filter { abs($0 - step.durationNanoseconds) < 1_500_000_000 }
            .map {
                "a cut of \(step.durationNanoseconds / 1_000_000) ms ends within 1.5 s of the \($0 / 1_000_000) ms after which the "
                    + "interface daemon detects a dead line: its outcome would be chance"
            }
    }
}
