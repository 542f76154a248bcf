import Catalogue
import Checkers
import Evidence

/// Runs that would raise the score, by what they cost.
public struct NextRun: Sendable, Hashable {
    public var id: String
    public var variant: String
    /// Clean runs that are missing for full marks.
    public var runs: Int
    /// Of the rig, for all of them; nil when no run tells how long one takes.
    public var seconds: Int?
    /// What the score would gain if all of them were clean, caps included; of the physical tier, what its own score would gain.
    public var gain: Double
    /// The same without caps: what stays when whatever else holds the score down is gone.
    public var uncappedGain: Double
    public var isPhysical: Bool
}

extension Scorecard {
    /// Clean runs that are missing, the most gain per rig-minute first. Failing scenarios need a mended system and not another run; scenarios without a file cannot
    /// be run.
    public var nextRuns: [NextRun] {
        guard isQualified else { return [] }
        let typical = Self.median(rows.flatMap(\.runs).map { Int($0.durationNanoseconds / 1_000_000_000) })
        return rows.compactMap { row -> NextRun? in
            guard row.worth < 1, !row.isFailing, row.verified != .notApplicable,
                let variant = input.defaultVariants[row.entry.id], let subject
            else { return nil }
            // A pass that proves nothing is not mended by another.
            guard input.qualification?.covers(row.entry.id) ?? false else { return nil }
            let missing = missingRuns(row)
            let clean = RunSummary.imagined(
                scenario: row.entry.id, variant: variant, like: subject, count: missing)
            var more = input
            more.runs += clean
            let card = Scorecard(more)
            let (after, before) = row.entry.isPhysical ? (card.physical, physical) : (card.score, score)
            let own = Self.median(row.runs.map { Int($0.durationNanoseconds / 1_000_000_000) })
            return NextRun(
                id: row.entry.id, variant: variant, runs: missing, seconds: (own ?? typical).map { $0 * missing },
                gain: after.value - before.value, uncappedGain: after.uncapped - before.uncapped,
                isPhysical: row.entry.isPhysical)
        }.sorted { left, right in
            let rates = (left.rate, right.rate)
            return rates.0 != rates.1
                ? rates.0 > rates.1 : (left.seconds ?? 0, left.id) < (right.seconds ?? 0, right.id)
        }
    }

    private func missingRuns(_ row: ScenarioRow) -> Int {
        let needed = input.level.cleanRuns(risk: row.entry.weight)
        if row.passed == row.tested { return max(1, needed - row.passed) }
        // With inconclusive runs in N no formula says it.
        var more = 1
        while more < 2 * needed + row.tested {
            let tested = row.tested + more
            let bound = ClopperPearson.lowerBound(successes: row.passed + more, of: tested)
            let worth = input.level.worth(
                passed: row.passed + more, of: tested, lowerBound: bound, risk: row.entry.weight)
            if worth >= 1 { break }
            more += 1
        }
        return more
    }

    static func median(_ values: [Int]) -> Int? {
        values.isEmpty ? nil : values.sorted()[values.count / 2]
    }
}

extension NextRun {
    /// Gain per second of the rig.
    fileprivate var rate: Double { (gain + uncappedGain) / Double(max(1, seconds ?? 60)) }
}

extension RunSummary {
    /// Clean runs that nobody has made, to see what they would be worth.
    fileprivate static func imagined(
        scenario: String, variant: String, like subject: Scorecard.Subject, count: Int
    ) -> [RunSummary] {
        (0..<count).map { number in
            RunSummary(
                directory: "", scenario: scenario, variant: variant, repetition: number + 1, sabotage: subject.sabotage,
                outcome: Outcome.pass.rawValue, sentence: "", system: subject.system, systemBuild: subject.build,
                rig: subject.rig, rigKind: subject.rigKind, tool: "", toolBuild: subject.toolBuild,
                began: subject.newest, durationNanoseconds: 0)
        }
    }
}
