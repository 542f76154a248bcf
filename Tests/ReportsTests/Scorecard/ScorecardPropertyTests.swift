import Evidence
import Platform
import Testing

@testable import Reports

/// What must hold of any card, tried on many: the seed of each is printed with a failure.
@Suite struct ScorecardPropertyTests {
    private static func randomRuns(_ generator: inout SeededGenerator) -> [RunSummary] {
        (0..<Int.random(in: 1...30, using: &generator)).map { number in
            ScorecardBench.run(
                ScorecardBench.ids.randomElement(using: &generator) ?? "IF-1",
                ["pass", "pass", "pass", "pass", "fail", "inconclusive", "error"].randomElement(using: &generator)
                    ?? "pass",
                variant: Bool.random(using: &generator) ? "default" : "other", number: number)
        }
    }

    @Test(arguments: EvidenceLevel.allCases)
    func aCleanRunNeverLowersAndAFailNeverRaises(level: EvidenceLevel) {
        for seed in UInt64(1)...80 {
            var generator = SeededGenerator(seed: seed)
            let runs = Self.randomRuns(&generator)
            let id = ScorecardBench.ids.randomElement(using: &generator) ?? "IF-1"
            let variant = Bool.random(using: &generator) ? "default" : "other"
            let before = ScorecardBench.card(runs, level: level)
            let clean = ScorecardBench.card(runs + [ScorecardBench.run(id, variant: variant, number: 99)], level: level)
            let failed = ScorecardBench.card(
                runs + [ScorecardBench.run(id, "fail", variant: variant, number: 99)], level: level)
            #expect(clean.score.value >= before.score.value - 1e-12, "seed \(seed), \(id)/\(variant)")
            #expect(clean.physical.value >= before.physical.value - 1e-12, "seed \(seed), \(id)/\(variant)")
            #expect(failed.score.value <= before.score.value + 1e-12, "seed \(seed), \(id)/\(variant)")
            #expect(failed.physical.value <= before.physical.value + 1e-12, "seed \(seed), \(id)/\(variant)")
        }
    }

    @Test func theOrderOfTheRunsChangesNothing() {
        for seed in UInt64(1)...6 {
            var generator = SeededGenerator(seed: seed)
            let runs = Self.randomRuns(&generator)
            let one = ScorecardBench.card(runs).json { $0.directory }
            let other = ScorecardBench.card(runs.shuffled(using: &generator)).json { $0.directory }
            #expect(one == other, "seed \(seed)")
        }
    }

    @Test func aHigherLevelNeverGivesMore() {
        for seed in UInt64(1)...60 {
            var generator = SeededGenerator(seed: seed)
            let runs = Self.randomRuns(&generator).filter { $0.outcome != "fail" }
            guard !runs.isEmpty else { continue }
            let scores = EvidenceLevel.allCases.map { ScorecardBench.card(runs, level: $0).score.uncapped }
            #expect(scores[1] >= scores[2] - 1e-12, "seed \(seed)")
            #expect((0...10).contains(scores[0]), "seed \(seed)")
        }
    }
}
