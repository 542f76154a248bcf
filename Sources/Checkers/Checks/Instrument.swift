import Events
import KNX

/// Ours or theirs: what the rig itself did wrong. It makes a run invalid, never a fail.
struct Instrument {
    /// Around both edges of a fault its own probes may need this long to notice.
    private static let edge = Instant.Span.milliseconds(500)
    /// A probe that polls says something after every poll, and no poll takes this long.
    private static let dumb = Instant.Span.seconds(5)
    /// Tracers that were sent while the witness heard nothing: after so many it was deaf, not unlucky.
    private static let unheard = 10
    /// A thread of the rig's that was late by so much was late with all of this computer. Boards were lost to 930 ms of it (measured), none to the
    /// tens of milliseconds by which a busy computer makes a line late.
    private static let still = Instant.Span.milliseconds(300)
    /// A transfer that has got no answer is given up within this.
    private static let shortly = Instant.Span.seconds(2)

    static func findings(_ world: World) -> [Finding] {
        guard let began = world.judgedFrom, began < world.end else { return [] }
        let spoiled = spoiledDips(world)
        return [
            slip(world, began, besides: spoiled), tear(world, began, besides: spoiled), blindness(world, began),
            dumbness(world, began),
            deafness(world, began), loss(world, began, besides: spoiled),
        ].compactMap(\.self)
    }

    /// What of a run that ended early shows that this computer was late. That probes saw nothing any more is no sign of it there: they were ended.
    static func lateFindings(_ world: World) -> [Finding] {
        guard let began = world.judgedFrom, began < world.end else { return [] }
        return [slip(world, began, besides: []), tear(world, began, besides: [])].compactMap(\.self)
    }

    /// This computer stood still just before something else ended the run: whatever did not answer then, a relay board for one, was given no time to.
    static func standstill(_ world: World, before end: Instant) -> Finding? {
        world.timeline.slips.last {
            $0.content.lateNanoseconds >= still.nanoseconds && $0.instant <= end && end - $0.instant <= shortly
        }.map {
            invalid(
                "this computer stood still: '\($0.content.thread)' was late by \($0.content.lateNanoseconds / 1_000_000) ms "
                    + "\(Text.seconds(end - $0.instant)) before the run ended", at: $0.instant)
        }
    }

    private static func invalid(_ sentence: String, at instant: Instant) -> Finding {
        Finding(checker: "instrument", outcome: .invalid, sentence: sentence, at: instant)
    }

    /// What a line that was late, but not so late that the run is invalid, adds to the uncertainty of a time: the longest slip, as a rectangle.
    static func lateness(_ world: World) -> [BudgetItem] {
        let longest =
            world.timeline.slips.filter { $0.content.thread == "twin line" && $0.instant <= world.end }
            .map(\.content.lateNanoseconds).max() ?? 0
        guard longest > 0 else { return [] }
        return [
            BudgetItem(
                what: "the twin's line was late", nanoseconds: Int64((Double(longest) / 3.0.squareRoot()).rounded(.up)))
        ]
    }

    /// Whether the rig itself was late between two instants: a line that slipped, or a frame that reached the witness in two parts.
    static func isLate(_ world: World, from: Instant, to: Instant) -> Bool {
        !slips(world, from: from, to: to).isEmpty || !tears(world, from: from, to: to).isEmpty
    }

    /// Dips that the rig was late in, and that the system came back from all the same: they are not counted, and the run goes on.
    private static func spoiledDips(_ world: World) -> [ClosedRange<Instant>] {
        guard world.plan.expects("dips") else { return [] }
        return Dip.all(world.plan, world.timeline, until: world.end).filter {
            isLate(world, from: $0.cut, to: min($0.end, world.end)) && JudgedDip($0, world).outcome?.isSpoiled ?? false
        }.map { $0.cut...$0.end }
    }

    private static func slips(_ world: World, from: Instant, to: Instant) -> [Timeline.Stamped<Event.Slip>] {
        world.timeline.slips.filter {
            $0.instant >= from && $0.instant <= to && $0.content.thread == "twin line"
                && $0.content.lateNanoseconds > world.plan.slip.nanoseconds
        }
    }

    /// The simulated line missed its own bus time.
    private static func slip(_ world: World, _ began: Instant, besides spoiled: [ClosedRange<Instant>]) -> Finding? {
        let slip = slips(world, from: began, to: world.end).first { slip in
            !spoiled.contains { $0.contains(slip.instant) }
        }
        return slip.map {
            invalid(
                "the twin's line slipped by \($0.content.lateNanoseconds / 1_000_000) ms "
                    + "\(Text.relative($0.instant, to: world.witness.fault?.instant)): this computer was too busy to keep bus time",
                at: $0.instant)
        }
    }

    /// One frame that reached the witness in parts, which together are a good one: not the line stood still, but the computer. What was torn counts
    /// nowhere, so that nothing can be said of it.
    private static func tear(_ world: World, _ began: Instant, besides spoiled: [ClosedRange<Instant>]) -> Finding? {
        let tear = tears(world, from: began, to: world.end).first { tear in
            !spoiled.contains { $0.contains(tear.at) }
        }
        return tear.map {
            invalid(
                "a frame reached the witness in \($0.parts) parts, \(Text.seconds($0.apart)) apart, "
                    + "\(Text.relative($0.at, to: world.witness.fault?.instant)): this computer was too busy to listen",
                at: $0.at)
        }
    }

    private static func tears(_ world: World, from: Instant, to: Instant) -> [TornFrame] {
        // What the fault itself tore apart tells nothing of the computer.
        TornFrame.all(world.timeline).filter {
            $0.at >= from && $0.at <= to && !world.plan.malformed.contains($0.first)
        }
    }

    /// A probe that said itself, or whose lost connection says, that it could not see. While the fault lasts that is of the fault; what lasts
    /// longer than the fault is not.
    private static func blindness(_ world: World, _ began: Instant) -> Finding? {
        for probe in world.plan.views.map(\.id) + ["health", "process", "witness"] {
            for window in world.timeline.blindWindows(of: probe, until: world.end) {
                let from = max(window.lowerBound, began)
                let to = min(window.upperBound, world.end)
                guard let blind = outsideTheFault(from, to, world), blind.to - blind.from > world.plan.probeGap else {
                    continue
                }
                return invalid(
                    "the probe '\(probe)' was blind for \(Text.seconds(blind.to - blind.from)) "
                        + "\(Text.relative(blind.from, to: world.witness.fault?.instant))\(reason(probe, window, world))",
                    at: blind.from)
            }
        }
        return nil
    }

    private static func reason(_ probe: String, _ window: ClosedRange<Instant>, _ world: World) -> String {
        let gap = world.timeline.gaps.first { $0.content.blind == probe && $0.content.to >= window.lowerBound }
        return gap.map { ": \($0.content.reason)" } ?? ": its connection was lost"
    }

    /// The longer part of a window that the fault does not explain; nil when it explains all of it.
    private static func outsideTheFault(_ from: Instant, _ to: Instant, _ world: World) -> (from: Instant, to: Instant)?
    {
        guard from < to else { return nil }
        guard let fault = world.witness.fault?.instant else { return (from, to) }
        let excused = (fault - edge)...max(fault - edge, (world.witness.healed?.instant ?? world.end) + edge)
        let before = (from: from, to: min(to, excused.lowerBound))
        let after = (from: max(from, excused.upperBound), to: to)
        let longer = before.to - before.from >= after.to - after.from ? before : after
        return longer.from < longer.to ? longer : nil
    }

    /// A probe that polls and has said nothing at all for too long: its thread is dead, and what it would have seen nobody knows.
    private static func dumbness(_ world: World, _ began: Instant) -> Finding? {
        let polled = world.plan.views.filter { !$0.isStreaming }.map { ($0.id, "poll") }
        for (view, point) in polled + (world.plan.saysHealth ? [("health", "status")] : []) {
            var previous = began
            let instants = (world.timeline.samples[view]?[point] ?? []).map(\.instant)
            for instant in instants.filter({ $0 > began && $0 < world.end }) + [world.end] {
                if instant - previous > dumb {
                    return invalid(
                        "the probe '\(view)' said nothing for \(Text.seconds(instant - previous)) "
                            + "\(Text.relative(previous, to: world.witness.fault?.instant))", at: previous)
                }
                previous = instant
            }
        }
        return nil
    }

    /// Telegrams were on the line that the witness did not tell: what the line said is not what was recorded.
    private static func loss(_ world: World, _ began: Instant, besides spoiled: [ClosedRange<Instant>]) -> Finding? {
        WitnessLosses(world).first(from: began, besides: spoiled).map { loss in
            invalid(
                "the witness has missed something \(Text.relative(loss.at, to: world.witness.fault?.instant)): \(loss.sentence)",
                at: loss.at)
        }
    }

    /// The stimuli had their tracers confirmed, and the witness heard none of them: what the line said nobody knows.
    private static func deafness(_ world: World, _ began: Instant) -> Finding? {
        let fault = world.witness.fault?.instant ?? world.end
        // Until Th the rig itself need not be ready: a chip that woke up first may speak before the witness hears.
        let healed = world.witness.healed?.instant ?? world.end
        let confirmed = world.timeline.stimulations.filter {
            $0.content.role == .tracer && $0.content.outcome == .confirmed && $0.instant >= began
                && $0.instant <= world.end && ($0.instant < fault || $0.instant > healed)
        }
        var missed = 0
        var telegram = 0
        let heard = world.timeline.telegrams
        for (index, stimulation) in confirmed.enumerated() {
            // Anything heard between the confirmation before and just after this one shows that the witness hears.
            let from = index == 0 ? began : confirmed[index - 1].instant
            while telegram < heard.count, heard[telegram].instant < from - .milliseconds(100) { telegram += 1 }
            let isHeard = telegram < heard.count && heard[telegram].instant <= stimulation.instant + .milliseconds(200)
            missed = isHeard ? 0 : missed + 1
            if missed >= unheard {
                return invalid(
                    "the witness heard none of \(missed) tracers that were confirmed on the line "
                        + "\(Text.relative(stimulation.instant, to: world.witness.fault?.instant))",
                    at: stimulation.instant)
            }
        }
        return nil
    }
}
