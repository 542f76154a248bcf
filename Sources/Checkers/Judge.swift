import Catalogue
public import Events

/// Judges a run from its events alone. The runner feeds it live to know when to go on; `verify` feeds it the journal; both come to the same
/// verdict, because the conclusion depends on the events and on nothing else: no clock, no order of asking.
public struct Judge: Sendable {
    /// Counted up whenever a change here may change a verdict.
    public static let version = "8"

    private let plan: JudgePlan
    private var timeline = Timeline()

    /// - Parameter plan: the details of event 0.
    /// - Throws: what the plan lacks to judge by.
    public init(plan: Value) throws(RecordFailure) {
        self.plan = try JudgePlan(plan)
    }

    public mutating func observe(_ event: Event) {
        timeline.observe(event)
    }

    // MARK: how things stand, for the runner

    /// Everything worked for the baseline's length up to `instant`.
    public func baseline(at instant: Instant) -> Standing { Baseline.standing(plan, timeline, at: instant) }

    /// The line has said what the sentinels and the repeats are, and every view shows it.
    ///
    /// - Parameter announced: when they were handed to the stimulus. What every view showed before says nothing about them.
    public func settled(at instant: Instant, since announced: Instant) -> Standing {
        let groups = Set(plan.sentinels.map(\.group) + plan.repeats)
        let said = timeline.telegrams.filter { $0.instant >= announced && $0.instant <= instant }
        if let group = groups.subtracting(said.map(\.content.group)).min() {
            return .pending("the line has not said \(Text.group(group)) again yet")
        }
        let world = World(plan, timeline, until: instant)
        for view in plan.views {
            for group in groups.sorted() where !plan.isExcused(view, group) {
                let disagreements = world.agreement(view, group, limit: .zero, until: instant).disagreements
                if let last = disagreements.last, last.until == nil {
                    return .pending("\(view.id) does not show \(Text.group(group)) as it is")
                }
            }
        }
        return .holds
    }

    /// The fault is proven by what was seen.
    public func faultWitnessed(at instant: Instant) -> Standing {
        FaultWitness(plan: plan, timeline: timeline).standing(at: instant)
    }

    /// The fault is over and the rig itself ready again.
    public func healed(at instant: Instant) -> Standing {
        FaultWitness(plan: plan, timeline: timeline).healedStanding()
    }

    /// The system has asked for a value on the line after `instant`.
    public func hasRead(after instant: Instant) -> Bool {
        timeline.reads(by: plan.systemSources).contains { $0 > instant }
    }

    /// What became of the dip that was made last; nil while nobody can tell yet, or none was made.
    public func lastDip(at instant: Instant) -> (outcome: DipOutcome?, pending: String) {
        let world = World(plan, timeline, until: instant)
        guard let dip = Dip.all(plan, timeline, until: instant).last else { return (nil, "no dip was made yet") }
        let judged = JudgedDip(dip, world)
        return (judged.outcome, judged.pending ?? "it came back")
    }

    /// How a cycle stands, by its number from 1: its fault is proven and over, and the system has been back for the cool-down.
    public func cycle(_ number: Int, at instant: Instant) -> Standing {
        Cycles.standing(number, World(plan, timeline, until: instant), at: instant)
    }

    /// How many telegrams of the plan's devices the witness has heard after `instant`, repetitions apart.
    public func reports(after instant: Instant) -> Int {
        timeline.telegrams.count {
            $0.instant > instant && plan.devices.contains($0.content.group) && !$0.content.isRepetition
        }
    }

    /// Everything has held for the hold time since the recovery; broken once the limit has passed without.
    public func recovery(at instant: Instant) -> Standing {
        let world = World(plan, timeline, until: instant)
        guard let healed = world.witness.healed else { return .pending("the fault is not over yet") }
        return Recovery.standing(world, since: healed, hold: plan.hold, at: instant)
    }

    /// Descriptors and children are as before.
    public func leaks(at instant: Instant) -> Standing {
        let world = World(plan, timeline, until: instant)
        guard let end = timeline.end(of: .verifyRecovery) else { return .pending("the recovery is not judged yet") }
        let recovered = world.witness.healed.flatMap {
            Recovery(world: World(plan, timeline, until: end), healed: $0, until: end).recovered
        }
        return Leaks.standing(world, recovered: recovered?.instant, at: instant)
    }

    // MARK: the verdict

    /// The verdict on all events so far; of a run that ended early, what it was worth.
    public func conclude() -> RunVerdict {
        if plan.isCheck { return Inventory.verdict(plan, timeline) }
        let end = timeline.end(of: .checkLeaks) ?? timeline.last ?? Instant(nanoseconds: 0)
        let world = World(plan, timeline, until: end)
        let witness = world.witness
        var verdict = RunVerdict(outcome: .pass, sentence: "")
        verdict.instants.fault = witness.fault?.instant
        verdict.instants.healed = witness.healed?.instant
        verdict.instants.detected = Detection.instant(world)
        verdict.ledger = Ledger.rows(world, recovered: nil)
        verdict.witness = WitnessStatement(WitnessLosses(world).conclusion)
        if let refusal = plan.sharedHost {
            verdict.notes.append(
                "the system ran as a process tree in this computer's own network and files: namespaces are refused here (\(refusal))"
            )
        }
        if !plan.notApplicable.isEmpty {
            verdict.notes.append(
                "not applicable, because the system profile has no 'mutation': \(plan.notApplicable.joined(separator: ", "))"
            )
        }
        if let chained = plan.chained { verdict.notes.append(ChainNote.sentence(chained)) }
        if let interruption = timeline.interruption {
            verdict.outcome = interruption.outcome
            verdict.sentence = interruption.reason
            // A run that did not get to where it goes on from may owe that to the rig's own lateness; one that something stopped does not, unless
            // this computer had just stood still.
            if interruption.isUnreached {
                verdict.findings = ours(world, Instrument.lateFindings(world))
            } else if interruption.outcome == .invalid {
                verdict.findings = [Instrument.standstill(world, before: interruption.instant)].compactMap(\.self)
            }
            return verdict
        }
        // The safe state comes after everything: with it, whatever was late has arrived.
        guard timeline.end(of: .checkLeaks) != nil, timeline.end(of: .safeState) != nil else {
            let step = timeline.phases.last?.content.step.rawValue ?? "set_up"
            verdict.outcome = .aborted
            verdict.sentence = "the evidence ends in the step \(step): the run was cut short"
            return verdict
        }
        if let reason = invalidity(world) {
            verdict.outcome = .invalid
            verdict.sentence = reason
            verdict.findings = ours(world, Instrument.findings(world))
            return verdict
        }
        guard let fault = witness.fault, let healed = witness.healed else { return verdict }
        judge(world, fault: fault, healed: healed, into: &verdict)
        excuse(world, &verdict)
        return verdict
    }

    /// Takes the verdict back from a run that failed where the system was kept from working, unless it failed in what no waiting explains.
    private func excuse(_ world: World, _ verdict: inout RunVerdict) {
        switch verdict.outcome {
        case .fail:
            guard let starved = Starvation.finding(world),
                !verdict.findings.contains(where: { $0.outcome == .fail && Starvation.never.contains($0.checker) })
            else { return }
            verdict.outcome = .invalid
            verdict.findings.insert(starved, at: 0)
            verdict.sentence = "\(starved.sentence); what it did meanwhile says nothing about it: \(verdict.sentence)"
        case .pass: verdict.notes += [Starvation.note(world)].compactMap(\.self)
        case .inconclusive, .invalid, .error, .aborted: break
        }
    }

    /// Why nothing was tested; nil when something was.
    private func invalidity(_ world: World) -> String? {
        guard let injected = timeline.injected(plan) else { return "no fault was made" }
        if case let standing = Baseline.standing(plan, timeline, at: injected), standing != .holds {
            return "the state before the fault was not normal: \(Judge.reason(standing))"
        }
        if case let standing = world.witness.standing(at: world.end), standing != .holds {
            return (plan.isNullRun ? "false alarm: " : "the fault was not proven: ") + Judge.reason(standing)
        }
        if case let standing = world.witness.healedStanding(), standing != .holds {
            return "the end of the fault was not proven: \(Judge.reason(standing))"
        }
        if let group = world.unchangedSentinels.first {
            return "the state was not tested: sentinel \(Text.group(group)) did not change while the fault lasted"
        }
        return Instrument.findings(world).first?.sentence ?? Dips.disqualification(world)
    }

    /// What of an invalid run is the rig's doing, or chance, so that the run is worth making again.
    private func ours(_ world: World, _ instrument: [Finding]) -> [Finding] {
        let missed = TelegramCutProof.miss(plan, timeline).map {
            Finding(checker: RunVerdict.missedTelegram, outcome: .invalid, sentence: $0, at: world.end)
        }
        let load = LoadProof(plan: plan, timeline: timeline).lateness(
            fault: world.witness.fault?.instant, healed: world.witness.healed?.instant, at: world.end
        ).map { Finding(checker: "instrument", outcome: .invalid, sentence: $0, at: world.end) }
        return instrument + [Starvation.finding(world), missed, load].compactMap(\.self)
    }

    private static func reason(_ standing: Standing) -> String {
        switch standing {
        case .holds: "it holds"
        case .pending(let reason), .broken(let reason): reason
        }
    }

    private func judge(
        _ world: World, fault: FaultWitness.Proven, healed: FaultWitness.Proven, into verdict: inout RunVerdict
    ) {
        let recoveryEnd = timeline.end(of: .verifyRecovery) ?? world.end
        let recovery = Recovery(world: World(plan, timeline, until: recoveryEnd), healed: healed, until: recoveryEnd)
        let recovered = recovery.recovered
        verdict.instants.recovered = recovered?.instant
        if plan.expects("recovers") {
            let measured = Measured.judged(
                "time_to_recover", value: recovered.map { ($0.instant - healed.instant).nanoseconds },
                limit: plan.recover.nanoseconds,
                budget: [
                    BudgetItem(what: "heal: \(healed.what)", nanoseconds: healed.uncertainty),
                    BudgetItem(
                        what: "recovery: \(recovered?.what ?? "never")", nanoseconds: recovered?.uncertainty ?? 0),
                ] + Instrument.lateness(world), note: recovered?.what)
            verdict.measured.append(measured)
            if measured.outcome != .pass {
                let last = recovered.map { " (last of all: \($0.what))" } ?? ""
                verdict.findings.append(
                    Finding(
                        checker: "recovers", outcome: measured.outcome,
                        sentence: recovery.missing.map { "not recovered: \($0)" }
                            ?? "the fault was over, and all was right only \(Text.against(measured))\(last)",
                        at: recovered?.instant ?? recoveryEnd))
            } else if let recovered, recoveryEnd - recovered.instant < plan.hold {
                verdict.findings.append(
                    Finding(
                        checker: "recovers", outcome: .inconclusive,
                        sentence:
                            "all was right for \(Text.seconds(recoveryEnd - recovered.instant)) only when the run went on: "
                            + "it must hold for \(Text.seconds(plan.hold))",
                        at: recovered.instant))
            }
        }
        if plan.expects("recovers"), plan.cycles > 1 { Cycles.judge(world, into: &verdict) }
        // From the first of many faults to the last recovery it was not degraded all the time.
        if let recovered, plan.cycles == 1 {
            verdict.measured.append(
                Measured(
                    name: "degraded", valueNanoseconds: (recovered.instant - fault.instant).nanoseconds,
                    uncertaintyNanoseconds: 2 * (fault.uncertainty + recovered.uncertainty), limitNanoseconds: nil,
                    outcome: .pass))
        }
        if plan.expects("detected") { Detection.judge(world, fault: fault, into: &verdict) }
        if plan.expects("unaffected") {
            Unaffected.judge(world, fault: fault.instant, healed: healed.instant, into: &verdict)
        }
        if plan.expects("no-errors") {
            verdict.findings += NoErrors.findings(world, fault: fault.instant, healed: healed.instant)
        }
        for (checker, demand) in [("changes-done", Changes.Demand.done), ("changes-answered", .answered)]
        where plan.expects(checker) && !plan.isNullRun {
            verdict.findings += Changes.findings(world, demand, fault: fault.instant, healed: healed.instant)
        }
        if plan.expects("healthy") {
            verdict.findings += Healthy.findings(world, fault: fault.instant, healed: healed.instant)
        }
        if plan.expects("dips"), !plan.isNullRun { Dips.judge(world, into: &verdict) }
        if plan.expects("clients"), !plan.isNullRun { Clients.judge(world, fault: fault, into: &verdict) }
        if plan.expects("slow-client"), !plan.isNullRun {
            SlowClient.judge(world, fault: fault, healed: healed, into: &verdict)
        }
        if plan.expects("backs-off"), !plan.isNullRun {
            BacksOff.judge(world, fault: fault.instant, healed: healed.instant, into: &verdict)
        }
        if plan.expects("available") { Available.judge(world, since: fault.instant, into: &verdict) }
        if plan.expects("durability") { verdict.findings += Durability.findings(world) }
        if plan.expects("shutdown"), !plan.isNullRun { Shutdown.judge(world, since: fault.instant, into: &verdict) }
        if plan.expects("refuses-start"), !plan.isNullRun {
            RefusesStart.judge(world, since: fault.instant, into: &verdict)
        }
        if plan.expects("undisturbed") { verdict.findings += Undisturbed.findings(world) }
        if plan.expects("serves"), !plan.isNullRun {
            Serves.judge(world, since: fault.instant, healed: healed.instant, into: &verdict)
        }
        if plan.expects("history") { verdict.findings += HistoryCheck.findings(world) }
        if plan.expects("flood") {
            FloodCheck.judge(world, fault: fault.instant, healed: healed.instant, into: &verdict)
        }
        if plan.faultKind == .hostPowerCut, !plan.isNullRun {
            verdict.notes.append(
                "the computer is a process tree whose files outlive it: durability under a real loss of power was not tested"
            )
        }
        if plan.expects("rejects") { Rejects.judge(world, into: &verdict) }
        if plan.expects("registry") { RegistryCheck.judge(world, into: &verdict) }
        if plan.expects("skips") { verdict.findings += Skips.findings(world) }
        if plan.expects("no-wrong-value") { verdict.findings += NoWrongValue.findings(world, since: fault.instant) }
        if plan.expects("integrity") { verdict.findings += IntegrityCheck.findings(world) }
        if plan.expects("state") {
            verdict.findings += WrongState.findings(world, healed: healed.instant)
            verdict.measured.append(WrongState.measured(world, fault: fault.instant, healed: healed.instant))
        }
        verdict.ledger = Ledger.rows(world, recovered: recovered?.instant)
        if plan.expects("ledger") { verdict.findings += Ledger.findings(verdict.ledger) }
        if plan.expects("order") {
            let order = Order.findings(world, recovered: recovered?.instant)
            verdict.findings += order.findings
            for (view, count) in order.reordered {
                for index in verdict.ledger.indices where verdict.ledger[index].hop == "line → \(view)" {
                    verdict.ledger[index].reordered = count
                }
            }
        }
        judgeLoad(world, fault: fault, healed: healed, recovered: recovered, into: &verdict)
        if plan.expects("no-restart") {
            // A full line is no reason to restart either.
            let begin = plan.load == nil ? fault.instant : timeline.injected(plan) ?? fault.instant
            verdict.findings += NoRestart.findings(world, since: begin)
        }
        // Before the commands: those that fail for want of a subscription say so.
        if plan.expects("subscription") {
            Subscription.judge(world, healed: healed.instant, into: &verdict)
        }
        if plan.expects("commands") { verdict.findings += Commands.findings(world, recovered: recovered?.instant) }
        if plan.expects("rows") { Rows.judge(world, into: &verdict) }
        if plan.expects("row-buffer") {
            verdict.findings += RowBufferCheck.findings(world, fault: fault.instant, healed: healed.instant)
        }
        // After what says which buffer it was.
        if plan.expects("memory") {
            MemoryBound.judge(world, from: timeline.injected(plan) ?? fault.instant, to: healed.instant, into: &verdict)
        }
        if plan.expects("zombie") { verdict.findings += Zombie.findings(world) }
        if plan.expects("growth") { Growth.judge(world, into: &verdict) }
        if plan.expects("leaks") { verdict.findings += Leaks.findings(world, recovered: recovered?.instant) }
        verdict.notes += [Leaks.note(world, fault: fault.instant)].compactMap(\.self)
        verdict.notes += undeclared + Ledger.notes(world)
        finish(world, healed: healed, recovered: recovered, into: &verdict)
    }

    /// The checkers that had nothing to look at, because the system's profile declares it not.
    private var undeclared: [String] {
        [
            plan.expects("commands") && !plan.takesCommands
                ? "commands: the profile declares none, so that no acknowledgement of the system's was judged" : nil,
            plan.expects("zombie") && !plan.saysHealth
                ? "zombie: the profile declares no health, so that the system's own word of itself was not judged"
                : nil,
        ].compactMap(\.self)
    }

    /// What a saturated line shows.
    private func judgeLoad(
        _ world: World, fault: FaultWitness.Proven, healed: FaultWitness.Proven, recovered: FaultWitness.Proven?,
        into verdict: inout RunVerdict
    ) {
        if plan.expects("backlog") {
            Backlog.judge(world, verdict.ledger, fault: fault.instant, into: &verdict)
        }
        guard plan.load != nil, !plan.isNullRun else { return }
        if plan.expects("keeps-up") {
            // Behind a line that was dead the system must find back first.
            let resumed = plan.cuts.contains("line") ? recovered : healed
            KeepsUp.judge(world, fault: fault.instant, resumed: resumed, into: &verdict)
        }
        let proof = LoadProof(plan: plan, timeline: timeline)
        if let load = proof.load(fault: fault.instant, healed: healed.instant, at: world.end) {
            verdict.notes.append(
                "the saturated line carried \(LoadProof.percent(load.mean)) of its capacity, and \(LoadProof.percent(load.lowest)) in the quietest 5 s"
            )
        }
    }

    private func finish(
        _ world: World, healed: FaultWitness.Proven, recovered: FaultWitness.Proven?, into verdict: inout RunVerdict
    ) {
        let outcomes = verdict.findings.map(\.outcome)
        if outcomes.contains(.fail) {
            verdict.outcome = .fail
            // What a dip did says more than how things stood in the end.
            if let dip = verdict.findings.first(where: { $0.checker == "dips" && $0.outcome == .fail }) {
                verdict.sentence = dip.sentence
                return
            }
            let instant = timeline.end(of: .verifyRecovery) ?? world.end
            let hop =
                recovered == nil ? FirstBrokenHop.sentence(World(plan, timeline, until: instant), at: instant) : nil
            // What the live path lost while the fault lasted it lost before something behind the controller did not come back.
            let during = verdict.findings.first { $0.checker == "unaffected" && $0.outcome == .fail }
            let first = hop?.hop.hasPrefix("controller → ") == true ? during?.sentence : nil
            verdict.sentence =
                first ?? hop?.sentence ?? verdict.findings.first { $0.outcome == .fail }?.sentence ?? "failed"
        } else if let excused = verdict.findings.first(where: { $0.outcome == .invalid }) {
            verdict.outcome = .invalid
            verdict.sentence = excused.sentence
        } else if outcomes.contains(.inconclusive) {
            verdict.outcome = .inconclusive
            verdict.sentence = verdict.findings.first { $0.outcome == .inconclusive }?.sentence ?? "inconclusive"
        } else if let dips = verdict.dips {
            verdict.sentence = Dips.sentence(dips)
        } else if plan.isNullRun {
            verdict.sentence = "nothing was done, and nobody saw or found anything"
        } else {
            let measured = verdict.measured.first { $0.name == "time_to_recover" }
            let time = Instant.Span(nanoseconds: measured?.valueNanoseconds ?? 0)
            let uncertainty = Instant.Span(nanoseconds: measured?.uncertaintyNanoseconds ?? 0)
            let last = "\(Text.measured(time, uncertainty)) after \(plan.ending) (limit \(Text.seconds(plan.recover)))"
            verdict.sentence =
                plan.cycles == 1
                ? "recovered \(last)"
                : "recovered after each of \(plan.cycles) cycles, the last time \(last), and did not grow"
        }
    }
}
