import Checkers
import Events
import Testing

/// What the rig did wrong, did not see, or did not do: never a fail of the system, and never a pass.
@Suite struct RigFaultTests {
    static func expectInvalid(
        _ events: [Event], _ sentence: String, location: SourceLocation = #_sourceLocation
    ) throws {
        let verdict = try events.verdict()
        #expect(verdict.outcome == .invalid, "\(verdict.sentence)", sourceLocation: location)
        #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)", sourceLocation: location)
    }

    static func isActuation(_ event: Event, _ purpose: String) -> Bool {
        if case .actuation(let actuation) = event.payload { actuation.purpose == purpose } else { false }
    }

    static func report(_ at: Int, _ chip: String, _ report: Event.InterfaceReport.Report) -> Event {
        ScriptedRun.event(at, chip, .interface(Event.InterfaceReport(line: "main", report: report)))
    }

    // MARK: the fault

    @Test func oneSilentChipIsACable() throws {
        let run = ScriptedRun()
        let alive = ["stimulus-1", "stimulus-2"].map { Self.report(run.brokenAt + 800, $0, .state) }
        try Self.expectInvalid(
            run.events.with(alive), "only 1 of 3 chips fell silent: that is a cable, not the supply")
    }

    @Test func twoSilentChipsAreEnough() throws {
        let run = ScriptedRun()
        #expect(
            try run.events.with(Self.report(run.brokenAt + 800, "stimulus-2", .state)).verdict().outcome == .pass)
    }

    @Test(arguments: [(100, true), (200, false), (5_000, false)])
    func aTelegramInTheCutDisprovesIt(after: Int, isDyingOut: Bool) throws {
        let run = ScriptedRun()
        let events = run.events.with(ScriptedRun.frame(run.brokenAt + after, 9_000, [1]))
        if isDyingOut {
            #expect(try events.verdict().outcome == .pass)
        } else {
            try Self.expectInvalid(events, "the witness heard a telegram")
        }
    }

    @Test func aSenseThatSawNoFallDisprovesIt() throws {
        let run = ScriptedRun()
        let events = run.events.without {
            if case .supply(let supply) = $0.payload { supply.millivolts < 20_000 } else { false }
        }
        try Self.expectInvalid(events, "the sense of the line still saw 29 V while it was to be cut")
    }

    @Test func aSupplyThatComesBackByItselfDisprovesIt() throws {
        let run = ScriptedRun()
        let events = run.events.with(
            ScriptedRun.event(
                run.brokenAt + 2_000, "sense", .supply(Event.SupplyReading(line: "main", millivolts: 28_000))))
        try Self.expectInvalid(events, "the sense of the line still saw 28 V")
    }

    @Test func withoutTracersDueSilenceProvesNothing() throws {
        let run = ScriptedRun()
        let events = run.events.without {
            $0.source == "tracers" && $0.milliseconds > run.brokenAt + 1_100 && $0.milliseconds < run.backAt
        }
        try Self.expectInvalid(events, "of 10 tracers were due while the line was silent")
    }

    @Test(arguments: ["fault", "heal"])
    func aContactThatDidNotFollowProvesNothing(purpose: String) throws {
        let events = ScriptedRun().events.changed { event in
            if Self.isActuation(event, purpose), case .actuation(var actuation) = event.payload {
                actuation.readback = .failed
                actuation.reason = "the coil is open"
                event.payload = .actuation(actuation)
            }
        }
        try Self.expectInvalid(events, "bus-power did not follow its command: the coil is open")
    }

    @Test(arguments: ["fault", "heal"])
    func whatWasNotCommandedWasNotTested(purpose: String) throws {
        for fault in [ScriptedRun.Fault.busCut, .brokerDown] {
            let verdict = try ScriptedRun(fault: fault).events.without { Self.isActuation($0, purpose) }.verdict()
            #expect(verdict.outcome == .invalid, "\(verdict.sentence)")
        }
    }

    @Test func aHealWithoutResetsIsNoHeal() throws {
        let run = ScriptedRun()
        let events = run.events.without { event in
            guard case .interface(let report) = event.payload else { return false }
            return report.report == .reset && event.source != "witness" && event.milliseconds > run.healAt
        }
        try Self.expectInvalid(events, "the end of the fault was not proven: the chips have not all said Reset.ind")
    }

    @Test func aServiceThatDidNotEndWasNotTakenAway() throws {
        let events = ScriptedRun(fault: .brokerDown).events.without {
            if case .process(let change) = $0.payload { change.process == "broker" } else { false }
        }
        try Self.expectInvalid(events, "the fault was commanded, and nothing has seen it yet")
    }

    @Test(arguments: [(60, true), (400, false), (4_000, false)])
    func aServiceThatAnswersIsNotDown(after: Int, isUnderWay: Bool) throws {
        let run = ScriptedRun(fault: .brokerDown)
        let events = run.events.with(ScriptedRun.reading(run.brokenAt + after, "broker", "through_gate", "accepted"))
        if isUnderWay {
            #expect(try events.verdict().outcome == .pass)
        } else {
            try Self.expectInvalid(events, "the broker still answered while it was to be down")
        }
    }

    @Test func aSilentGateProvesAsWell() throws {
        let events = ScriptedRun(fault: .brokerDown).events.changed { event in
            if event.isSample("broker"), case .sample(var sample) = event.payload, sample.reading == "refused" {
                sample.reading = "silent"
                event.payload = .sample(sample)
            }
        }
        #expect(try events.verdict().outcome == .pass)
    }

    @Test func aGateThatNobodyTriedProvesNothing() throws {
        let events = ScriptedRun(fault: .brokerDown).events.without { $0.isSample("broker") }
        try Self.expectInvalid(events, "nobody has tried the gate yet")
    }

    @Test func sentinelsThatDidNotChangeTestNothing() throws {
        let cut = ScriptedRun().events.without {
            if case .stimulus(let stimulation) = $0.payload { stimulation.outcome == .changed } else { false }
        }
        try Self.expectInvalid(cut, "the state was not tested: sentinel 1/3/0 did not change")
        let outage = ScriptedRun(fault: .brokerDown)
        let changedAt = ScriptedRun.faultAt + outage.faultLength / 2
        let still = outage.events.without {
            $0.milliseconds >= changedAt && $0.milliseconds <= changedAt + 5_000
                && ($0 == ScriptedRun.frame($0.milliseconds, 2817, [1]))
        }
        try Self.expectInvalid(still, "the state was not tested: sentinel 1/3/1 did not change")
    }

    // MARK: the state before

    @Test func aBadBaselineIsNoTestWhateverFollows() throws {
        let run = ScriptedRun(daemonReturnsAfter: nil)
        let events = run.events.with(ScriptedRun.reading(ScriptedRun.faultAt - 900, "health", "status", "degraded"))
        try Self.expectInvalid(
            events,
            "the state before the fault was not normal: normal for 0.90 s of 3.00 s; before that its health was degraded"
        )
    }

    @Test func aLossJustBeforeTheFaultIsNoNormalState() throws {
        let events = ScriptedRun().events
        let lost = try BrokenControllerTests.tracerSample(events, from: ScriptedRun.faultAt - 2_000)
        try Self.expectInvalid(events.without { $0 == lost }, "mqtt did not show 1/1/0 = ")
    }

    @Test func aLossWhileTheSystemWarmedUpIsOnlySaid() throws {
        let run = ScriptedRun()
        let lost = try BrokenControllerTests.tracerSample(run.events, from: ScriptedRun.normalFrom)
        let verdict = try run.events.without { $0 == lost }.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.notes.contains("mqtt did not show 1 telegrams before the state was normal: not judged"))
        #expect(verdict.ledger.first?.silent == 0)
    }

    @Test(arguments: [
        ("health", "its health has not been asked yet"), ("http", "http has not been read yet"),
        ("mqtt", "mqtt has not shown tracer 1/1/0 yet"),
    ])
    func aProbeThatNeverSpokeIsNoNormalState(source: String, reason: String) throws {
        try Self.expectInvalid(ScriptedRun().events.without { $0.source == source }, reason)
    }

    @Test func withoutCommandsThereIsNoNormalState() throws {
        try Self.expectInvalid(
            ScriptedRun().events.without { $0.source == "commands" }, "no command has been answered yet")
        let failed = ScriptedRun().events.with(
            ScriptedRun.event(
                ScriptedRun.faultAt - 1_500, "commands",
                .operation(Event.Operation(id: 9_000, name: "command", action: .failed, detail: "no route"))))
        try Self.expectInvalid(failed, "a command failed: no route")
    }

    @Test func aViewThatWasWrongBeforeTheFaultIsNoNormalState() throws {
        let wrong = ScriptedRun.sample(ScriptedRun.faultAt - 2_000, "database", 2816, [1])
        try Self.expectInvalid(ScriptedRun().events.with(wrong), "database shows 1/3/0 = 01, the line says 00")
    }

    // MARK: the instrument

    @Test(arguments: [
        ("twin line", Int64(6), 3_000, Outcome.invalid), ("twin line", 4, 3_000, .pass), ("twin line", 6, 1_500, .pass),
        ("stimulus", 60, 3_000, .pass), ("twin line", 6, 12_500, .invalid),
    ])
    func aSlipOfTheLineIsOurs(thread: String, late: Int64, at: Int, outcome: Outcome) throws {
        let slip = ScriptedRun.event(
            at + 1_000, "rig", .slip(Event.Slip(thread: thread, lateNanoseconds: late * 1_000_000)))
        let verdict = try ScriptedRun().events.with(slip).verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome == .invalid { #expect(verdict.sentence.contains("slipped by 6 ms")) }
    }

    /// A tracer's frame in parts with stalls between them; the same, with a part damaged or missing, is the line's own doing.
    @Test(arguments: [
        (UInt8(0), false, [8], true), (1, false, [8], false), (0, true, [8], false), (0, false, [6, 7, 8, 9], true),
        (0, false, [1, 10], true), (2, false, [6, 7, 8, 9], false),
    ])
    func aFrameThatCameInPartsIsOurs(damage: UInt8, isCutOff: Bool, cuts: [Int], isOurs: Bool) throws {
        let events = ScriptedRun().events
        let torn = try #require(
            events.first { if case .frame = $0.payload { $0.milliseconds >= 4_000 } else { false } })
        guard case .frame(let whole) = torn.payload else { return }
        func part(_ octets: [UInt8], after: Int, _ flaw: String) -> Event {
            let at = torn.milliseconds + after
            return ScriptedRun.event(
                at, "witness",
                .frame(
                    Event.Frame(
                        line: "main", octets: octets, acknowledge: nil, began: ScriptedRun.instant(at), flaw: flaw)))
        }
        var octets = whole.octets + [0xCC]
        octets[cuts[0]] ^= damage
        let ends = cuts + [octets.count]
        var told = [part(Array(octets.prefix(cuts[0])), after: 0, "truncated")]
        for (number, (begin, end)) in zip(ends, ends.dropFirst()).enumerated() where !isCutOff {
            let rest = Array(octets[begin..<end])
            // A single octet may look like a service of the chip, and its instant is then its arrival, later than what came with it.
            if rest.count == 1, number == 2 {
                told.append(
                    ScriptedRun.event(
                        torn.milliseconds + 2, "witness",
                        .interface(Event.InterfaceReport(line: "main", report: .state, octet: rest[0], detail: nil))))
            } else {
                told.append(part(rest, after: 1, "noise"))
            }
        }
        let place = try #require(events.firstIndex(of: torn))
        var changed = events
        changed.replaceSubrange(place...place, with: told)
        // What was damaged on the line itself nobody acknowledges.
        if !isOurs {
            changed.removeAll { event in
                guard case .stimulus(let stimulation) = event.payload else { return false }
                return stimulation.outcome == .confirmed && abs((event.instant - torn.instant).nanoseconds) < 3_000_000
            }
        }
        let verdict = try changed.verdict()
        #expect(verdict.isRigsOwnLateness == isOurs, "\(verdict.sentence)")
        let says = verdict.findings.map(\.sentence).joined(separator: "\n")
        #expect(says.contains("a frame reached the witness in \(ends.count) parts") == isOurs, "\(says)")
    }

    /// A run that ended early because its normal state was never reached is made again when the rig was late meanwhile, and only then.
    /// One that something else stopped, such as a lost board, is not, however late the rig was.
    @Test(arguments: [(true, true, true), (false, true, false), (true, false, false)])
    func aBaselineThatFailedBecauseTheRigWasLateIsOurs(isLate: Bool, isUnreached: Bool, isOurs: Bool) throws {
        let events = ScriptedRun().events
        let normal = try #require(events.firstIndex { $0.milliseconds >= 4_000 })
        var changed = Array(events[..<normal])
        let at = (changed.last?.milliseconds ?? 4_000) + 1
        if isLate {
            changed.append(
                ScriptedRun.event(
                    at, "rig", .slip(Event.Slip(thread: "twin line", lateNanoseconds: 60_000_000))))
        }
        changed.append(
            ScriptedRun.event(
                at + 1, "rig",
                .other(
                    kind: "interruption",
                    [
                        "outcome": "invalid", "reason": "the state before the fault was not normal",
                        "unreached": .bool(isUnreached),
                    ])))
        let verdict = try changed.verdict()
        #expect(verdict.outcome == .invalid && verdict.sentence.contains("was not normal"), "\(verdict.sentence)")
        #expect(verdict.isRigsOwnLateness == isOurs)
    }

    /// A board that does not answer while this whole computer stands still is not lost. That the rig was late long before, or by less, loses none, and
    /// what is no one's loss but the rig's own error is not excused.
    @Test(arguments: [
        (932, 50, "invalid", true), (300, 1_900, "invalid", true), (299, 50, "invalid", false),
        (932, 2_100, "invalid", false), (932, -1, "invalid", false), (932, 50, "error", false),
        (932, 50, "aborted", false),
    ])
    func aBoardLostToAStandstillIsOurs(late: Int, before: Int, outcome: String, isOurs: Bool) throws {
        let events = ScriptedRun().events
        let cut = try #require(events.firstIndex { $0.milliseconds >= 12_000 })
        var changed = Array(events[..<cut])
        let slip = ScriptedRun.event(
            12_000 - before, "tracers", .slip(Event.Slip(thread: "tracers", lateNanoseconds: Int64(late) * 1_000_000)))
        changed.append(slip)
        changed.append(
            ScriptedRun.event(
                12_000, "rig",
                .other(kind: "interruption", ["outcome": .text(outcome), "reason": "board 'relays' was lost"])))
        let verdict = try changed.sorted { $0.instant < $1.instant }.verdict()
        #expect(verdict.outcome.rawValue == outcome && verdict.sentence == "board 'relays' was lost")
        #expect(verdict.isRigsOwnLateness == isOurs)
        let says = verdict.findings.first?.sentence ?? ""
        #expect(says.hasPrefix("this computer stood still: 'tracers' was late by \(late) ms") == isOurs, "\(says)")
    }

    static func gap(_ probe: String, _ from: Int, _ to: Int) -> Event {
        ScriptedRun.event(
            to, probe,
            .gap(Event.Gap(blind: probe, from: ScriptedRun.instant(from), to: ScriptedRun.instant(to), reason: "late")))
    }

    /// Of a probe, from so many milliseconds after Th, for so long.
    @Test(arguments: [
        ("http", 3_000, 400, Outcome.invalid), ("http", 3_000, 200, .pass), ("health", 3_000, 400, .invalid),
        ("process", 3_000, 400, .invalid), ("witness", 3_000, 400, .invalid), ("something else", 3_000, 400, .pass),
        ("http", -3_000, 2_500, .pass), ("http", -3_000, 3_400, .pass), ("http", -3_000, 6_000, .invalid),
        ("http", -12_000, 400, .pass), ("http", -8_000, 400, .invalid),
    ])
    func aBlindProbeIsOurs(probe: String, from: Int, length: Int, outcome: Outcome) throws {
        let run = ScriptedRun()
        let gap = Self.gap(probe, run.healedAt + from, run.healedAt + from + length)
        let verdict = try run.events.with(gap).verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome == .invalid { #expect(verdict.sentence.contains("the probe '\(probe)' was blind for")) }
    }

    /// Lost and found again after the heal, or never.
    @Test(arguments: [1_000, nil])
    func aProbeThatLosesItsConnectionIsOurs(foundAfter: Int?) throws {
        let run = ScriptedRun()
        let at = run.healedAt + 4_000
        var events = run.events.with(ScriptedRun.reading(at, "mqtt", "connection", "lost")).without {
            $0.isSample("mqtt") && $0.raw != nil && $0.milliseconds > at
                && $0.milliseconds < at + (foundAfter ?? 99_000)
        }
        if let foundAfter {
            events = events.with(ScriptedRun.reading(at + foundAfter, "mqtt", "connection", "connected"))
        }
        try Self.expectInvalid(events, "the probe 'mqtt' was blind for")
    }

    @Test(arguments: ["http", "database", "health"])
    func aProbeThatDiesIsOurs(probe: String) throws {
        let run = ScriptedRun(leaksLength: 4_000)
        let events = run.events.without { $0.source == probe && $0.milliseconds > run.healedAt + 4_000 }
        try Self.expectInvalid(events, "the probe '\(probe)' said nothing for")
    }

    @Test func aWitnessThatGoesDeafIsOurs() throws {
        let run = ScriptedRun()
        let events = run.events.without { $0.source == "witness" && $0.milliseconds > run.healedAt + 3_000 }
        try Self.expectInvalid(events, "the witness heard none of 10 tracers that were confirmed on the line")
    }

    @Test func theWitnessMaySleepLongerThanTheOthers() throws {
        // Th is only when it hears again, so that what the others sent before counts for nothing.
        let run = ScriptedRun(recoveryLength: 12_000)
        let late = run.healedAt + 2_000
        let events = run.events.without { event in
            guard event.source == "witness", event.milliseconds > run.healAt, event.milliseconds < late else {
                return false
            }
            return true
        }.with(Self.report(late, "witness", .reset), Self.report(late + 1, "witness", .armed))
        let verdict = try events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(try #require(verdict.instants.healed) > ScriptedRun.instant(late))
    }

    // MARK: runs that ended early

    @Test(arguments: [
        ("aborted", Outcome.aborted), ("invalid", .invalid), ("error", .error), ("pass", .error), ("nonsense", .error),
    ])
    func anInterruptionIsTheVerdict(word: String, outcome: Outcome) throws {
        let run = ScriptedRun()
        let interruption = ScriptedRun.event(
            run.end + 2, "rig",
            .other(kind: "interruption", ["outcome": .text(word), "reason": "a stranger on the line"]))
        let verdict = try run.events.with(interruption).verdict()
        #expect(verdict.outcome == outcome)
        #expect(verdict.sentence == "a stranger on the line")
    }

    @Test func anEvidenceThatEndsEarlyIsAborted() throws {
        let run = ScriptedRun()
        let verdict = try run.events.filter { $0.milliseconds < run.healedAt + 3_000 }.verdict()
        #expect(verdict.outcome == .aborted)
        #expect(verdict.sentence == "the evidence ends in the step verify_recovery: the run was cut short")
        #expect(verdict.instants.fault == ScriptedRun.instant(run.brokenAt))
    }

    static let impossible: [Event] = [
        Event(at: Instant(nanoseconds: .max), source: "http", .phase(Event.Phase(.heal, .begin))),
        Event(at: Instant(nanoseconds: -1), source: "http", .phase(Event.Phase(.heal, .begin))),
        ScriptedRun.event(3_000, "http", u: -1, .phase(Event.Phase(.heal, .begin))),
        ScriptedRun.event(
            3_000, "http",
            .actuation(
                Event.Actuation(
                    target: "bus-power", meaning: "cut", purpose: "fault", due: ScriptedRun.instant(0),
                    commanded: Instant(nanoseconds: .min), observed: nil, readback: .assumed))),
        ScriptedRun.event(
            3_000, "http",
            .actuation(
                Event.Actuation(
                    target: "bus-power", meaning: "cut", purpose: "fault", due: ScriptedRun.instant(0),
                    commanded: ScriptedRun.instant(0), observed: Instant(nanoseconds: .max), readback: .assumed))),
        ScriptedRun.event(
            3_000, "http",
            .gap(Event.Gap(blind: "http", from: Instant(nanoseconds: .min), to: ScriptedRun.instant(0), reason: ""))),
        ScriptedRun.event(3_000, "http", .slip(Event.Slip(thread: "twin line", lateNanoseconds: .min))),
        ScriptedRun.event(3_000, "http", .supply(Event.SupplyReading(line: "main", millivolts: .min))),
        ScriptedRun.event(
            3_000, "http", .sample(Event.Sample(view: "process", point: "descriptors", reading: .integer(.max)))),
    ]

    @Test(arguments: impossible)
    func impossibleNumbersAreDamage(event: Event) throws {
        let verdict = try ScriptedRun().events.with(event).verdict()
        #expect(verdict.outcome == .error)
        #expect(verdict.sentence.contains("a record of 'http' with impossible numbers"))
    }
}
