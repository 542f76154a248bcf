import Events

/// An interface that is gone: its device is gone from this computer, nothing of the system is on the line, and the line itself is alive.
struct InterfaceProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// Who looks at the device.
    static let source = "interface"
    /// The device is looked at every so often; what is seen to change may have done so a little earlier than it looks.
    private static let look = Instant.Span.milliseconds(20)
    /// A telegram that the chip had already begun, or held complete, may still go out.
    private static let dyingOut = Instant.Span.milliseconds(150)

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? {
        change(.closed, after: injected.commanded).map {
            FaultWitness.Proven(
                instant: $0.instant, uncertainty: max(1_000_000, $0.uncertainty), what: "the interface's device gone")
        }
    }

    private func change(
        _ report: Event.InterfaceReport.Report, after instant: Instant
    ) -> Timeline.Stamped<Event.InterfaceReport>? {
        timeline.interfaceReports.first {
            $0.source == Self.source && $0.content.report == report && $0.instant >= instant - Self.look
        }
    }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let restoring = timeline.actuation("restore", of: plan.faultTarget)
        let first = absence(since: fault, until: min((restoring ?? healing)?.commanded ?? instant, instant))
        guard case .holds = first, plan.isAgainInReadOut, let restoring, let healing else { return first }
        return secondCut(after: restoring, until: min(healing.commanded, instant))
    }

    /// The device stays away, the line is alive, and nothing of the system is on it.
    private func absence(since fault: Instant, until end: Instant) -> Standing {
        let from = fault + Self.dyingOut
        guard from < end else { return .pending("the interface has only just gone") }
        if let back = timeline.interfaceReports.first(where: {
            $0.source == Self.source && $0.content.report == .opened && $0.instant > fault
                && $0.instant < end - Self.look
        }) {
            return .broken(
                "the interface's device was there again \(Text.seconds(back.instant - fault)) after it had gone")
        }
        if let telegram = timeline.telegrams(of: plan.systemSources, in: from...end).first {
            return .broken(
                "the system still sent a telegram \(Text.seconds(telegram.instant - fault)) after its interface had gone: it has "
                    + "another way to the line")
        }
        let passed = timeline.telegrams.count {
            plan.tracers.contains($0.content.group) && $0.instant > from && $0.instant < end
        }
        return passed >= plan.tracersDue
            ? .holds
            : .pending("\(passed) of \(plan.tracersDue) tracers passed on the line while the interface was away")
    }

    /// A system that never read its state again gave no occasion for a second cut; what that is worth its recovery says.
    private func secondCut(after restoring: Event.Actuation, until end: Instant) -> Standing {
        let reads = timeline.reads(by: plan.systemSources).filter { $0 > restoring.commanded }
        guard let again = timeline.actuation("fault_again", of: plan.faultTarget) else {
            return reads.isEmpty
                ? .holds : .broken("the system read its state out, and the interface was not unplugged meanwhile")
        }
        guard let gone = change(.closed, after: again.commanded), gone.instant < end else {
            return .broken("the interface's device did not go the second time")
        }
        let before = reads.count { $0 <= gone.instant }
        guard (1..<max(2, plan.sentinels.count)).contains(before) else {
            return .broken(
                "\(before) reads were on the line when the interface went the second time: that was not within the read-out"
            )
        }
        return absence(since: gone.instant, until: end)
    }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? {
        // Where the system gave no occasion for a second cut, the interface has been back since the first one.
        let wasCutAgain = timeline.actuation("fault_again", of: plan.faultTarget) != nil
        let restoring = wasCutAgain ? nil : timeline.actuation("restore", of: plan.faultTarget)
        return change(.opened, after: (restoring ?? healing).commanded).map {
            FaultWitness.Proven(
                instant: $0.instant, uncertainty: max(1_000_000, $0.uncertainty), what: "the interface's device back")
        }
    }

    var awaited: String { "the interface's device is not back yet" }
}
