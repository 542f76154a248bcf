import Catalogue
import Checkers
import Events
import Rigs
import Systems

/// What of a sweep this rig can make, through what, and what it costs; said before anything is touched.
struct DipPlan: Sendable, Hashable {
    struct NotMade: Sendable, Hashable {
        var lengthNanoseconds: Int64
        var reason: String
    }

    /// A relay's contact takes and bounces for about as long: what is shorter is made by a switch without one.
    static let shortestOfRelay: Int64 = 50_000_000
    /// So near to the instant at which the interface daemon notices, what comes of a dip is chance.
    private static let uncertain: Int64 = 1_500_000_000

    var sweep: DipSweep
    var notMade: [NotMade]
    /// From this length on a dip interrupts the system, by its own word; nil where it says nothing.
    var interruptsFrom: Instant.Span?

    init(_ wanted: Scenario.Sweep, rig: Rig, line: RigLine, system: SystemProfile) {
        let forbidden = system.limits.daemonDetectsAfter.map { ($0 - Self.uncertain + 1)...($0 + Self.uncertain - 1) }
        interruptsFrom = system.limits.daemonDetectsAfter.min().map { Instant.Span(nanoseconds: $0 + Self.uncertain) }
        var arms: [DipSweep.Arm] = []
        var notMade: [NotMade] = []
        for length in DipGrid.lengths(
            from: wanted.fromNanoseconds, to: wanted.toNanoseconds, count: wanted.lengths)
        {
            let isOfRelay = length >= Self.shortestOfRelay
            let id = isOfRelay ? line.supply?.channel : line.supply?.wireSwitch
            guard let channel = id.flatMap({ rig.channel($0)?.channel }) else {
                notMade.append(
                    NotMade(
                        lengthNanoseconds: length,
                        reason: isOfRelay
                            ? "needs a relay channel that feeds the line's supply" : "needs a solid-state switch"))
                continue
            }
            if let reason = Self.obstacle(length, channel, forbidden) {
                notMade.append(NotMade(lengthNanoseconds: length, reason: reason))
            } else if let index = arms.firstIndex(where: { $0.channel == channel.id }) {
                arms[index].lengths.append(length)
            } else {
                arms.append(DipSweep.Arm(channel: channel.id, lengths: [length]))
            }
        }
        self.notMade = notMade
        sweep = DipSweep(arms: arms, times: wanted.times, forbidden: forbidden)
        sweep.mostMore = sweep.canTellApart ? max(0, min(sweep.mostMore, rig.cyclesPerHour - sweep.atLeast)) : 0
    }

    private static func obstacle(
        _ length: Int64, _ channel: RigChannel, _ forbidden: [ClosedRange<Int64>]
    ) -> String? {
        if length < channel.minimumOffNanoseconds {
            return
                "channel '\(channel.id)' must be cut for at least \(DipLength.text(channel.minimumOffNanoseconds))"
        }
        if length > channel.longestCutNanoseconds {
            return
                "channel '\(channel.id)' may be cut for \(DipLength.text(channel.longestCutNanoseconds)) at most"
        }
        return forbidden.contains { $0.contains(length) }
            ? "ends within 1.5 s of when the interface daemon detects a dead line: its outcome would be chance" : nil
    }

    /// Operations of the contacts: two for each dip.
    var clicks: (atLeast: Int, atMost: Int) {
        (2 * sweep.atLeast, 2 * (sweep.atLeast + (sweep.mostMore >= sweep.times ? sweep.mostMore : 0)))
    }

    /// `65 dips of 12 lengths, 130 clicks; 120 more at most where two lengths differ`.
    var cost: String {
        let lengths = sweep.arms.reduce(0) { $0 + $1.lengths.count }
        let more = clicks.atMost - clicks.atLeast
        return "\(sweep.atLeast) dips of \(lengths) lengths, \(clicks.atLeast) clicks"
            + (more > 0 ? "; \(more) clicks more at most where two lengths differ" : "")
    }

    var cuts: [PlanOfClicks.Cut] {
        sweep.arms.flatMap { arm in
            arm.lengths.map { PlanOfClicks.Cut(channel: arm.channel, nanoseconds: $0, count: sweep.times) }
        }
    }

    /// Why it must not be made at all.
    func refusals(_ rig: Rig) -> [String] {
        if sweep.arms.isEmpty {
            return ["none of the lengths can be made: \(notMade.first?.reason ?? "there is none")"]
        }
        return sweep.arms.compactMap { arm in
            let dips = arm.lengths.count * sweep.times
            return dips > rig.cyclesPerHour
                ? "channel '\(arm.channel)' would be cut \(dips) times; the rig file allows \(rig.cyclesPerHour) within an hour"
                : nil
        }
    }
}

extension TestPlan {
    /// The sweep of this run; nil for any other fault.
    var dips: DipPlan? { variant.fault.sweep.map { DipPlan($0, rig: rig, line: line, system: system) } }

    /// What the sweep of this run will cost and what of it cannot be made, for people, before it begins; nil for any other run.
    public var dipsText: String? {
        dips.map { dips in
            (["\(job.name): \(dips.cost)"]
                + dips.notMade.map { "\(job.name): \(DipLength.text($0.lengthNanoseconds)) not run: \($0.reason)" })
                .joined(separator: "\n") + "\n"
        }
    }

    /// From a cut on the mains side to where the twin's chips stop: its supply's hold-up, then 0.9 ms from 29 V to their 20 V at 10 V/ms, and 1.5 ms
    /// for which they wait themselves. Only the twin's are known; nil too where the sweep does not go past it on both sides.
    var knownThreshold: (channel: String, nanoseconds: Int64, tolerance: Int64)? {
        let tolerance: Int64 = 5_000_000
        guard rig.kind == .twin, let supply = line.supply,
            let arm = dips?.sweep.arms.first(where: { $0.channel == supply.channel })
        else { return nil }
        let known = supply.holdUpNanoseconds + 2_400_000
        guard let shortest = arm.lengths.first, let longest = arm.lengths.last, shortest < known - tolerance,
            longest > known + tolerance
        else { return nil }
        return (supply.channel, known, tolerance)
    }
}
