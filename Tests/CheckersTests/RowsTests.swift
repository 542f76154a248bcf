import Checkers
import Events
import KNX
import Testing

/// Rows of a time series: what a system that loses none shows, and each way to lose, invent or hold back some.
@Suite struct RowsTests {
    private static let fault = ScriptedRun.faultAt
    private static let whileDown = RowRun.rows.filter { $0.at > fault + 1_000 && $0.at < fault + 2_000 }
    private static let without = RowRun.rows.filter { !whileDown.contains($0) }

    @Test func theRunSaysSomething() {
        #expect(RowRun.said.count > 80)
        #expect(Self.whileDown.count >= 8)
    }

    @Test func whatAllArrivedIsAPass() throws {
        let verdict = try RowRun().events(RowRun.rows).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        let row = try #require(verdict.ledger.first { $0.hop == "line → timeseries" })
        #expect(row.onBus > 70 && row.delivered == row.onBus)
        #expect(row.silent == 0 && row.dropped == 0 && row.duplicated == 0)
    }

    @Test func whatIsMissingAndNotCountedIsLost() throws {
        let verdict = try RowRun().events(Self.without).verdict()
        #expect(verdict.outcome == .fail)
        let first = try #require(Self.whileDown.first)
        #expect(
            verdict.sentence.hasPrefix(
                "silent loss on line → timeseries: \(Self.whileDown.count) of ")
                && verdict.sentence.contains("the first missing is 1/1/\(first.group - 2304) = "),
            "\(verdict.sentence)")
    }

    @Test func whatIsCountedAsDroppedIsNotSilent() throws {
        let all = try RowRun().events(Self.without, dropped: Int64(Self.whileDown.count)).verdict()
        #expect(all.outcome == .pass, "\(all.sentence)")
        #expect(all.ledger.first { $0.hop == "line → timeseries" }?.dropped == Self.whileDown.count)
        let oneLess = try RowRun().events(Self.without, dropped: Int64(Self.whileDown.count - 1)).verdict()
        #expect(oneLess.sentence.hasPrefix("silent loss on line → timeseries: 1 of "), "\(oneLess.sentence)")
    }

    @Test func aSecondStampIsAnotherRow() throws {
        let late = Self.whileDown.map { RowRun.Row(at: $0.at + 1_200, group: $0.group, raw: $0.raw) }
        let verdict = try RowRun().events(RowRun.rows + late).verdict()
        #expect(verdict.outcome == .fail)
        #expect(
            verdict.sentence.contains("timeseries view: \(late.count) rows have a stamp that no telegram has")
                && verdict.sentence.contains("a second stamp 1.20 s after its telegram"), "\(verdict.sentence)")
    }

    @Test func aValueThatTheLineNeverSaidIsNamed() throws {
        let made = RowRun.Row(at: Self.fault + 500, group: ScriptedRun.tracers[0], raw: [0x77, 0x77])
        let verdict = try RowRun().events(RowRun.rows + [made]).verdict()
        #expect(verdict.sentence.contains("the line never said that"), "\(verdict.sentence)")
    }

    @Test func exactRepeatsAreCountedAndNothingElse() throws {
        let events = RowRun().events(RowRun.rows).changed { event in
            guard case .sample(var sample) = event.payload, sample.view == "rows",
                let stamp = sample.reading?["stamp"]
            else { return }
            sample.reading = ["stamp": stamp, "count": 3]
            event.payload = .sample(sample)
        }
        let verdict = try events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.ledger.first { $0.hop == "line → timeseries" }?.duplicated ?? 0 >= 2 * 70)
    }

    @Test func rowsThatNobodyReadDecideNothing() throws {
        let verdict = try RowRun().events.verdict()
        #expect(verdict.outcome == .inconclusive)
        #expect(verdict.sentence == "nobody has read the rows of timeseries after the recovery")
    }

    @Test func whatAKilledDatabaseHadTakenIsNotTheSystemsLoss() throws {
        let taken = RowRun.rows.filter { $0.at > Self.fault - 1_000 && $0.at < Self.fault - 100 }
        let rest = RowRun.rows.filter { !taken.contains($0) }
        let write = RowRun.write(1, Self.fault - 50, taken)
        let verdict = try RowRun().events(rest).with(write).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.notes.contains { $0.hasPrefix("\(taken.count) rows were lost by the database") })
        // The same rows, and no answer to the write: they are the system's to write again.
        let unanswered = try RowRun().events(rest).with(RowRun.write(1, Self.fault - 50, taken, .unknown)).verdict()
        #expect(unanswered.sentence.hasPrefix("silent loss on line → timeseries: \(taken.count) of "))
        // And a database that was never killed has no reason to lose any.
        let alive = try RowRun(kind: "service-stalled", during: "silent").events(rest).with(write).verdict()
        #expect(alive.outcome == .fail)
        #expect(
            alive.sentence.hasPrefix(
                "timeseries view: \(taken.count) rows that the broker took with success are not there"),
            "\(alive.sentence)")
    }

    // MARK: the buffer

    private static func held(_ count: Int, at instant: Int, damaged: String? = nil) -> [Event] {
        let rows = RowRun.rows.filter { $0.at > fault + 10 && $0.at < QuietRun.healAt - 10 }
        return RowRun.write(5, instant, Array(rows.suffix(count)), key: damaged)
    }

    @Test(arguments: [(8, Outcome.pass), (9, .fail)])
    func moreThanTheBoundIsNotHeldBack(count: Int, outcome: Outcome) throws {
        let verdict = try RowRun(checkers: ["row-buffer"]).events.with(Self.held(count, at: QuietRun.healAt + 200))
            .verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome == .fail {
            #expect(
                verdict.sentence
                    == "buffer: 9 rows of the time of the fault were written after it, and 8 are the bound that is declared"
            )
        }
    }

    @Test func whatWasWrittenMeanwhileOrInVainIsNotHeldBack() throws {
        let early = try RowRun(checkers: ["row-buffer"]).events.with(Self.held(9, at: QuietRun.healAt - 200)).verdict()
        #expect(early.outcome == .pass, "\(early.sentence)")
        let damaged = try RowRun(checkers: ["row-buffer"]).events.with(
            Self.held(9, at: QuietRun.healAt + 200, damaged: "cut")
        ).verdict()
        #expect(damaged.outcome == .pass, "\(damaged.sentence)")
    }

    @Test func aFaultThatDoesNotFillTheBufferDecidesNothing() throws {
        let verdict = try RowRun(checkers: ["row-buffer"], bound: 40).events.verdict()
        #expect(verdict.outcome == .inconclusive)
        #expect(verdict.sentence.contains("do not fill a buffer of 40 rows: 200 are needed"), "\(verdict.sentence)")
    }

    // MARK: what a view of history must show

    /// A sentinel that changed while the fault lasted need not show there, and in every other view it must; a tracer must show everywhere.
    @Test func onlyHistoryIsExcused() throws {
        let sentinel = GroupAddress(raw: ScriptedRun.sentinels[0]).description
        let tracer = GroupAddress(raw: ScriptedRun.tracers[0]).description
        func verdict(_ view: String, _ point: String) throws -> RunVerdict {
            try RowRun(checkers: ["recovers", "state"]).events.without {
                $0.isSample(view, point) && $0.milliseconds > Self.fault
            }.verdict()
        }
        #expect(try verdict("timeseries", sentinel).outcome == .pass)
        #expect(try verdict("database", sentinel).outcome == .fail)
        #expect(try verdict("timeseries", tracer).outcome == .fail)
    }
}
