import Events
import Testing

@testable import Checkers

/// Controllers that do everything right. An alarm here is as bad as a miss elsewhere.
@Suite struct JudgeTests {
    static let good: [(String, ScriptedRun)] = [
        ("outage", ScriptedRun()), ("ride-through", ScriptedRun(faultLength: 3_000, daemonExitsAfter: nil)),
        ("broker", ScriptedRun(fault: .brokerDown)), ("looked at for long", ScriptedRun(recoveryLength: 20_000)),
        ("leaks waited for", ScriptedRun(leaksLength: 10_000)),
    ]

    @Test(arguments: good)
    func aCorrectControllerPasses(name: String, run: ScriptedRun) throws {
        let verdict = try run.events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.findings == [])
        for row in verdict.ledger {
            #expect(row.silent == 0 && row.missing == [] && row.reordered == 0)
            #expect(row.delivered > 50)
        }
    }

    /// Milliseconds from the line to the view; stamps of different places may differ by 50.
    @Test(arguments: [-40, 1, 300, 900])
    func aCorrectControllerPassesWhateverItsLatency(latency: Int) throws {
        for fault in [ScriptedRun.Fault.busCut, .brokerDown] {
            let verdict = try ScriptedRun(fault: fault, latency: latency).events.verdict()
            #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        }
    }

    @Test func aControllerSlowerThanItsViewsLimitIsNotNormal() throws {
        let verdict = try ScriptedRun(latency: 1_300).events.verdict()
        #expect(verdict.outcome == .invalid, "\(verdict.sentence)")
    }

    @Test func theInstantsOfAnOutageAreThoseOfTheWitnesses() throws {
        let run = ScriptedRun()
        let verdict = try run.events.verdict()
        #expect(verdict.instants.fault == ScriptedRun.instant(run.brokenAt))
        #expect(verdict.instants.healed == ScriptedRun.instant(run.healedAt))
        #expect(verdict.instants.detected == ScriptedRun.instant(run.brokenAt + 2_000))
        // knxd is back 700 ms after Th and the sentinels are asked for 200 ms later: the database says so at the next full second.
        let shown = (run.healedAt + 900 + 999) / 1_000 * 1_000 + 2
        #expect(verdict.instants.recovered == ScriptedRun.instant(shown))
        let recovery = try #require(verdict.measured.first { $0.name == "time_to_recover" })
        #expect(recovery.valueNanoseconds == Int64(shown - run.healedAt) * 1_000_000)
        #expect(recovery.limitNanoseconds == 5_000_000_000)
        // 300 µs at the witness and 288 ms of polling, as variances, times two.
        #expect((576_000_000...576_001_000).contains(recovery.uncertaintyNanoseconds))
        #expect(verdict.sentence == "recovered 1.70 s ± 0.58 s after the line came back (limit 5.00 s)")
    }

    /// Nanoseconds of value and uncertainty.
    @Test(arguments: [
        (2_300_000_000, 577_000_000, "2.30 s ± 0.58 s"), (1_900_000_000, 2_800_000, "1.90 s ± 2.8 ms"),
        (3_600_000, 2_100_000, "3.6 ms ± 2.1 ms"), (999_949_999, 577_000_000, "999.9 ms ± 577.0 ms"),
        (1_000_000_000, 10_000_000, "1.00 s ± 0.01 s"), (0, 0, "0.0 ms ± 0.0 ms"),
    ])
    func aValueAndItsUncertaintyAreSaidTogether(value: Int64, uncertainty: Int64, text: String) {
        #expect(
            Text.measured(Instant.Span(nanoseconds: value), Instant.Span(nanoseconds: uncertainty)) == text)
    }

    @Test func theInstantsOfABrokersOutageAreThoseOfTheWitnesses() throws {
        let run = ScriptedRun(fault: .brokerDown)
        let verdict = try run.events.verdict()
        #expect(verdict.instants.fault == ScriptedRun.instant(run.brokenAt))
        #expect(verdict.instants.healed == ScriptedRun.instant(run.backAt + 2))
        #expect(verdict.instants.detected == ScriptedRun.instant(run.brokenAt + 9))
        #expect(verdict.instants.recovered == ScriptedRun.instant((run.healedAt + 900) / 10 * 10 + 8))
        #expect(verdict.sentence.contains("after the broker came back"))
    }

    @Test func withoutASenseTheFaultIsBetweenCommandAndReadback() throws {
        let run = ScriptedRun()
        let blind = run.events.without { if case .supply = $0.payload { true } else { false } }
        let verdict = try blind.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        let fault = ScriptedRun.instant(ScriptedRun.faultAt) + .microseconds(500)
        #expect(verdict.instants.fault == fault)
        let unread = try blind.changed { event in
            if RigFaultTests.isActuation(event, "fault"), case .actuation(var actuation) = event.payload {
                actuation.observed = nil
                actuation.readback = .assumed
                event.payload = .actuation(actuation)
            }
        }.verdict()
        #expect(unread.outcome == .pass, "\(unread.sentence)")
        #expect(unread.instants.fault == ScriptedRun.instant(ScriptedRun.faultAt + 15))
        let detection = unread.measured.first { $0.name == "time_to_detect" }
        #expect(detection?.budget.first?.nanoseconds == 8_660_254)
    }

    @Test func theRigIsReadyWhenTheWitnessIsArmed() throws {
        let run = ScriptedRun()
        let armed = run.healedAt + 300
        let events = run.events.changed { event in
            guard event.source == "witness", case .interface(let report) = event.payload, report.report == .armed,
                event.milliseconds > run.healAt
            else { return }
            event.instant = ScriptedRun.instant(armed)
        }
        let healed = try #require(events.verdict().instants.healed)
        #expect(healed > ScriptedRun.instant(armed) && healed < ScriptedRun.instant(armed + 200))
    }

    /// value, U/2, limit.
    @Test(
        arguments: [
            (10, 1, 12, Outcome.pass), (10, 1, 11, .inconclusive), (10, 1, 10, .inconclusive),
            (10, 1, 9, .inconclusive),
            (10, 1, 8, .inconclusive), (10, 1, 7, .fail), (nil, 1, 99, .fail), (10, 0, 10, .pass), (11, 0, 10, .fail),
        ] as [(Int64?, Int64, Int64, Outcome)])
    func aMeasuredValueIsGuardedByItsUncertainty(value: Int64?, uncertainty: Int64, limit: Int64, outcome: Outcome) {
        let measured = Measured.judged(
            "x", value: value, limit: limit, budget: [BudgetItem(what: "a", nanoseconds: uncertainty)])
        #expect(measured.outcome == outcome)
        #expect(measured.uncertaintyNanoseconds == 2 * uncertainty)
    }

    @Test func theLedgerOfAnOutageAddsUp() throws {
        let run = ScriptedRun()
        let row = try #require(run.events.verdict().ledger.first)
        #expect(row.hop == "line → mqtt")
        #expect(
            row.onBus == row.delivered + row.suppressed + row.dropped + row.unreachable + row.unobserved + row.silent)
        // Between Th and knxd's return, and the repeat that said nothing new.
        #expect(row.unreachable >= 5)
    }

    @Test func aResyncAfterTheRecoveryIsNoFault() throws {
        let run = ScriptedRun()
        let events = run.events
        let at = run.healedAt + 4_005
        var newest: [String: [UInt8]] = [:]
        for event in events where event.milliseconds < at {
            if case .sample(let sample) = event.payload, sample.view == "mqtt", let raw = sample.raw {
                newest[sample.point] = raw
            }
        }
        let again = newest.map { point, raw in
            ScriptedRun.event(at, "mqtt", .sample(Event.Sample(view: "mqtt", point: point, raw: raw)))
        }
        let verdict = try events.with(again).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        // The repeat said nothing new after the heal and was suppressed; now there is a sample of it.
        #expect(verdict.ledger.first?.duplicated == again.count - 1)
        #expect(verdict.ledger.first?.suppressed == 0)
    }

    @Test func repetitionsOfATelegramAreTheSameTelegram() throws {
        let events = ScriptedRun().events
        let repetitions = events.compactMap { event -> Event? in
            guard case .frame(let frame) = event.payload, event.milliseconds.isMultiple(of: 7),
                let octets = repetition(of: frame.octets)
            else { return nil }
            var repeated = frame
            repeated.octets = octets
            return Event(
                at: event.instant + .milliseconds(30), uncertaintyNanoseconds: 300_000, source: "witness",
                .frame(repeated))
        }
        #expect(repetitions.count > 10)
        let verdict = try events.with(repetitions).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.ledger == (try events.verdict().ledger))
    }

    @Test func whatOnlyTheSimulationKnowsIsNotRead() throws {
        let events = ScriptedRun().events
        let lies = events.dropFirst().map { event in
            Event(at: event.instant + .milliseconds(3), source: "truth", event.payload)
        }
        #expect(try events.with(Array(lies)).verdict() == events.verdict())
    }

    @Test func aVerdictReadsBackAsWritten() throws {
        for (_, run) in Self.good {
            let verdict = try run.events.verdict()
            #expect(try RunVerdict(JSON.parse(JSON.text(verdict.value))) == verdict)
        }
    }

    /// A pass says what it did not look at.
    @Test func whatTheProfileDoesNotDeclareIsSaid() throws {
        let run = ScriptedRun()
        let bare = run.events.changed { event in
            guard case .plan(let plan) = event.payload else { return }
            event.payload = .plan(plan.replacing(["judge", "commands"], []).replacing(["judge", "health"], false))
        }
        let notes = try bare.verdict().notes
        #expect(notes.contains { $0.hasPrefix("commands: the profile declares none") }, "\(notes)")
        #expect(notes.contains { $0.hasPrefix("zombie: the profile declares no health") }, "\(notes)")
        #expect(try !run.events.verdict().notes.contains { $0.contains("the profile declares no") })
    }
}

/// The same frame as its own repetition: the R bit cleared, and the check octet with it.
private func repetition(of octets: [UInt8]) -> [UInt8]? {
    guard let control = octets.first, control & 0x20 != 0 else { return nil }
    var repetition = octets
    repetition[0] ^= 0x20
    repetition[repetition.count - 1] ^= 0x20
    return repetition
}
