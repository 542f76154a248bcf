import Catalogue
import Events
import Evidence

@testable import Reports

/// Small catalogues and runs to make cards of.
enum ScorecardBench {
    /// Risks 16, 9, 4, and a physical one of 20: rounder than the real table.
    static let weights = ScenarioWeights(
        revision: 1,
        entries: [
            .init(id: "IF-1", name: "Broker restart", tier: 1, likelihood: 4, impact: 4),
            .init(id: "PB-2", name: "Daemon dies", tier: 2, likelihood: 3, impact: 3),
            .init(id: "DI-1", name: "Duplicate <ids> | twice", tier: 5, likelihood: 2, impact: 2),
            .init(id: "HW-1", name: "Bus cut", tier: 6, likelihood: 4, impact: 5),
        ])

    static let ids = weights.entries.map(\.id)

    /// - Parameter unshown: scenarios of which it has a second variant, without a sabotage.
    static func qualification(
        _ ids: [String] = ids, caught: Int = 1, qualified: Bool = true, tool: String = "tool", unshown: [String] = []
    ) -> QualificationRecord {
        let scenarios =
            ids.map { id -> Value in
                [
                    "id": .text(id), "variant": "default",
                    "sabotages": [
                        [
                            "protection": "p", "caught": .bool(caught > 0), "finding": "f", "outcome": "fail",
                            "sentence": "f", "run": "",
                        ]
                    ],
                ]
            } + unshown.map { ["id": .text($0), "variant": "bare", "sabotages": []] }
        let value: Value = [
            "schema": "knxrig/qualification/1", "qualified": .bool(qualified), "rig": "twin", "kind": "twin",
            "knxrig": .text(tool),
            "system": "s", "made": 1, "clean": ["good": 1, "of": 1, "bad": []], "caught": 1, "sabotages": 1,
            "null": ["good": 1, "of": 1, "bad": []], "scenarios": .list(scenarios),
        ]
        do {
            return try QualificationRecord(value, path: "qualification.json")
        } catch {
            preconditionFailure("\(error)")
        }
    }

    static func run(
        _ id: String, _ outcome: String = "pass", variant: String = "default", number: Int = 1,
        build: String = "build-b", began: Int64 = 2000,
        sabotage: [String] = [], flaw: String? = nil, tool: String = "tool", rig: String = "twin", isNull: Bool = false,
        isReplaced: Bool = false, seconds: Int64 = 40
    ) -> RunSummary {
        RunSummary(
            directory: "runs/\(id)/\(variant)/\(number)", scenario: id, variant: variant, repetition: number,
            seed: Int64(number),
            sabotage: sabotage, isNull: isNull, isReplaced: isReplaced, outcome: outcome,
            sentence: outcome == "pass" ? "recovered" : "\(id) \(outcome) & <worse>", system: "controller",
            systemBuild: build, rig: rig,
            rigKind: "twin", tool: "0", toolBuild: tool, began: began, durationNanoseconds: seconds * 1_000_000_000,
            hash: "00ff", flaw: flaw)
    }

    static func runs(_ id: String, pass: Int, fail: Int = 0) -> [RunSummary] {
        (0..<pass).map { run(id, number: $0 + 1) } + (0..<fail).map { run(id, "fail", number: pass + $0 + 1) }
    }

    static func input(_ runs: [RunSummary], level: EvidenceLevel = .smoke) -> Scorecard.Input {
        var input = Scorecard.Input(
            weights: weights, level: level, runs: runs,
            defaultVariants: Dictionary(uniqueKeysWithValues: ids.map { ($0, "default") }))
        input.qualification = qualification()
        return input
    }

    static func card(_ runs: [RunSummary], level: EvidenceLevel = .smoke) -> Scorecard {
        Scorecard(input(runs, level: level))
    }
}
