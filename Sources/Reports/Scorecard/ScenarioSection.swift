import Catalogue
import Evidence

/// Everything about one scenario: what it weighs, what is claimed, which tests there are, and each run with its figures and its evidence.
struct ScenarioSection {
    let row: ScenarioRow
    let card: Scorecard
    let link: (RunSummary) -> String

    private static let mostRuns = 60

    var markup: Markup {
        element(
            "section", ["class": "scenario", "id": row.entry.id],
            [
                element(
                    "h2", [:],
                    [
                        .text("\(row.entry.id) \(row.entry.name) "),
                        ScenarioMatrix.mark(row.verified.rawValue, ScenarioMatrix.verifiedClass(row)),
                    ])
            ] + [element("dl", ["class": "words"], words)] + runs)
    }

    private var words: [Markup] {
        var words: [(String, [Markup])] = [
            (
                "Weight",
                [
                    .text(
                        "likelihood \(row.entry.likelihood) × impact \(row.entry.impact) = \(row.entry.weight); worth \(Self.worth(row.worth)) of 1"
                    )
                ]
            ), ("Proven", [.text(row.proof + (row.tested > 0 ? ". " + target : ""))]),
        ]
        if let failure = row.failure { words.append(("Failed", [.text(failure)])) }
        if let note = row.note { words.append(("Note", [.text(note)])) }
        if row.stale > 0 {
            words.append(("Expired", [.text("\(row.stale) run\(row.stale == 1 ? "" : "s") of another build")]))
        }
        if let claim = row.claim {
            words.append(
                (
                    "Claimed",
                    [ScenarioMatrix.mark(claim.protection.rawValue, ScenarioMatrix.claimClass(row))]
                        + Self.list(claim.locations)
                ))
            words.append(("Tests", claim.tests.isEmpty ? ["none"] : tests(claim)))
            if !claim.gap.isEmpty { words.append(("Gap", [.text(claim.gap)])) }
            if !claim.falsifiedBy.isEmpty { words.append(("Falsified by", [.text(claim.falsifiedBy)])) }
            if !claim.recommendation.isEmpty { words.append(("Advice", [.text(claim.recommendation)])) }
        }
        return words.map { element("div", [:], [element("dt", $0.0), element("dd", [:], $0.1)]) }
    }

    private var target: String {
        let needed = card.input.level.cleanRuns(risk: row.entry.weight)
        return "Full marks at the level \(card.input.level.rawValue): \(needed) clean run\(needed == 1 ? "" : "s")"
    }

    private func tests(_ claim: AuditClaims.Claim) -> [Markup] {
        [
            element(
                "ul", [:],
                claim.tests.map { test in
                    let outcome = card.input.tests?.outcome(of: test.name, inFile: test.file)?.rawValue
                    return element(
                        "li", [:],
                        [
                            element("code", test.name), .text(" in "), element("code", test.file),
                            .text(": \(test.grade), \(outcome.map { "ran: \($0)" } ?? "not seen to run")"),
                        ])
                })
        ]
    }

    private static func list(_ items: [String]) -> [Markup] {
        items.isEmpty ? [] : [element("ul", [:], items.map { element("li", [:], [element("code", $0)]) })]
    }

    private var runs: [Markup] {
        let shown = row.runs.prefix(Self.mostRuns).map { run -> [[Markup]] in
            let time = run.recoverNanoseconds.map { Figures.measured($0, run.uncertaintyNanoseconds ?? 0) } ?? "–"
            return [
                [
                    ScenarioMatrix.mark(
                        run.outcome, run.outcome == "pass" ? "good" : run.outcome == "fail" ? "bad" : "odd")
                ],
                [Self.link(to: run, link)], [.text(time)], [.text(run.limitNanoseconds.map(Figures.span) ?? "–")],
                [.text(run.sentence)],
                [element("code", ["title": run.hash], String(run.hash.prefix(12)))],
            ]
        }
        return Table.titled(
            "Runs",
            [
                Table.Column("Verdict", .wholeShort), Table.Column("Run", .short),
                Table.Column("Time to recover", .short),
                Table.Column("Limit", .short), "What happened", Table.Column("Evidence", .short),
            ], shown)
    }

    static func link(to run: RunSummary, _ link: (RunSummary) -> String) -> Markup {
        element(
            "a", ["href": Markup.path(link(run) + "/evidence.jsonl")], "\(run.variant), repetition \(run.repetition)")
    }

    private static func worth(_ worth: Double) -> String { Scorecard.hundredths(worth) }
}
