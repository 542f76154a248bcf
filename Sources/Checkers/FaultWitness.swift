import Events

/// Whether and when the fault was there, and whether and when it was over, from witnesses that depend neither on the system nor on what made
/// the fault.
struct FaultWitness {
    let plan: JudgePlan
    let timeline: Timeline

    /// An instant with its standard uncertainty and where it comes from.
    struct Proven {
        var instant: Instant
        var uncertainty: Int64
        var what: String
    }

    /// Below this the transceivers of a line cease to work: TP-UART2 and NCN51xx want about 20 V.
    static let deadMillivolts: Int64 = 20_000
    /// A relay that nobody reads back has opened after this.
    private static let contactTime = Instant.Span.milliseconds(30)
    /// A line may still carry the end of a frame, and chips the octets of it, for this long.
    private static let dyingOut = Instant.Span.milliseconds(150)

    var injected: Event.Actuation? { timeline.actuation("fault", of: plan.faultTarget) }
    var healing: Event.Actuation? { timeline.actuation("heal", of: plan.faultTarget) }

    /// T0: when the fault became effective.
    var fault: Proven? {
        if plan.isNullRun { return NullRun(plan: plan, timeline: timeline).fault }
        guard let injected, injected.readback != .failed else { return nil }
        switch plan.faultKind {
        case "bus-cut":
            let fall = timeline.supplies.first {
                $0.instant >= injected.commanded && $0.content.line == plan.line
                    && $0.content.millivolts < Self.deadMillivolts
            }
            if let fall { return Proven(instant: fall.instant, uncertainty: fall.uncertainty, what: "supply sense") }
            // Nothing sees the voltage: the contact opened somewhere between command and read-back.
            let observed = injected.observed ?? (injected.commanded + Self.contactTime)
            let width = (observed - injected.commanded).nanoseconds
            return Proven(
                instant: Instant(nanoseconds: injected.commanded.nanoseconds + width / 2),
                uncertainty: max(1_000_000, Int64(Double(width) / 12.0.squareRoot())),
                what: injected.observed == nil
                    ? "command of the relay, which has no read-back" : "command and read-back of the relay")
        default:
            let name = plan.faultTarget.hasPrefix("process:") ? String(plan.faultTarget.dropFirst(8)) : plan.faultTarget
            let exit = timeline.processes.first {
                $0.content.process == name && $0.content.change == .exited
                    && $0.instant >= injected.commanded - .milliseconds(10)
            }
            return exit.map {
                Proven(instant: $0.instant, uncertainty: max(1_000_000, $0.uncertainty), what: "exit of \(name)")
            }
        }
    }

    /// Whether the fault is proven by what was seen until `instant`.
    func standing(at instant: Instant) -> Standing {
        if plan.isNullRun { return NullRun(plan: plan, timeline: timeline).standing(at: instant) }
        guard let injected else { return .pending("the fault has not been commanded yet") }
        if injected.readback == .failed {
            return .broken(
                "\(injected.target) did not follow its command: \(injected.reason ?? "the read-back says otherwise")")
        }
        guard let fault else { return .pending("the fault was commanded, and nothing has seen it yet") }
        return plan.faultKind == "bus-cut"
            ? silence(since: fault.instant, at: instant) : refusal(since: fault.instant, at: instant)
    }

    /// Two chips silent while tracers were due, and nothing on the line.
    private func silence(since fault: Instant, at instant: Instant) -> Standing {
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
            reading.content.millivolts >= Self.deadMillivolts
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

    /// A connection refused, or accepted and never answered, through the gate.
    private func refusal(since fault: Instant, at instant: Instant) -> Standing {
        let to = min(healing?.commanded ?? instant, instant)
        // An answer that was under way at the fault says nothing against it.
        let attempts = (timeline.samples[plan.refusedGate ?? "broker"]?["through_gate"] ?? []).filter {
            $0.instant > fault + Self.dyingOut && $0.instant <= to
        }
        if attempts.contains(where: { $0.content.reading == "accepted" }) {
            return .broken("the \(plan.refusedGate ?? "service") still answered while it was to be down")
        }
        return attempts.isEmpty ? .pending("nobody has tried the gate yet") : .holds
    }

    /// Th: the fault is over and the rig itself ready again.
    var healed: Proven? {
        if plan.isNullRun { return NullRun(plan: plan, timeline: timeline).healed }
        guard let healing, healing.readback != .failed else { return nil }
        switch plan.faultKind {
        case "bus-cut":
            let resets = plan.chips.compactMap { chip in
                timeline.interfaceReports.first {
                    $0.source == chip && $0.content.report == .reset && $0.instant > healing.commanded
                }?.instant
            }.sorted()
            guard resets.count >= plan.chipsSilent, let armed else { return nil }
            let ready = max(resets[plan.chipsSilent - 1], armed.instant)
            let tracer = timeline.telegrams.first {
                $0.instant > ready && plan.tracers.contains($0.content.group)
            }
            return tracer.map {
                Proven(instant: $0.instant, uncertainty: $0.uncertainty, what: "first tracer at the witness")
            }
        default:
            let opened = timeline.links.first {
                $0.content.link == plan.refusedGate && $0.content.change == .opened && $0.instant > healing.commanded
            }
            return opened.map {
                Proven(instant: $0.instant, uncertainty: max(1_000_000, $0.uncertainty), what: "gate opened")
            }
        }
    }

    /// The witness's own readiness after the heal.
    var armed: Timeline.Stamped<Event.InterfaceReport>? {
        guard let healing else { return nil }
        return timeline.interfaceReports.first {
            $0.source == "witness" && $0.content.report == .armed && $0.instant > healing.commanded
        }
    }

    func healedStanding() -> Standing {
        if plan.isNullRun { return healed == nil ? .pending("nothing is being healed yet") : .holds }
        guard let healing else { return .pending("the heal has not been commanded yet") }
        if healing.readback == .failed {
            return .broken(
                "\(healing.target) did not follow its command: \(healing.reason ?? "the read-back says otherwise")")
        }
        if healed != nil { return .holds }
        return .pending(
            plan.faultKind == "bus-cut"
                ? "the chips have not all said Reset.ind, or no tracer has been heard yet" : "the gate is not open yet")
    }
}
