import Catalogue
import Events

/// Whether and when the fault was there, and whether and when it was over, from witnesses that depend neither on the system nor on what made
/// the fault.
struct FaultWitness {
    let plan: JudgePlan
    let timeline: Timeline
    /// Each cycle that was begun, of a fault that is made again and again: with what happened from its beginning to the next one's, as if it were the only one.
    let cycles: [FaultWitness]

    init(plan: JudgePlan, timeline: Timeline) {
        self.plan = plan
        self.timeline = timeline
        guard plan.cycles > 1, !plan.isNullRun else {
            cycles = []
            return
        }
        let begun = timeline.actuations.map(\.content).filter {
            $0.purpose == "fault" && $0.target == plan.faultTarget
        }.map { $0.commanded - Self.eve }
        cycles = begun.enumerated().map { index, from in
            let next = index + 1 < begun.count ? begun[index + 1] : nil
            return FaultWitness(plan: plan.oneCycle, timeline: timeline.between(from, next))
        }
    }

    /// So long before its command a cycle begins: the last quiet of the one before.
    private static let eve = Instant.Span.milliseconds(500)

    /// When this cycle begins.
    var begun: Instant? { injected.map { $0.commanded - Self.eve } }

    /// No cycle comes after those that there are: all were made, or the runner went on because the system did not come back from one.
    private var isThrough: Bool { cycles.count == plan.cycles || timeline.end(of: .inject) != nil }

    /// An instant with its standard uncertainty and where it comes from.
    struct Proven {
        var instant: Instant
        var uncertainty: Int64
        var what: String
    }

    /// Below this the transceivers of a line cease to work: TP-UART2 and NCN51xx want about 20 V.
    static let deadMillivolts: Int64 = 20_000

    var injected: Event.Actuation? { timeline.actuation("fault", of: plan.faultTarget) }

    /// The command that ended the fault; of several steps the last one, once there is one for each that the rig heals.
    var healing: Event.Actuation? {
        if plan.cycles > 1 { return isThrough ? cycles.last?.healing : nil }
        guard !plan.steps.isEmpty else { return timeline.actuation("heal", of: plan.faultTarget) }
        let healings = steps.filter { !$0.plan.faultKind.isInstantaneous }.map(\.healing)
        return healings.contains { $0 == nil }
            ? nil : healings.compactMap(\.self).max { $0.commanded < $1.commanded }
    }

    /// Each step by itself; of a fault with one step, this.
    var steps: [FaultWitness] {
        plan.steps.isEmpty ? [self] : plan.steps.map { FaultWitness(plan: $0, timeline: timeline) }
    }

    /// The step that cuts a hop; nil where none does.
    func cutting(_ hop: String) -> FaultWitness? { steps.first { $0.plan.cuts.contains(hop) } }

    /// What is known of this kind of fault.
    private var proof: any FaultProof {
        switch plan.faultKind {
        case .busCut where plan.interruptions != nil: ContactBounceProof(plan: plan, timeline: timeline)
        case .busCut where plan.cutTelegram != nil: TelegramCutProof(plan: plan, timeline: timeline)
        case .busCut: BusCutProof(plan: plan, timeline: timeline)
        case .brokerDown, .serviceDown: ServiceDownProof(plan: plan, timeline: timeline)
        case .interfaceUnplugged: InterfaceProof(plan: plan, timeline: timeline)
        case .daemonKilled, .daemonStalled, .daemonHung: ProcessProof(plan: plan, timeline: timeline)
        case .brokerStalled, .serviceStalled:
            ServiceStalledProof(
                plan: plan, timeline: timeline, began: "\(plan.process) stopped", ended: "\(plan.process) goes on")
        case .linkTroubled where plan.reachedGate != nil: LinkCutProof(plan: plan, timeline: timeline)
        case .linkTroubled:
            ServiceStalledProof(
                plan: plan, timeline: timeline, began: "the link to the \(plan.refusedGate ?? "service") in trouble",
                ended: "the link to the \(plan.refusedGate ?? "service") sound again")
        case .writesDamaged: WritesDamagedProof(plan: plan, timeline: timeline)
        case .startWithoutBroker:
            StartProof(down: ServiceDownProof(plan: plan, timeline: timeline), timeline: timeline)
        case .systemKilled, .systemStopped: SystemGoneProof(plan: plan, timeline: timeline)
        case .lineStarved: StarvedProof(plan: plan, timeline: timeline)
        case .malformedTelegrams: MalformedProof(plan: plan, timeline: timeline)
        case .duplicateIDs, .orphanedReferences, .concurrentChanges: RequestsProof(plan: plan, timeline: timeline)
        case .hostPowerCut: HostPowerProof(plan: plan, timeline: timeline)
        case .resolverSilent: ResolverProof(plan: plan, timeline: timeline)
        case .historyFlooded: ReportsProof(plan: plan, timeline: timeline)
        case .requestsFlooded: RequestsProof(plan: plan, timeline: timeline)
        case .clientsReset: ClientsResetProof(plan: plan, timeline: timeline)
        case .clientsSilent: ClientsSilentProof(plan: plan, timeline: timeline)
        case .clientSlow: ClientSlowProof(plan: plan, timeline: timeline)
        case .configurationCorrupt: TrialsProof(plan: plan, timeline: timeline)
        case .databaseLocked, .diskFull, .startLocked: RefusedWritesProof(plan: plan, timeline: timeline)
        case .supplyDips: DipsProof(plan: plan, timeline: timeline)
        }
    }

    /// T0: when the fault became effective.
    var fault: Proven? {
        if plan.isNullRun { return NullRun(plan: plan, timeline: timeline).fault }
        if plan.cycles > 1 { return cycles.first?.fault }
        if let first = plan.steps.first { return FaultWitness(plan: first, timeline: timeline).fault }
        guard let injected, injected.readback != .failed else { return nil }
        return proof.fault(injected)
    }

    /// Whether the fault is proven by what was seen until `instant`.
    func standing(at instant: Instant) -> Standing {
        if plan.isNullRun { return NullRun(plan: plan, timeline: timeline).standing(at: instant) }
        if !plan.steps.isEmpty { return Self.first(steps.map { $0.standing(at: instant) }) }
        if !cycles.isEmpty { return Self.first(cycles.map { $0.standing(at: instant) }) }
        guard let injected else { return .pending("the fault has not been commanded yet") }
        if injected.readback == .failed {
            return .broken(
                "\(injected.target) did not follow its command: \(injected.reason ?? "the read-back says otherwise")")
        }
        guard let fault else { return .pending("the fault was commanded, and nothing has seen it yet") }
        let standing = proof.standing(since: fault.instant, healing: healing, at: instant)
        guard standing == .holds, let load = plan.load else { return standing }
        return LoadProof(plan: plan, timeline: timeline).standing(
            load, fault: fault.instant, healed: healed?.instant, at: instant)
    }

    /// Th: the fault is over and the rig itself ready again. A fault that nothing heals is over when it has been made: what follows is the
    /// system's.
    var healed: Proven? {
        if plan.isNullRun { return NullRun(plan: plan, timeline: timeline).healed }
        if !plan.steps.isEmpty {
            let healed = steps.map(\.healed)
            return healed.contains { $0 == nil } ? nil : healed.compactMap(\.self).max { $0.instant < $1.instant }
        }
        if plan.cycles > 1 { return isThrough ? cycles.last?.healed : nil }
        if plan.faultKind.isInstantaneous { return fault }
        guard let healing, healing.readback != .failed else { return nil }
        return proof.healed(healing)
    }

    /// The witness's own readiness after the heal of a cut, once its contact has come to rest.
    var armed: Timeline.Stamped<Event.InterfaceReport>? {
        guard let healing else { return nil }
        return timeline.interfaceReports.first {
            $0.source == "witness" && $0.content.report == .armed && $0.instant > healing.commanded + plan.closing
        }
    }

    /// Of several standings the first broken one, else the first pending one.
    private static func first(_ standings: [Standing]) -> Standing {
        standings.first { if case .broken = $0 { true } else { false } } ?? standings.first { $0 != .holds } ?? .holds
    }

    func healedStanding() -> Standing {
        if plan.isNullRun { return healed == nil ? .pending("nothing is being healed yet") : .holds }
        if !plan.steps.isEmpty { return Self.first(steps.map { $0.healedStanding() }) }
        if plan.cycles > 1 {
            return isThrough
                ? Self.first(cycles.map { $0.healedStanding() }) : .pending("further cycles are to be made")
        }
        if plan.faultKind.isInstantaneous {
            return healed == nil ? .pending("nothing has seen the fault yet") : .holds
        }
        guard let healing else { return .pending("the heal has not been commanded yet") }
        if healing.readback == .failed {
            return .broken(
                "\(healing.target) did not follow its command: \(healing.reason ?? "the read-back says otherwise")")
        }
        return healed != nil ? .holds : .pending(proof.awaited)
    }
}

/// How one kind of fault is proven, and its end.
protocol FaultProof {
    /// When it became effective, after it was commanded.
    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven?
    /// Whether all that must have been seen of it was seen until `instant`; `healing` is the command that ended it, if any has yet.
    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing
    /// When it was over and the rig ready.
    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven?
    /// What `healed` waits for, for people.
    var awaited: String { get }
}

extension JudgePlan {
    /// What happened at Th, for a sentence: "recovered 2 s after …".
    var ending: String {
        if !steps.isEmpty { return "the last of its faults was over" }
        return switch faultKind {
        case .busCut, .supplyDips: "the line came back"
        case .brokerDown, .startWithoutBroker, .serviceDown: "the \(refusedGate ?? "service") came back"
        case .brokerStalled, .serviceStalled: "the \(refusedGate ?? "service") was let go on"
        case .linkTroubled: "the link was sound again"
        case .writesDamaged: "writes passed again"
        case .databaseLocked, .startLocked: "the lock was released"
        case .duplicateIDs, .orphanedReferences, .concurrentChanges: "the last request"
        case .hostPowerCut: "the computer was powered again"
        case .resolverSilent: "the name server answered again"
        case .historyFlooded: "the system was started again"
        case .requestsFlooded: "the flood was over"
        case .clientsReset: "the time that was given to forget the clients"
        case .clientsSilent: "the silent clients were closed"
        case .clientSlow: "the slow client read on"
        case .configurationCorrupt: "the system was started with its own configuration"
        case .systemKilled, .systemStopped: "the system was started again"
        case .lineStarved: "the line was no longer full"
        case .malformedTelegrams: "the last malformed telegram"
        case .diskFull: "there was room on the disk again"
        case .interfaceUnplugged: "the interface was plugged in again"
        case .daemonKilled: "\(process) was killed"
        case .daemonStalled: "\(process) was let go on"
        case .daemonHung: "\(process) was stopped"
        }
    }

    /// The process that the fault acts on.
    var process: String { faultTarget.hasPrefix("process:") ? String(faultTarget.dropFirst(8)) : faultTarget }
}
