import Catalogue
import Rigs
import Systems

extension TestPlan {
    /// How long a run takes at least, in seconds: listening, start, baseline, fault, recovery at once, hold, leaks.
    public var shortestSeconds: Int {
        let fixed: Int64 = 10 + 2 + 1 + 4
        let parts = variant.baselineNanoseconds + variant.fault.durationNanoseconds + variant.holdNanoseconds
        return Int(fixed + parts / 1_000_000_000)
    }

    /// What a run would do, for people: nothing is touched to say it.
    ///
    /// - Parameter repetitions: how many runs.
    public func dryRunText(repetitions: Int) -> String {
        var lines = ["\(job.name): \(scenario.name)"]
        let seconds = variant.fault.durationNanoseconds / 1_000_000_000
        switch variant.fault.action {
        case .cutLineSupply:
            let channel = supplyChannel ?? "?"
            lines.append(
                "  cuts     line '\(line.id)' through channel '\(channel)' for \(seconds) s, \(repetitions) times")
            let clicks = PlanOfClicks(
                cuts: [
                    PlanOfClicks.Cut(
                        channel: channel, nanoseconds: variant.fault.durationNanoseconds, count: repetitions)
                ], rig: rig)
            lines.append(
                "  clicks   \(clicks.clicks) of the contact, which is good for \(rig.channel(channel)?.channel.contactLife ?? 0)"
            )
            for refusal in clicks.refusals { lines.append("  REFUSED  \(refusal)") }
            for instant in system.limits.daemonDetectsAfter
            where abs(instant - variant.fault.durationNanoseconds) < 1_500_000_000 {
                lines.append(
                    "  REFUSED  the interface daemon detects a dead line after \(instant / 1_000_000) ms: a cut within 1.5 s of that "
                        + "has no certain outcome")
            }
        case .killService:
            lines.append(
                "  kills    service '\(variant.fault.service ?? "?")' of the system for \(seconds) s, \(repetitions) times; no relay clicks"
            )
        }
        lines.append("  expects  " + variant.expectations.map(\.checker).joined(separator: ", "))
        if !job.sabotage.isEmpty { lines.append("  without  " + job.sabotage.joined(separator: ", ")) }
        let total = shortestSeconds * repetitions
        lines.append("  takes    at least \(total / 60) min \(total % 60) s, one after the other")
        for obstacle in obstacles { lines.append("  NOT RUN  \(obstacle)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Why the rig or the system forbids this run, before anything is touched.
    public var refusals: [String] {
        guard variant.fault.action == .cutLineSupply, let channel = supplyChannel else { return [] }
        let clicks = PlanOfClicks(
            cuts: [PlanOfClicks.Cut(channel: channel, nanoseconds: variant.fault.durationNanoseconds, count: 1)],
            rig: rig)
        let uncertain = system.limits.daemonDetectsAfter.filter {
            abs($0 - variant.fault.durationNanoseconds) < 1_500_000_000
        }
        return clicks.refusals
            + uncertain.map {
                "a cut of \(variant.fault.durationNanoseconds / 1_000_000) ms ends within 1.5 s of the \($0 / 1_000_000) ms after which the "
                    + "interface daemon detects a dead line: its outcome would be chance"
            }
    }
}
