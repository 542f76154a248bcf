import Events
import KNX
import Platform
import Testing

@testable import Checkers

/// What must hold of any stream of events.
@Suite struct PropertyTests {
    static let runs: [ScriptedRun] = [
        ScriptedRun(), ScriptedRun(faultLength: 3_000, daemonExitsAfter: nil), ScriptedRun(fault: .brokerDown),
        ScriptedRun(daemonReturnsAfter: nil), ScriptedRun(rereads: false),
        ScriptedRun(fault: .brokerDown, resyncs: false),
        ScriptedRun(databaseStops: true),
    ]

    /// Events arrive late by up to a second, each on its own way; what happened decides, not when it was learnt.
    @Test(arguments: [UInt64](1...12))
    func theOrderOfArrivalIsNothing(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for run in Self.runs {
            let events = run.events
            let arrivals = events.dropFirst().enumerated().map { index, event in
                (
                    event: event, at: event.instant.nanoseconds + Int64.random(in: 0...1_000_000_000, using: &random),
                    index: index
                )
            }.sorted { ($0.at, $0.index) < ($1.at, $1.index) }.map(\.event)
            #expect(try ([events[0]] + arrivals).verdict() == events.verdict(), "seed \(seed)")
        }
    }

    @Test func askingHowThingsStandChangesNothing() throws {
        for run in Self.runs {
            let events = run.events
            guard case .plan(let plan) = events[0].payload else { return }
            var judge = try Judge(plan: plan)
            for (index, event) in events.enumerated() {
                judge.observe(event)
                guard index.isMultiple(of: 60) else { continue }
                let settled = event.instant - .milliseconds(300)
                _ = (judge.baseline(at: settled), judge.faultWitnessed(at: settled), judge.healed(at: settled))
                _ = (judge.recovery(at: settled), judge.leaks(at: settled), judge.conclude())
            }
            let verdict = judge.conclude()
            #expect(try verdict == events.verdict())
            #expect(judge.conclude() == verdict)
        }
    }

    /// A torn evidence is worth what was proven, and that is never a pass.
    @Test(arguments: [0, 1, 2])
    func aTornEvidenceNeverPasses(index: Int) throws {
        let events = Self.runs[index].events
        guard case .plan(let plan) = events[0].payload else { return }
        var judge = try Judge(plan: plan)
        for event in events.dropLast() {
            judge.observe(event)
            let outcome = judge.conclude().outcome
            #expect(outcome == .aborted, "torn after \(event)")
        }
        judge.observe(events[events.count - 1])
        #expect(judge.conclude().outcome == .pass)
    }

    /// Whatever is lost from an evidence, it may make a verdict worse, never turn a fail into a pass.
    @Test(arguments: [UInt64](1...40))
    func lessEvidenceNeverSavesABrokenController(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for run in Self.runs.dropFirst(3) {
            let part = run.events.filter { event in
                if case .plan = event.payload { return true }
                return UInt64.random(in: 0..<100, using: &random) >= seed
            }
            #expect(try part.verdict().outcome != .pass, "seed \(seed)")
        }
    }

    /// A source that is missing altogether is a capture that failed: unknown, never a pass.
    @Test(arguments: [
        "witness", "stimulus-1", "tracers", "keeper", "rig", "mqtt", "http", "database", "health", "process",
        "commands",
    ])
    func aMissingCaptureNeverPasses(source: String) throws {
        let events = ScriptedRun().events
        let part = events.filter { event in
            if case .plan = event.payload { true } else { event.source != source }
        }
        #expect(part.count < events.count)
        let verdict = try part.verdict()
        #expect(verdict.outcome != .pass, "without \(source): \(verdict.sentence)")
    }

    /// Instants, uncertainties and values that nothing real gives: no trap, and no pass of what is broken.
    @Test(arguments: [UInt64](1...60))
    func madeUpEventsNeverTrap(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let run = Self.runs[Int(seed) % Self.runs.count]
        let extremes: [Int64] = [.min, .max, -1, 0, 1, 1 << 60, (1 << 60) + 1, 1_000_000_000_000]
        let events = run.events.changed { event in
            guard case .plan = event.payload else {
                guard Int.random(in: 0..<40, using: &random) == 0 else { return }
                let number = extremes[Int.random(in: 0..<extremes.count, using: &random)]
                switch Int.random(in: 0..<4, using: &random) {
                case 0: event.instant = Instant(nanoseconds: number)
                case 1: event.uncertaintyNanoseconds = number
                case 2: event.payload = Self.damaged(event.payload, number)
                default: event.source = ["truth", "", "witness", "mqtt"][Int.random(in: 0..<4, using: &random)]
                }
                return
            }
        }
        let judge = try events.judge()
        for instant in extremes.filter({ $0 >= 0 && $0 <= 1 << 60 }).map(Instant.init(nanoseconds:)) {
            _ = (judge.baseline(at: instant), judge.faultWitnessed(at: instant), judge.healed(at: instant))
            _ = (judge.recovery(at: instant), judge.leaks(at: instant))
        }
        _ = judge.conclude()
    }

    private static func damaged(_ payload: Event.Payload, _ number: Int64) -> Event.Payload {
        let instant = Instant(nanoseconds: number)
        switch payload {
        case .sample(var sample):
            sample.reading = .integer(number)
            sample.raw = number < 0 ? [] : Array(repeating: 0xFF, count: 200)
            return .sample(sample)
        case .frame(var frame):
            frame.octets = number < 0 ? [] : Array(frame.octets.dropLast())
            return .frame(frame)
        case .actuation(var actuation):
            actuation.commanded = instant
            actuation.observed = nil
            return .actuation(actuation)
        case .gap(var gap):
            gap.from = instant
            return .gap(gap)
        case .slip: return .slip(Event.Slip(thread: "twin line", lateNanoseconds: number))
        case .supply: return .supply(Event.SupplyReading(line: "main", millivolts: number))
        case .operation(var operation):
            operation.id = number
            return .operation(operation)
        default: return .gap(Event.Gap(blind: "mqtt", from: instant, to: Instant(nanoseconds: 0), reason: ""))
        }
    }

    // MARK: parts

    /// Against the definition, instant by instant.
    @Test(arguments: [UInt64](1...200))
    func agreementIsItsDefinition(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let limit = Int64.random(in: 0...8, using: &random) * 100
        func series(_ count: Int) -> [(at: Int64, raw: UInt8)] {
            (0..<count).map { _ in
                (Int64.random(in: 0...200, using: &random) * 20, UInt8.random(in: 0...3, using: &random))
            }
            .sorted { $0.at < $1.at }
        }
        let truth = series(Int.random(in: 1...8, using: &random))
        let shown = series(Int.random(in: 0...10, using: &random))
        let end: Int64 = 4_500
        let instant = { (milliseconds: Int64) in Instant(nanoseconds: milliseconds * 1_000_000) }
        let agreement = Agreement(
            truth: truth.map { LineTruth.Value(instant: instant($0.at), uncertainty: 0, raw: [$0.raw]) },
            shown: shown.map {
                Timeline.Stamped(
                    instant: instant($0.at), uncertainty: 0, source: "x",
                    content: Event.Sample(view: "x", point: "y", raw: [$0.raw]))
            }, limit: .milliseconds(limit), until: instant(end))
        for now in stride(from: Int64(10), to: end, by: 10) {
            let settled = truth.lastIndex { $0.at + limit <= now }
            let value = shown.last { $0.at <= now }?.raw
            // A sample may seem to come 50 ms before its telegram.
            let isWrong =
                settled.map { settled in !truth[settled...].contains { $0.at <= now + 50 && $0.raw == value } } ?? false
            let isSaid = agreement.disagreements.contains {
                $0.from <= instant(now) && instant(now) < ($0.until ?? instant(end + 1))
            }
            #expect(isSaid == isWrong, "seed \(seed), at \(now) ms")
        }
    }

    /// Every telegram has exactly one fate, whatever was shown.
    @Test(arguments: [UInt64](1...30))
    func theLedgerAlwaysAddsUp(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for run in Self.runs {
            let events = run.events.filter { event in
                guard event.source == "mqtt" || event.source == "witness", event.milliseconds > 7_000 else {
                    return true
                }
                return Int.random(in: 0..<10, using: &random) > 0
            }
            let verdict = try events.verdict()
            for row in verdict.ledger {
                let sum = row.delivered + row.suppressed + row.dropped + row.unreachable + row.unobserved + row.silent
                #expect(row.onBus == sum, "seed \(seed)")
                #expect(row.missing.count == min(20, row.silent))
            }
        }
    }
}
