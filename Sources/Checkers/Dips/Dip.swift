import Events

/// One dip of a sweep, as the rig commanded it and the line's witnesses saw it.
struct Dip {
    var channel: String
    /// As it was wanted: from the instant at which the cut was due to that of its end.
    var lengthNanoseconds: Int64
    var cut: Instant
    var powered: Instant?
    /// Until here everything belongs to this dip: the next one, or the end of the sweep, or of what is known.
    var end: Instant
    /// When a witness saw it first, and which; nil while none has.
    var seen: FaultWitness.Proven?
    /// At least as many of the line's chips restarted as the proof wants.
    var chipsRestarted: Bool
    /// When the line carried tracers again; nil while it has not.
    var healed: FaultWitness.Proven?

    /// The dips of a sweep so far, in order.
    static func all(_ plan: JudgePlan, _ timeline: Timeline, until end: Instant) -> [Dip] {
        let actuations = timeline.actuations.map(\.content).filter {
            $0.purpose == DipSweep.purpose && $0.readback != .failed && $0.commanded <= end
        }
        let cuts = actuations.filter { $0.meaning == "cut" }
        let over = timeline.actuation(DipSweep.purpose, of: plan.faultTarget)?.commanded
        return cuts.enumerated().map { index, cut in
            let next = index + 1 < cuts.count ? cuts[index + 1].commanded : over
            let last = min(end, next ?? end)
            let powered = actuations.first {
                $0.meaning == "powered" && $0.target == cut.target && $0.commanded >= cut.commanded
                    && $0.commanded <= last
            }
            return Dip(cut, powered, until: max(cut.commanded, last), plan, timeline)
        }
    }

    private init(
        _ cut: Event.Actuation, _ powered: Event.Actuation?, until end: Instant, _ plan: JudgePlan,
        _ timeline: Timeline
    ) {
        channel = cut.target
        lengthNanoseconds = powered.map { ($0.due - cut.due).nanoseconds } ?? 0
        self.cut = cut.commanded
        self.powered = powered?.commanded
        self.end = end
        let window = cut.commanded...end
        let restarts = plan.chips.compactMap { chip in
            timeline.interfaceReports.first {
                $0.source == chip && $0.content.report == .reset && window.contains($0.instant)
            }?.instant
        }.sorted()
        chipsRestarted = plan.chipsSilent > 0 && restarts.count >= plan.chipsSilent
        let fall = timeline.supplies.first {
            window.contains($0.instant) && $0.content.line == plan.line
                && $0.content.millivolts < FaultWitness.deadMillivolts
        }
        if let fall {
            seen = FaultWitness.Proven(instant: fall.instant, uncertainty: fall.uncertainty, what: "supply sense")
        } else if chipsRestarted {
            seen = FaultWitness.Proven(
                instant: cut.commanded, uncertainty: 5_000_000, what: "the chips, which restarted after it")
        }
        guard let powered else { return }
        let alive = chipsRestarted ? max(powered.commanded, restarts[plan.chipsSilent - 1]) : powered.commanded
        healed = timeline.telegrams.first {
            $0.instant > alive && $0.instant <= end && plan.tracers.contains($0.content.group)
        }.map {
            FaultWitness.Proven(
                instant: $0.instant, uncertainty: $0.uncertainty, what: "first tracer at the witness after the dip")
        }
    }
}
