import Catalogue
import Events

/// A run that keeps the timing and makes neither fault nor heal: the mirror of every other. No witness may see a fault, and no checker may raise
/// a finding; whatever is seen or found is a false alarm.
struct NullRun {
    let plan: JudgePlan
    let timeline: Timeline

    /// When the fault would have been: at the end of its step where the line would have been saturated first.
    var fault: FaultWitness.Proven? {
        (plan.load == nil ? timeline.begin(of: .inject) : timeline.end(of: .inject)).map {
            FaultWitness.Proven(instant: $0, uncertainty: 1_000_000, what: "the step that does nothing")
        }
    }

    /// When the heal would have been.
    var healed: FaultWitness.Proven? {
        timeline.begin(of: .heal).map {
            FaultWitness.Proven(instant: $0, uncertainty: 1_000_000, what: "the step that does nothing")
        }
    }

    func standing(at instant: Instant) -> Standing {
        guard let fault, let begun = timeline.begin(of: .inject), fault.instant <= instant else {
            return .pending("the run is not there yet")
        }
        // Each step has witnesses of its own.
        let alarms = plan.eachStep.lazy.compactMap {
            NullRun(plan: $0, timeline: timeline).alarm(from: begun, to: instant)
        }
        return alarms.first.map(Standing.broken) ?? .holds
    }

    /// What the kernel's table says of clients that nothing was done with.
    private func clients(from: Instant, to: Instant) -> String? {
        guard plan.clients > 0 else { return nil }
        let looks = ClientLooks(timeline).between(from, to)
        if looks.isEmpty { return "nobody has looked at the clients" }
        if looks.contains(where: { $0.open < plan.clients || $0.held < plan.clients }) {
            return "a client's connection was gone though nothing was done"
        }
        if let still = ClientLooks.standstill(looks), still.to - still.from >= ClientSlowProof.still {
            return "the system's send queue stood still though everybody read"
        }
        return nil
    }

    /// What the witnesses of the fault saw all the same.
    private func alarm(from: Instant, to: Instant) -> String? {
        let window = from...to
        if let actuation = timeline.actuations.first(where: {
            ["fault", "heal", "load", DipSweep.purpose].contains($0.content.purpose)
        }) {
            return "\(actuation.content.target) was actuated in a null run"
        }
        if let chip = timeline.interfaceReports.first(where: {
            plan.chips.contains($0.source) && window.contains($0.instant)
                && [.reset, .silent, .closed].contains($0.content.report)
        }) {
            return "\(chip.source) said '\(chip.content.report.rawValue)' though nothing was done"
        }
        if timeline.supplies.contains(where: {
            $0.content.line == plan.line && window.contains($0.instant)
                && $0.content.millivolts < FaultWitness.deadMillivolts
        }) {
            return "the sense saw the supply fall though nothing was done"
        }
        if timeline.interfaceReports.contains(where: {
            $0.source == InterfaceProof.source && $0.content.report == .closed && window.contains($0.instant)
        }) {
            return "the interface's device was gone though nothing was done"
        }
        if let change = timeline.processes.first(where: {
            window.contains($0.instant) && $0.content.change != .started
                && [plan.process, plan.interfaceDaemon, "controller"].contains($0.content.process)
        }) {
            return "\(change.content.process) \(change.content.change.rawValue) though nothing was done"
        }
        if let refused = timeline.samples[RefusedWritesProof.view]?["write"]?.first(where: {
            window.contains($0.instant) && $0.content.reading != "ok"
        }) {
            return "the rig's own write was refused (\(refused.content.reading?.text ?? "?")) though nothing was done"
        }
        if timeline.samples[ResolverProof.view]?["query"]?.contains(where: {
            window.contains($0.instant) && $0.content.reading != "answered"
        }) ?? false {
            return "a question for a name was not answered though nothing was done"
        }
        if timeline.frames.contains(where: { window.contains($0.instant) && plan.malformed.contains($0.content.octets) }
        ) {
            return "a malformed telegram was on the line though nothing was done"
        }
        if let what = clients(from: from, to: healed?.instant ?? to) { return what }
        if timeline.operations.contains(where: {
            $0.content.name == RowTrace.operation && $0.content.key != nil && window.contains($0.instant)
        }) {
            return "a write was damaged though nothing was done"
        }
        if plan.load != nil || plan.faultKind == .lineStarved,
            let alarm = LoadProof(plan: plan, timeline: timeline).alarm(from: from, to: to)
        {
            return alarm
        }
        guard let gate = plan.refusedGate ?? plan.load?.stalls else { return nil }
        if timeline.samples[gate]?["through_gate"]?.contains(where: {
            window.contains($0.instant) && $0.content.reading != "accepted"
        }) ?? false {
            return "the \(gate) did not answer though nothing was done"
        }
        return nil
    }
}
