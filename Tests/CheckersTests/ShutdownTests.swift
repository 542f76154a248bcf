import Checkers
import Events
import KNX
import Testing

/// What a system that was asked to end leaves in its stores, and in which order it ends.
@Suite struct ShutdownTests {
    private static let fault = ScriptedRun.faultAt
    private static let view = RowRun.view

    /// What the line had said when the system was asked to end.
    private static let said = RowRun.said.filter { $0.at <= fault }
    private static let rows = said.map { RowRun.Row(at: $0.at + 3, group: $0.group, raw: $0.raw) }

    /// The same without those that repeat the value before.
    private static let history: [RowRun.Row] = {
        var last: [UInt16: [UInt8]] = [:]
        return rows.filter { last.updateValue($0.raw, forKey: $0.group) != $0.raw }
    }()

    /// A run whose system is asked to end, and does at 900 ms.
    private struct End {
        var rows: [RowRun.Row]? = ShutdownTests.rows
        var history: [RowRun.Row]? = ShutdownTests.history
        var bound = 1_000
        /// Milliseconds after the request.
        var written: Int? = 300
        var told: Int? = 600
        var logRemoved: Int? = 699
        var closed: Int? = 700
        var log = "gone"
        var watched = "yes"
        var saysStatus = true
        var kept: Value = ["rows": true, "history": 1_000, "database": true]

        var events: [Event] {
            let fault = ShutdownTests.fault
            var quiet = RowRun(checkers: ["shutdown"])
            quiet.kind = "system-stopped"
            var events = quiet.events.changed { event in
                guard case .plan(let plan) = event.payload else { return }
                var kept = kept
                if kept["history"] != nil { kept = kept.replacing(["history"], .integer(Int64(bound))) }
                event.payload = .plan(
                    plan.replacing(["judge", "kept"], kept)
                        .replacing(["judge", "fault", "cuts"], ["line", "mqtt"])
                        .replacing(["judge", "fault", "target"], "process:controller"))
            }
            events = events.changed { event in
                guard case .actuation(var actuation) = event.payload, actuation.target == "process:tsdb" else { return }
                actuation.target = "process:controller"
                event.payload = .actuation(actuation)
            }
            var more = [
                QuietRun.process(fault + 900, .exited, status: 0), QuietRun.process(QuietRun.healAt + 1, .started),
                ScriptedRun.reading(fault - 50, "shutdown", "watched", .text(watched)),
                ScriptedRun.reading(fault + 901, "shutdown", "write_ahead_log", .text(log)),
            ]
            if saysStatus { more.append(ScriptedRun.reading(3_000, "mqtt", "status", "online")) }
            if let rows { more += stored(rows, "kept-rows") }
            if let history { more += stored(history, "kept-history") }
            more += RowRun.write(1, fault - 900)
            if let written { more += RowRun.write(2, fault + written) }
            if let told { more.append(ScriptedRun.reading(fault + told, "mqtt", "status", "offline")) }
            for (point, at) in [("log_removed", logRemoved), ("database_closed", closed)] {
                if let at { more.append(ScriptedRun.reading(fault + at, "shutdown", point, "seen")) }
            }
            return events.with(more)
        }

        private func stored(_ rows: [RowRun.Row], _ view: String) -> [Event] {
            let at = QuietRun.healAt - 200
            return rows.map { row in
                ScriptedRun.event(
                    at, view,
                    .sample(
                        Event.Sample(
                            view: view, point: GroupAddress(raw: row.group).description, raw: row.raw,
                            reading: ["stamp": RowRun.stamp(row.at)])))
            } + [ScriptedRun.reading(at, view, "read", .integer(Int64(rows.count)))]
        }

        func verdict() throws -> RunVerdict { try events.verdict() }
    }

    @Test func anEndInOrderThatLosesNothingPasses() throws {
        let verdict = try End().verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.notes.contains { $0.contains("history holds") })
        #expect(verdict.notes.contains { $0.contains("timeseries holds") })
        #expect(verdict.notes.contains { $0.contains("the last rows of the time series were written") })
    }

    // MARK: every telegram

    /// The last tracer that had its 250 ms.
    private static let due = said.last { $0.at <= fault - 250 && ScriptedRun.tracers.contains($0.group) }!
    private static let late = said.last { $0.at > fault - 250 && ScriptedRun.tracers.contains($0.group) }!

    private static func without(_ row: RowRun.Row, _ rows: [RowRun.Row]) -> [RowRun.Row] {
        rows.filter { $0.group != row.group || $0.raw != row.raw }
    }

    private static func named(_ row: RowRun.Row) -> String {
        "\(GroupAddress(raw: row.group)) = \(Hex.text(row.raw))"
    }

    @Test func aRowThatIsMissingIsNamed() throws {
        let verdict = try End(rows: Self.without(Self.due, Self.rows)).verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.hasPrefix("shutdown: timeseries lacks 1 of "), "\(verdict.sentence)")
        #expect(verdict.sentence.contains(Self.named(Self.due)), "\(verdict.sentence)")
        #expect(verdict.sentence.hasSuffix(" s before the fault"), "\(verdict.sentence)")
    }

    @Test func rowsOfAHistoryThatAreMissingAreNamed() throws {
        let gone = Self.history.filter { $0.at > Self.fault - 600 && $0.at <= Self.fault - 247 }
        #expect(gone.count > 1)
        let verdict = try End(history: Self.history.filter { !gone.contains($0) }).verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.hasPrefix("shutdown: history lacks \(gone.count) of "), "\(verdict.sentence)")
        for row in gone { #expect(verdict.sentence.contains(Self.named(row)), "\(verdict.sentence)") }
    }

    @Test func whatCameInTheLastMomentMayBeMissing() throws {
        let verdict = try End(
            rows: Self.without(Self.late, Self.rows), history: Self.without(Self.late, Self.history)
        ).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
    }

    @Test func aHistoryThatIsFullHasGivenUpItsOldestRowsAndNoOthers() throws {
        let bound = 12
        let newest = Array(Self.history.suffix(bound))
        #expect(newest.count < Self.history.count)
        let whole = try End(history: newest, bound: bound).verdict()
        #expect(whole.outcome == .pass, "\(whole.sentence)")
        let torn = try End(history: Self.without(Self.due, Array(Self.history.suffix(bound + 1))), bound: bound)
            .verdict()
        #expect(torn.outcome == .fail)
        #expect(torn.sentence.contains("history lacks 1 of "), "\(torn.sentence)")
        // One that was never full has given up nothing.
        let short = try End(history: newest).verdict()
        #expect(short.outcome == .fail)
    }

    @Test func aValueThatRepeatsTheOneBeforeNeedsNoRowOfHistory() throws {
        let at = Self.fault - 1_000
        let repeated = ScriptedRun.frame(at, ScriptedRun.sentinels[0], [0])
        let lacking = try End().events.with(repeated).verdict()
        #expect(lacking.findings.filter { $0.outcome == .fail }.count == 1, "\(lacking.findings.map(\.sentence))")
        #expect(lacking.sentence.contains("timeseries lacks 1 of "), "\(lacking.sentence)")
        let row = RowRun.Row(at: at + 3, group: ScriptedRun.sentinels[0], raw: [0])
        let verdict = try End(rows: Self.rows + [row]).events.with(repeated).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.notes.contains { $0.contains("history holds") && $0.contains("1 repeated the value before") })
    }

    @Test func aRowThatTheDatabaseTookIsNotTheSystemsLoss() throws {
        let row = RowRun.Row(at: Self.due.at + 3, group: Self.due.group, raw: Self.due.raw)
        let events = End(rows: Self.without(Self.due, Self.rows)).events.with(RowRun.write(7, row.at + 5, [row]))
        #expect(try events.verdict().outcome == .pass)
    }

    @Test func whatNobodyHasReadIsNotKnown() throws {
        for (end, store) in [(End(rows: nil), "timeseries"), (End(history: nil), "history")] {
            let verdict = try end.verdict()
            #expect(verdict.outcome == .inconclusive)
            #expect(verdict.sentence == "nobody has read what \(store) holds while the system was down")
        }
    }

    // MARK: the order

    private static let disorders: [(end: End, sentence: String)] = [
        (End(logRemoved: 399, closed: 400), "before the broker was told that the system goes offline"),
        (End(told: nil, logRemoved: 199, closed: 200), "before the last rows of the time series were written"),
        (End(written: 650), "the broker was told that the system goes offline at least"),
        // Without a log of its own the database is closed with its last descriptor.
        (End(logRemoved: nil, closed: 400), "the database was closed at least"),
    ]

    @Test(arguments: 0..<4)
    func aWrongOrderIsNamed(number: Int) throws {
        let (end, sentence) = Self.disorders[number]
        let verdict = try end.verdict()
        #expect(verdict.outcome == .fail)
        let finding = verdict.findings.first { $0.sentence.contains("the order is time series") }
        #expect(finding?.sentence.contains(sentence) ?? false, "\(verdict.findings.map(\.sentence))")
    }

    @Test func instantsThatOverlapProveNoWrongOrder() throws {
        // A message that was seen 5 ms after the closing may have been on its way for longer: telegrams are.
        let verdict = try End(told: 705).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        // A write that was under way when the message came.
        let write = try End(written: 597).verdict()
        #expect(write.outcome == .pass, "\(write.sentence)")
    }

    @Test func aDatabaseThatWasLeftOpenHasNoPlaceInTheOrder() throws {
        let verdict = try End(logRemoved: nil, closed: 200, log: "left").verdict()
        #expect(verdict.outcome == .fail)
        #expect(
            verdict.findings.map(\.sentence) == [
                "shutdown: the database was not closed: its write-ahead log was left behind"
            ])
    }

    @Test func aClosingThatNobodyWatchedIsNotKnown() throws {
        let verdict = try End(watched: "no: cannot watch").verdict()
        #expect(verdict.outcome == .inconclusive)
        #expect(verdict.sentence == "nobody saw when the database was closed")
    }

    @Test func whatAProfileLacksIsSaid() throws {
        let verdict = try End(rows: nil, history: nil, kept: ["database": true]).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.notes.contains { $0.contains("no 'rows' of a time series and no 'entries' of a history") })
        let order = "shutdown: the order of the end was not judged in full: the system profile has no "
        #expect(verdict.notes.contains(order + "'rows' of a time series"))
        let silent = try End(told: nil, saysStatus: false).verdict()
        #expect(silent.outcome == .pass, "\(silent.sentence)")
        #expect(silent.notes.contains(order + "'status' of a view"))
    }

    private static let stale = [2816, 2817].map { group in
        ScriptedRun.sample(QuietRun.healAt - 100, "database", group, [7], u: 1)
    }

    @Test func evidenceFromBeforeIsJudgedAsItWas() throws {
        let verdict = try End(rows: nil, history: nil, logRemoved: nil, closed: nil, kept: .null).events
            .with(Self.stale).verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.findings.count == 1)
        #expect(verdict.findings.first?.hop == "controller → database")
        #expect(verdict.sentence.hasPrefix("shutdown: database holds 1/3/0 = 07 after the end, and 00 had arrived "))
        #expect(verdict.sentence.hasSuffix(" s before the fault") && !verdict.sentence.contains(";"))
        #expect(!verdict.notes.contains { $0.contains("shutdown: ") })
    }

    @Test func everyPointThatIsStaleIsNamed() throws {
        let verdict = try End().events.with(Self.stale).verdict()
        #expect(verdict.sentence.contains("database holds 1/3/0 = 07 after the end"), "\(verdict.sentence)")
        #expect(verdict.sentence.contains("; nor has it 1/3/1 = 00, "), "\(verdict.sentence)")
    }
}
