import Events
import Testing

@testable import Checkers

@Suite struct RunTracesTests {
    @Test func aPassageTakesAsLongAsTheControllerTook() throws {
        let run = ScriptedRun(latency: 8)
        let traces = RunTraces(plan: run.plan, events: run.events)
        let hop = try #require(traces.hops.first { $0.view == "mqtt" })
        let shown = hop.passages.compactMap { passage in
            if case .shown(let after) = passage.fate { after } else { nil }
        }
        #expect(shown.count > 50)
        #expect(shown.allSatisfy { $0 == .milliseconds(8) })
        #expect(hop.passages.map(\.instant) == hop.passages.map(\.instant).sorted())
    }

    @Test func theLedgerCountsTheSamePassages() throws {
        let run = ScriptedRun(fault: .brokerDown)
        let traces = RunTraces(plan: run.plan, events: run.events)
        let verdict = try run.events.verdict()
        for row in verdict.ledger {
            let hop = try #require(traces.hops.first { row.hop == "line → \($0.view)" })
            #expect(row.onBus <= hop.passages.count)
            let missing = hop.passages.count { $0.fate == .missing || $0.fate == .unobserved }
            #expect(missing >= row.unreachable + row.silent + row.unobserved)
        }
    }

    @Test func aStoreThatStoppedIsWrongToTheEnd() throws {
        let right = ScriptedRun()
        let wrong = ScriptedRun(databaseStops: true)
        let point = RunTraces(plan: wrong.plan, events: wrong.events).points.first { $0.isSentinel }
        let last = try #require(point?.disagreements.last { $0.until == nil })
        #expect(last.view == "database")
        #expect(last.shown != last.wanted)
        let good = RunTraces(plan: right.plan, events: right.events)
        #expect(good.points.count == ScriptedRun.sentinels.count + ScriptedRun.repeats.count)
        #expect(good.points.allSatisfy { $0.disagreements.allSatisfy { $0.until != nil } })
    }

    @Test func aSecondOfTheLineIsLoadedByTheCyclesOfItsFrames() {
        // 9 octets at priority low, acknowledged: 13 · 9 + 24 + 53 = 194 bit times of 9600.
        let frames = (0..<10).map { ScriptedRun.frame(1_000 + $0 * 50, 2304, [1]) }
        let traces = RunTraces(plan: .null, events: frames)
        #expect(traces.seconds.count == 1)
        #expect(traces.seconds[0].frames == 10)
        #expect(traces.seconds[0].permille == 202)
        #expect(traces.seconds[0].troubled == 0)
        #expect(traces.hops == [] && traces.points == [])
    }

    @Test func withoutAFrameThereIsNoLoad() {
        #expect(RunTraces(plan: .null, events: []).seconds == [])
    }
}
