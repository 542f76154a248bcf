import Catalogue
import Events

/// Rows of a time series: each value that the line said has its row, or was counted as dropped by the system itself; and no row stands there with a
/// stamp that no telegram has. Exact repeats are counted and nothing else: they are the same row.
enum Rows {
    private static let namedAtMost = 20

    static func judge(_ world: World, into verdict: inout RunVerdict) {
        guard let rows = world.plan.rows, let view = world.plan.views.first(where: { $0.id == rows.view }),
            let began = world.judgedFrom
        else { return }
        let hop = "line → \(view.id)"
        func find(_ sentence: String, _ outcome: Outcome = .fail, at instant: Instant? = nil) {
            verdict.findings.append(
                Finding(checker: "rows", outcome: outcome, sentence: sentence, at: instant, hop: hop))
        }
        let trace = RowTrace(world, view)
        guard let read = trace.read else {
            return find("nobody has read the rows of \(view.id) after the recovery", .inconclusive)
        }
        let fault = world.witness.fault?.instant
        // What came later may still be on its way.
        let until = read - view.limit
        let judged = trace.entries.filter { $0.instant >= began && $0.instant <= until }
        guard !judged.isEmpty else { return find("no telegram has had its time to become a row", .inconclusive) }
        let row = ledger(hop, judged, counted: dropped(world, from: began, to: read), repeats: trace.repeats, fault)
        verdict.ledger.append(row)
        let lost = judged.filter { $0.fate == .lostByService }
        let isKilled = world.plan.eachStep.contains { $0.faultKind == .serviceDown }
        let later = lost.filter { entry in !isKilled || fault.map { entry.instant > $0 } ?? true }
        if lost.count > later.count {
            verdict.notes.append(
                "\(lost.count - later.count) rows were lost by the database, which had taken them with success before it was killed: not the system's loss"
            )
        }
        if let first = later.first {
            find(
                "\(view.id) view: \(later.count) rows that the \(rows.gate) took with success are not there, the first "
                    + "\(Text.group(first.group)) = \(Text.raw(first.raw)), \(Text.relative(first.instant, to: fault))",
                at: first.instant)
        }
        if row.silent > 0 {
            find(
                "silent loss on \(hop): \(row.silent) of \(row.onBus) rows neither arrived nor were counted as dropped; the first missing is "
                    + (row.missing.first ?? "unnamed"), at: judged.first { $0.fate == .missing }?.instant)
        }
        let strange = trace.unaccounted.filter { $0.instant >= began && $0.instant <= until }
        if let first = strange.first {
            find(
                "\(view.id) view: \(strange.count) rows have a stamp that no telegram has, the first "
                    + "\(Text.group(first.group)) = \(Text.raw(first.raw)): \(origin(of: first, trace, fault))",
                at: first.instant)
        }
    }

    private static func ledger(
        _ hop: String, _ judged: [RowTrace.Entry], counted: Int, repeats: Int, _ fault: Instant?
    ) -> LedgerRow {
        var row = LedgerRow(hop: hop)
        row.onBus = judged.count
        row.delivered = judged.count { $0.fate == .arrived || $0.fate == .lostByService }
        row.suppressed = judged.count { $0.fate == .suppressed }
        row.duplicated = repeats
        let missing = judged.filter { $0.fate == .missing }
        row.dropped = min(missing.count, counted)
        row.silent = missing.count - row.dropped
        // Which of the missing ones the system has counted nobody knows.
        guard row.silent > 0 else { return row }
        row.missing = missing.prefix(namedAtMost).map {
            "\(Text.group($0.group)) = \(Text.raw($0.raw)), \(Text.relative($0.instant, to: fault))"
        }
        return row
    }

    /// How many rows the system says it has given up between two instants.
    private static func dropped(_ world: World, from: Instant, to: Instant) -> Int {
        let counts = world.timeline.samples[RowTrace.view]?["dropped"] ?? []
        let before = counts.last { $0.instant <= from } ?? counts.first
        guard let before = before?.content.reading?.integer,
            let after = counts.last(where: { $0.instant <= to })?.content.reading?.integer
        else { return 0 }
        return Int(clamping: max(0, after - before))
    }

    private static func origin(of row: RowTrace.Row, _ trace: RowTrace, _ fault: Instant?) -> String {
        let telegram = trace.entries.last {
            $0.group == row.group && $0.raw == row.raw && $0.instant <= row.instant + .milliseconds(50)
        }
        guard let telegram else { return "the line never said that" }
        return
            "a second stamp \(Text.seconds(row.instant - telegram.instant)) after its telegram, which was on the line "
            + Text.relative(telegram.instant, to: fault)
    }
}
