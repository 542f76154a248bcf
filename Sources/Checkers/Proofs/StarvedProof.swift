import Events
import KNX

/// A line on which the system gets no turn: the witness heard it full all the while, and for a long stretch nothing from the system's addresses, though the
/// rig gave commands whose telegrams had to go out.
struct StarvedProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// The line is full when this has passed; a telegram of the system's may be under way until then.
    private static let filling = Instant.Span.seconds(1)
    private static let edge = Instant.Span.milliseconds(300)
    /// Tenths of a percent of the line's capacity, as for any saturated line.
    private static let fullPermille = 980
    /// For so long without a break the system must have had no turn: twice what a usual interface daemon waits (5 s).
    private static let starved = Instant.Span.seconds(10)
    /// Commands that the rig must have given in that stretch: a system that had nothing to say was not starved.
    private static let commands = 3

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        let first = timeline.telegrams.first {
            $0.instant > injected.commanded && plan.tracers.contains($0.content.group)
        }
        return first.map {
            FaultWitness.Proven(
                instant: $0.instant, uncertainty: max(1_000_000, $0.uncertainty), what: "first tracer of the full line")
        }
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let from = fault + Self.filling
        let to = min(healing?.commanded ?? instant, instant) - Self.edge
        guard from < to else { return .pending("the line has only just been filled") }
        let load = LoadProof(plan: plan, timeline: timeline)
        if let shortfall = load.shortfall(from: from, to: to, permille: Self.fullPermille) {
            return .broken(shortfall)
        }
        let turns = [from] + timeline.telegrams(of: plan.systemSources, in: from...to).map(\.instant) + [to]
        let stretches = zip(turns, turns.dropFirst()).map { (from: $0, to: $1) }
        guard let longest = stretches.max(by: { $0.to - $0.from < $1.to - $1.from }) else {
            return .pending("the line has only just been filled")
        }
        guard longest.to - longest.from >= Self.starved else {
            return turns.count == 2
                ? .pending("the system has had no turn for \(Text.seconds(longest.to - longest.from)) only")
                : .broken(
                    "the system had a turn at least every \(Text.seconds(longest.to - longest.from)) while the line was full: it was not starved"
                )
        }
        let given = timeline.operations.count {
            $0.content.name == "command" && $0.content.action == .invoke && $0.instant >= longest.from
                && $0.instant <= longest.to
        }
        return given >= Self.commands
            ? .holds : .pending("\(given) of \(Self.commands) commands were given while the line was full")
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        // What the stimuli had queued goes first, which is a few telegrams.
        healing.observed.map {
            FaultWitness.Proven(instant: $0, uncertainty: 100_000_000, what: "the last tracers of the full line")
        }
    }

    var awaited: String { "the line is still full" }
}
