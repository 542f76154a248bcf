import Events

/// What a system keeps of the past stays within what it says: never more rows than its bound, none for a value that is not new, none older than it keeps them after a
/// start.
enum HistoryCheck {
    /// The view of the rig's own counts.
    static let view = "history"
    /// From the start on, what is too old must be gone.
    private static let prunedWithin = Instant.Span.seconds(5)

    static func findings(_ world: World) -> [Finding] {
        let samples = world.timeline.samples[view] ?? [:]
        func readings(_ point: String) -> [(instant: Instant, count: Int64)] {
            (samples[point] ?? []).filter { $0.instant <= world.end }.compactMap { sample in
                sample.content.reading?.integer.map { (sample.instant, $0) }
            }
        }
        let rows = readings("rows")
        guard let healed = world.witness.healed?.instant, let most = rows.max(by: { $0.count < $1.count }),
            rows.contains(where: { $0.instant > healed })
        else { return [finding("nobody has counted the rows of the history", .inconclusive)] }
        var findings: [Finding] = []
        if most.count > world.plan.historyRows {
            findings.append(
                finding(
                    "history: the table had \(most.count) rows, and its bound is \(world.plan.historyRows)",
                    at: most.instant))
        }
        // What nobody has counted is not none.
        guard let repeats = readings("repeats").max(by: { $0.count < $1.count }) else {
            return findings + [finding("nobody has counted the rows that repeat the one before", .inconclusive)]
        }
        if repeats.count > 0 {
            findings.append(
                finding("history: \(repeats.count) rows repeat the value of the row before", at: repeats.instant))
        }
        guard !world.plan.isNullRun else { return findings }
        let aged = readings("aged").last?.count ?? 0
        guard aged > 0 else { return findings + [finding("no row of the history was made old", .inconclusive)] }
        guard let old = readings("old").last(where: { $0.instant >= healed + prunedWithin }) else {
            return findings + [finding("nobody has counted the rows that are too old", .inconclusive)]
        }
        if old.count > 0 {
            findings.append(
                finding(
                    "history: \(old.count) of \(aged) rows that are too old were still there \(Text.seconds(old.instant - healed)) after the start",
                    at: old.instant))
        }
        return findings
    }

    private static func finding(_ sentence: String, _ outcome: Outcome = .fail, at instant: Instant? = nil) -> Finding {
        Finding(checker: "history", outcome: outcome, sentence: sentence, at: instant, hop: "controller → database")
    }
}
