import Checkers
import Events
import Testing

/// Many devices that report at once: what proves it, and what a history may keep of it.
@Suite struct ReportsFloodTests {
    private static let fault = ScriptedRun.faultAt
    private static let heal = QuietRun.healAt
    private static let device: UInt16 = 2700

    private static func reports(_ count: Int = 20, isTwice: Bool = true) -> [Event] {
        (0..<count).map { number in
            let value = UInt8(isTwice ? number / 2 : number)
            return ScriptedRun.frame(fault + 20 + number * 60, device, [0x0C, value])
        }
    }

    private static func counts(rows: Int64 = 30, repeats: Int64 = 0, old: Int64 = 0, aged: Int64? = 10) -> [Event] {
        func look(_ at: Int, _ point: String, _ value: Int64) -> Event {
            ScriptedRun.reading(at, "history", point, .integer(value))
        }
        var events = [
            look(heal + 6_000, "rows", rows), look(heal + 6_000, "repeats", repeats), look(heal + 6_000, "old", old),
        ]
        if let aged { events.append(look(heal - 500, "aged", aged)) }
        return events
    }

    private static let start = QuietRun.process(heal + 1, .started)

    static let cases: [(events: [Event], outcome: Outcome, sentence: String)] = [
        (reports() + counts(), .pass, ""),
        (reports(19) + counts(), .invalid, "the witness has heard 19 of 20 reports"),
        (reports(isTwice: false) + counts(), .invalid, "0 of them with the value of the one before"),
        (counts(), .invalid, "nothing has seen it"),
        (reports() + counts(rows: 41), .fail, "history: the table had 41 rows, and its bound is 40"),
        (reports() + counts(repeats: 3), .fail, "history: 3 rows repeat the value of the row before"),
        (reports() + counts(old: 2), .fail, "history: 2 of 10 rows that are too old were still there"),
        (reports() + counts(aged: nil), .inconclusive, "no row of the history was made old"),
        (reports() + counts(aged: 0), .inconclusive, "no row of the history was made old"),
        (reports(), .inconclusive, "nobody has counted the rows"),
        (
            reports() + counts().without { $0.isPoint("repeats") }, .inconclusive,
            "nobody has counted the rows that repeat the one before"
        ),
        (
            reports() + counts().without { $0.isPoint("old") }, .inconclusive,
            "nobody has counted the rows that are too old"
        ),
    ]

    @Test(arguments: cases)
    func aHistoryStaysWithinItsBound(events: [Event], outcome: Outcome, sentence: String) throws {
        var run = QuietRun(kind: "history-flooded", target: "history", checkers: ["history"])
        run.fault = [("requests", 20), ("history_rows", 40)]
        let script = run.events.changed { event in
            guard case .plan(let plan) = event.payload else { return }
            event.payload = .plan(plan.replacing(["judge", "devices"], [.integer(Int64(Self.device))]))
        }
        let verdict = try script.with(events).with(Self.start).verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome != .pass { #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)") }
    }
}

extension Event {
    fileprivate func isPoint(_ point: String) -> Bool {
        if case .sample(let sample) = payload { sample.point == point } else { false }
    }
}
