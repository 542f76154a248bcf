import Events

/// What a system holds back while its database cannot be reached is bounded: of the rows of that time it writes afterwards no more than it declares to
/// keep. Read from what passed the gate, not from the system's own word.
enum RowBufferCheck {
    /// A fault that brings fewer rows than this many times the bound does not fill the buffer.
    private static let fills = 5

    static func findings(_ world: World, fault: Instant, healed: Instant) -> [Finding] {
        guard let rows = world.plan.rows, let view = world.plan.views.first(where: { $0.id == rows.view }),
            !world.plan.isNullRun
        else { return [] }
        func finding(_ sentence: String, _ outcome: Outcome = .fail) -> [Finding] {
            [
                Finding(
                    checker: "row-buffer", outcome: outcome, sentence: sentence, at: healed,
                    hop: "controller → \(rows.gate)")
            ]
        }
        let trace = RowTrace(world, view)
        let said = trace.entries.count { $0.instant >= fault && $0.instant <= healed }
        guard said >= fills * rows.bound else {
            return finding(
                "\(said) telegrams while the fault lasted do not fill a buffer of \(rows.bound) rows: \(fills * rows.bound) are needed",
                .inconclusive)
        }
        let late = trace.writes.values.filter { $0.begun > healed && !$0.isDamaged }.flatMap(\.rows)
        let held = Set(late.filter { $0.instant >= fault && $0.instant <= healed })
        guard held.count > rows.bound else { return [] }
        return finding(
            "buffer: \(held.count) rows of the time of the fault were written after it, and \(rows.bound) are the bound that is declared"
        )
    }
}
