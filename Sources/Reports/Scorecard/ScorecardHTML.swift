import Catalogue
public import Evidence

/// `scorecard.html`: one file with everything in it, for a browser, a phone or a printer, without a network and without a script.
extension Scorecard {
    /// - Parameter link: the run's directory, relative to where the page will lie.
    public func html(link: @escaping (RunSummary) -> String) -> String {
        let page = element(
            "html", ["lang": "en"],
            [
                element(
                    "head", [:],
                    [
                        element("meta", ["charset": "utf-8"]),
                        element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
                        element("meta", ["name": "color-scheme", "content": "light dark"]),
                        element("title", "\(headline) – knxrig scorecard"),
                        element("style", Stylesheet.text + ScorecardStyle.text),
                    ]),
                element("body", [:], [element("main", [:], body(link))]),
            ])
        return "<!DOCTYPE html>\n" + page.rendered + "\n"
    }

    private func body(_ link: @escaping (RunSummary) -> String) -> [Markup] {
        var body = [header, tiles]
        body += categoryTable + urgent(link) + advice
        body += ScenarioMatrix(card: self, link: link).markup
        body += TrendPicture(points: trend).markup
        body += expired
        body += rows.map { ScenarioSection(row: $0, card: self, link: link).markup }
        body.append(footer)
        return body
    }

    // MARK: the top of the page

    private var header: Markup {
        var facts: [(String, Markup)] = []
        if let subject {
            facts.append(
                (
                    "System",
                    .text(
                        subject.system
                            + (subject.sabotage.isEmpty ? "" : " without " + subject.sabotage.joined(separator: ", ")))
                ))
            facts.append(("Build", element("code", ["title": subject.build], String(subject.build.prefix(12)))))
        }
        if let commit = input.audit?.commit {
            facts.append(("Commit", element("code", ["title": commit], String(commit.prefix(12)))))
        }
        if let subject { facts.append(("Rig", .text("\(subject.rig) (\(subject.rigKind))"))) }
        facts.append(("Newest run", .text(subject == nil ? "none" : Figures.utc(seconds: made))))
        facts.append(("Evidence level", .text("\(input.level.rawValue): \(input.level.meaning)")))
        return element(
            "header", [:],
            [
                element("p", ["class": "kind"], "knxrig resilience scorecard"),
                element(
                    "div", ["class": "scores"],
                    isQualified ? [resilienceDial, physicalDial] : [unqualified]),
                element(
                    "dl", ["class": "facts"],
                    facts.map { element("div", [:], [element("dt", $0.0), element("dd", [:], [$0.1])]) }),
            ])
    }

    /// A score as figures and as a bar from 0 to 10, with what caps it.
    private var resilienceDial: Markup {
        var parts: [Markup] = [
            element("h1", ["class": "score"], [.text(Self.tenths(score.value)), element("small", " of 10")]),
            element("p", ["class": "name"], "Resilience, \(input.level.rawValue)"), ScoreBar(score: score).markup,
        ]
        if let capText {
            parts.append(element("p", ["class": "cap"], capText.prefix(1).uppercased() + capText.dropFirst() + "."))
        }
        return element("div", ["class": "dial"], parts)
    }

    private var physicalDial: Markup {
        guard isPhysicalTested else {
            return element(
                "div", ["class": "dial second"],
                [element("p", ["class": "score none"], "–"), element("p", ["class": "name"], "Physical: not tested")])
        }
        return element(
            "div", ["class": "dial second"],
            [
                element("p", ["class": "score"], [.text(Self.tenths(physical.value)), element("small", " of 10")]),
                element("p", ["class": "name"], "Physical tier"), ScoreBar(score: physical).markup,
            ])
    }

    private var unqualified: Markup {
        element(
            "div", ["class": "banner invalid"],
            [
                element("span", ["class": "stamp"], "∅ no score"), element("h1", "The rig is not qualified"),
                element("p", ["class": "lead"], disqualified.joined(separator: "; ")),
            ])
    }

    private var tiles: Markup {
        let of = rows.count
        func tile(_ name: String, _ count: Int?, _ what: String) -> Markup {
            element(
                "div", ["class": "tile"],
                [
                    element("dt", name),
                    element(
                        "dd", ["class": "value"],
                        [.text(count.map(String.init) ?? "–"), element("small", " of \(of)")]),
                    element("dd", ["class": "note"], what),
                ])
        }
        let isAudited = input.audit != nil
        return element(
            "dl", ["class": "tiles"],
            [
                tile(
                    "Protected", isAudited ? protected : nil, isAudited ? "claimed by the source" : "no audit was given"
                ),
                tile(
                    "Tested", isAudited ? rows.count { $0.testing == .passed } : nil,
                    input.tests == nil ? "no test results were given" : "a real test ran and passed"),
                tile("Verified", fullyVerified.count, "proven on the rig, at this level"),
                tile("Failed", critical.count, "seen to fail on the rig"),
            ])
    }

    private var categoryTable: [Markup] {
        let columns: [Table.Column] = [
            Table.Column("Category", .whole), Table.Column("Scenarios", .number), Table.Column("Protected", .number),
            Table.Column("Tested", .number), Table.Column("Verified", .number), Table.Column("Failed", .number),
            "Score",
        ]
        let isAudited = input.audit != nil
        let body = categories.map { category -> [[Markup]] in
            let counted: [Int?] = [
                category.rows.count, isAudited ? category.protected : nil, isAudited ? category.tested : nil,
                category.verified, category.failed,
            ]
            let score: [Markup] =
                isQualified
                ? [
                    element("span", ["class": "bar"], [ScoreBar.plain(category.score)]),
                    element("b", Self.tenths(category.score)),
                ] : ["–"]
            return [[element("b", category.name)]] + counted.map { [.text($0.map(String.init) ?? "–")] } + [score]
        }
        return [element("h2", "By category"), element("div", ["class": "wide"], [Table.markup(columns, body)])]
    }

    // MARK: what to do

    private func urgent(_ link: (RunSummary) -> String) -> [Markup] {
        guard !critical.isEmpty else { return [] }
        return [element("h2", "Critical gaps")]
            + critical.map { row in
                let run = row.runs.first { $0.sentence == row.failure && $0.outcome == "fail" }
                var parts: [Markup] = [
                    element(
                        "h3", [:], [element("a", ["href": "#\(row.entry.id)"], "\(row.entry.id) \(row.entry.name)")]),
                    element("p", row.failure ?? ""),
                ]
                if let run {
                    parts.append(
                        element("p", ["class": "note"], [.text("Seen in "), ScenarioSection.link(to: run, link)]))
                }
                return element("div", ["class": "gap"], parts)
            }
    }

    private var advice: [Markup] {
        guard !recommendations.isEmpty else { return unverified }
        return [
            element("h2", "Recommendations"),
            element(
                "ol", ["class": "advice"],
                recommendations.map { recommendation in
                    let id = recommendation.id.map { [element("a", ["href": "#\($0)"], $0), .text(" ")] } ?? []
                    return element(
                        "li", [:],
                        [
                            element("p", [:], id + [.text(recommendation.what)]),
                            element("p", ["class": "note"], recommendation.because),
                        ])
                }),
        ] + unverified
    }

    private var unverified: [Markup] {
        guard !untestedProtections.isEmpty else { return [] }
        return [
            element("h2", "Untested protections"),
            element("p", ["class": "note"], "The source claims these, and no run has shown one."),
            element(
                "ul", ["class": "chips"],
                untestedProtections.map { row in
                    element(
                        "li", [:], [element("a", ["href": "#\(row.entry.id)"], "\(row.entry.id) \(row.entry.name)")])
                }),
        ]
    }

    private var expired: [Markup] {
        Table.titled(
            "Expired evidence",
            [Table.Column("Build", .short), Table.Column("Runs", .number), Table.Column("Newest", .short)],
            staleBuilds.map {
                [[element("code", $0.build)], [.text(String($0.runs))], [.text(Figures.utc(seconds: $0.newest))]]
            })
    }

    private var footer: Markup {
        let weights = rows.filter { !$0.entry.isPhysical }
        let total = weights.reduce(0) { $0 + $1.entry.weight }
        let sum = weights.reduce(0.0) { $0 + Double($1.entry.weight) * $1.worth }
        let sums =
            isQualified
            ? "10 × \(Self.tenths(sum)) / \(total) = \(Self.tenths(score.uncapped))"
            : "no score without a qualified rig"
        return element(
            "footer", [:],
            [
                element("h2", "How the score is made"),
                element(
                    "p",
                    "Only what the rig has seen scores: a claim of the source and a test that exists add nothing. Each scenario weighs likelihood × impact (revision \(input.weights.revision) of the table); all \(weights.count) are in the denominator, run or not: \(sums). The physical tier has a score of its own."
                ),
                element(
                    "p",
                    "The worth v of a scenario is 1 for a clean run at the level smoke. Above it, it is the share of nines proven: −log10(1 − R) of the one-sided 95 % lower Clopper–Pearson bound, against what the level demands for the scenario’s risk. Runs of another build of the system, of another rig, or of another build of knxrig than the one that was calibrated have no weight."
                ),
                element(
                    "p",
                    "A failing scenario of risk 12 or more caps the score at 4, an unverified one at 6; so does a failing HW-1, HW-3 or HW-4. Everything can be computed again from scorecard.json, and every run’s verdict from its evidence with “knxrig verify”."
                ),
            ])
    }
}
