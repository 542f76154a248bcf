import Catalogue
import Evidence

/// All scenarios in one table: claimed, tested, verified, and every run as a mark that leads to its verdict.
struct ScenarioMatrix {
    let card: Scorecard
    let link: (RunSummary) -> String

    /// Marks of more runs than this are counted.
    private static let mostMarks = 40

    var markup: [Markup] {
        let columns: [Table.Column] = [
            Table.Column("Scenario", .whole), Table.Column("Risk", .number), Table.Column("Claimed", .short),
            Table.Column("Tested", .short), Table.Column("Verified", .short), "What the runs prove",
        ]
        return [
            element("h2", "Claimed, tested, verified"),
            element("div", ["class": "wide matrix"], [Table.markup(columns, card.rows.map(cells))]),
        ]
    }

    private func cells(_ row: ScenarioRow) -> [[Markup]] {
        [
            [element("a", ["href": "#\(row.entry.id)"], [element("b", row.entry.id), .text(" \(row.entry.name)")])],
            [.text(String(row.entry.weight))],
            [Self.mark(row.claim.map { $0.protection.rawValue } ?? "unknown", Self.claimClass(row))],
            [Self.mark(row.testing.rawValue, Self.testClass(row))],
            [Self.mark(row.verified.rawValue, Self.verifiedClass(row))],
            [element("span", ["class": "proof"], row.tested > 0 ? row.proof : row.stale > 0 ? "expired" : "–")]
                + marks(row),
        ]
    }

    /// One linked mark per run; the shape tells the outcome without colour.
    private func marks(_ row: ScenarioRow) -> [Markup] {
        guard !row.runs.isEmpty else { return [] }
        var marks = row.runs.prefix(Self.mostMarks).map { run -> Markup in
            let sign = Self.sign(run.outcome)
            return element(
                "a",
                [
                    "class": "run-mark \(run.outcome)", "href": Markup.path(link(run) + "/verdict.json"),
                    "title": "\(run.scenario)/\(run.variant) \(run.repetition): \(run.outcome), \(run.sentence)",
                    "aria-label": "\(run.scenario)/\(run.variant), repetition \(run.repetition): \(run.outcome)",
                ], sign)
        }
        if row.runs.count > Self.mostMarks { marks.append(.text(" and \(row.runs.count - Self.mostMarks) more")) }
        return [element("span", ["class": "run-marks"], marks)]
    }

    static func sign(_ outcome: String) -> String {
        switch outcome {
        case "pass": "✓"
        case "fail": "✗"
        case "inconclusive": "?"
        case "invalid": "∅"
        default: "!"
        }
    }

    static func mark(_ word: String, _ kind: String) -> Markup {
        let sign =
            switch kind {
            case "good": "✓ "
            case "bad": "✗ "
            case "odd": "◐ "
            default: ""
            }
        return element("span", ["class": "mark \(kind)"], sign + word)
    }

    static func claimClass(_ row: ScenarioRow) -> String {
        switch row.claim?.protection {
        case .yes: "good"
        case .partial: "odd"
        case .no: "bad"
        case nil: "none"
        }
    }

    static func testClass(_ row: ScenarioRow) -> String {
        switch row.testing {
        case .passed: "good"
        case .failed: "bad"
        case .weak, .notRun: "odd"
        case .none, .unknown: "none"
        }
    }

    static func verifiedClass(_ row: ScenarioRow) -> String {
        switch row.verified {
        case .yes: "good"
        case .partly: "odd"
        case .failing: "bad"
        case .no, .notApplicable: "none"
        }
    }
}
