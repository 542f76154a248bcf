import Events

/// A line without supply: chips that have nothing to do with each other fall silent while tracers are due, and say Reset.ind when it is back.
struct BusCutProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// A relay that nobody reads back has opened after this.
    private static let contactTime = Instant.Span.milliseconds(30)
    /// A line may still carry the end of a frame, and chips the octets of it, for this long.
    private static let dyingOut = Instant.Span.milliseconds(150)

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        let fall = timeline.supplies.first {
            $0.instant >= injected.commanded && $0.content.line == plan.line
                && $0.content.millivolts < FaultWitness.deadMillivolts
        }
        if let fall {
            return FaultWitness.Proven(instant: fall.instant, uncertainty: fall.uncertainty, what: "supply sense")
        }
        // Nothing sees the voltage: the contact opened somewhere between command and read-back.
        let observed = injected.observed ?? (injected.commanded + Self.contactTime)
        let width = (observed - injected.commanded).nanoseconds
        return FaultWitness.Proven(
            instant: Instant(nanoseconds: injected.commanded.nanoseconds + width / 2),
            uncertainty: max(1_000_000, Int64(Double(width) / 12.0.squareRoot())),
            what: injected.observed == nil
                ? "command of the relay, which has no read-back" : "command and read-back of the relay")
    }

    /// Two chips silent while tracers were due, and nothing on the line.
    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let from = fault + Self.dyingOut
        let to = min(healing?.commanded ?? instant, instant)
        guard from < to else { return .pending("the cut has only just begun") }
        let window = from...to
        if let frame = timeline.frames.first(where: { window.contains($0.instant) }) {
            return .broken(
                "the witness heard a telegram \(Text.seconds(frame.instant - fault)) after the cut: the supply was not what was cut"
            )
        }
        // A sense speaks when the voltage changes: its last word counts, also one from before the cut.
        if let reading = timeline.supplies.last(where: { $0.content.line == plan.line && $0.instant <= to }),
            reading.content.millivolts >= FaultWitness.deadMillivolts
        {
            return .broken(
                "the sense of the line still saw \(reading.content.millivolts / 1000) V while it was to be cut")
        }
        let silent = plan.chips.filter { chip in !signs(of: chip).contains { window.contains($0) } }
        let due = timeline.stimulations.count {
            $0.content.role == .tracer && $0.content.outcome == .due && window.contains($0.instant)
        }
        guard due >= plan.tracersDue else {
            return .pending("\(due) of \(plan.tracersDue) tracers were due while the line was silent")
        }
        guard silent.count >= plan.chipsSilent else {
            return .broken(
                "only \(silent.count) of \(plan.chips.count) chips fell silent: that is a cable, not the supply")
        }
        return .holds
    }

    /// When a chip showed that it lives: what it received, confirmed, or reported of itself. That it could not be opened, or did not answer, is
    /// the driver's word, not the chip's.
    private func signs(of chip: String) -> [Instant] {
        let frames = timeline.frames.filter { $0.source == chip }.map(\.instant)
        let reports = timeline.interfaceReports.filter {
            $0.source == chip && ($0.content.report == .reset || $0.content.report == .state)
        }.map(\.instant)
        let confirmations = timeline.stimulations.filter {
            $0.source == chip && ($0.content.outcome == .confirmed || $0.content.outcome == .unacknowledged)
        }.map(\.instant)
        return frames + reports + confirmations
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        let resets = plan.chips.compactMap { chip in
            timeline.interfaceReports.first {
                // A chip that woke while the contact still moved has died again.
                $0.source == chip && $0.content.report == .reset && $0.instant > healing.commanded + plan.closing
            }?.instant
        }.sorted()
        guard resets.count >= plan.chipsSilent, let armed = FaultWitness(plan: plan, timeline: timeline).armed else {
            return nil
        }
        let ready = max(resets[plan.chipsSilent - 1], armed.instant)
        let tracer = timeline.telegrams.first { $0.instant > ready && plan.tracers.contains($0.content.group) }
        return tracer.map {
            FaultWitness.Proven(
                instant: $0.instant, uncertainty: $0.uncertainty, what: "first tracer at the witness")
        }
    }

    var awaited: String { "the chips have not all said Reset.ind, or no tracer has been heard yet" }
}
