import Checkers
import Events

/// `report.html`: one file with everything in it, for a browser, a phone or a printer, without scripts and without a network.
public enum HTMLReport {
    public static func text(_ campaign: CampaignReport) -> String {
        let campaign = campaign.plausible
        let page = element(
            "html", ["lang": "en"],
            [
                element(
                    "head", [:],
                    [
                        element("meta", ["charset": "utf-8"]),
                        element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
                        element("meta", ["name": "color-scheme", "content": "light dark"]),
                        element("title", "\(headline(campaign)) – knxrig"),
                        element("style", Stylesheet.text),
                    ]),
                element("body", [:], [element("main", [:], body(campaign))]),
            ])
        return "<!DOCTYPE html>\n" + page.rendered + "\n"
    }

    private static func body(_ campaign: CampaignReport) -> [Markup] {
        var body: [Markup] = [
            element(
                "header", [:],
                [
                    element("p", ["class": "kind"], "knxrig resilience report"),
                    element("h1", [:], [badge(campaign.outcome), .text(" " + headline(campaign))]),
                    element("p", ["class": "lead"], lead(campaign)),
                    facts([
                        ("System", [.text(campaign.system)]),
                        (
                            "Build",
                            [campaign.systemBuild.map { element("code", $0) } ?? .text("not known")]
                        ),
                        ("Rig", [.text(campaign.rig)]),
                        ("Began", [.text(Figures.utc(seconds: campaign.began))]),
                        ("Made by", [.text("knxrig \(campaign.knxrig)")]),
                    ]),
                ]),
            element("h2", "Scenarios"),
            table(
                ["Verdict", "Scenario", "What happened", "Time to recover", "Limit", "Passed"],
                campaign.groups.map(row) + campaign.notRun.map(row)),
        ]
        body += campaign.runs.map(RunSection.markup)
        let outcomes = Outcome.allCases.filter { outcome in campaign.runs.contains { $0.verdict.outcome == outcome } }
        body.append(
            element(
                "footer", [:],
                [
                    element("h2", "How to read this"),
                    facts(outcomes.map { ($0.rawValue, [.text($0.meaning)]) }),
                    element(
                        "p",
                        "Times are stated with their expanded uncertainty (k = 2). A limit is kept only when value plus uncertainty are below it. Each verdict is computed from the run’s evidence alone; “knxrig verify” with the run’s directory computes it again and tells whether the evidence is as it was written."
                    ),
                ]))
        return body
    }

    /// The overall verdict in words.
    static func headline(_ campaign: CampaignReport) -> String {
        let runs = campaign.counted.count
        let passed = campaign.counted.count { $0.verdict.outcome == .pass }
        guard runs > 0 else { return "Nothing was tested" }
        if passed == runs { return runs == 1 ? "The run passed" : "All \(runs) runs passed" }
        let others = Outcome.allCases.sorted { $0.severity > $1.severity }.compactMap { outcome -> String? in
            let count = campaign.counted.count { $0.verdict.outcome == outcome }
            guard count > 0, outcome != .pass else { return nil }
            return runs == 1 ? sentence(outcome) : "\(count) \(outcome == .fail ? "failed" : outcome.rawValue)"
        }
        return runs == 1 ? others[0] : "\(passed) of \(runs) runs passed: " + others.joined(separator: ", ")
    }

    private static func sentence(_ outcome: Outcome) -> String {
        switch outcome {
        case .pass: "The run passed"
        case .fail: "The run failed"
        case .inconclusive: "The run is inconclusive"
        case .invalid: "The run is invalid"
        case .error: "The run ended in an error"
        case .aborted: "The run was aborted"
        }
    }

    /// The first sentence of the run that tells most.
    private static func lead(_ campaign: CampaignReport) -> String {
        let telling = campaign.groups.compactMap(\.telling).max {
            $0.verdict.outcome.severity < $1.verdict.outcome.severity
        }
        guard let telling else { return "No scenario could be run." }
        guard telling.verdict.outcome != .pass else {
            return campaign.counted.count == 1
                ? telling.verdict.sentence : "Every fault was proven, and the system recovered from each."
        }
        return "\(telling.id)/\(telling.variant): \(telling.verdict.sentence)"
    }

    private static func row(_ group: ScenarioGroup) -> [[Markup]] {
        let telling = group.telling
        var name: [Markup] = [
            element("a", ["href": "#" + (telling.map(RunSection.anchor) ?? "")], group.name)
        ]
        if !group.sabotage.isEmpty {
            name.append(element("p", ["class": "note"], "without \(group.sabotage.joined(separator: ", "))"))
        }
        return [
            [badge(group.outcome)], name, [.text(telling?.verdict.sentence ?? "")],
            [.text(telling?.recovery.map(value) ?? "–")],
            [.text(telling?.recovery?.limitNanoseconds.map(Figures.span) ?? "–")],
            [.text(group.tally)],
        ]
    }

    private static func row(_ notRun: CampaignReport.NotRun) -> [[Markup]] {
        [
            [element("span", ["class": "badge"], "– not run")], [.text("\(notRun.id)/\(notRun.variant)")],
            [.text(notRun.reason)], ["–"], ["–"], ["–"],
        ]
    }

    static func value(_ measured: Measured) -> String {
        measured.valueNanoseconds.map { Figures.measured($0, measured.uncertaintyNanoseconds) } ?? "not reached"
    }

    /// An outcome as a sign and a word; the colour only repeats them.
    static func badge(_ outcome: Outcome) -> Markup {
        element("span", ["class": "badge \(outcome.rawValue)"], "\(outcome.sign) \(outcome.rawValue)")
    }

    static func facts(_ facts: [(String, [Markup])]) -> Markup {
        element(
            "dl", [:],
            facts.map { element("div", [:], [element("dt", $0.0), element("dd", [:], $0.1)]) })
    }

    /// A table that a narrow screen may scroll sideways.
    static func table(_ headings: [String], _ rows: [[[Markup]]]) -> Markup {
        element(
            "div", ["class": "wide"],
            [
                element(
                    "table", [:],
                    [
                        element(
                            "thead", [:], [element("tr", [:], headings.map { element("th", ["scope": "col"], $0) })]),
                        element(
                            "tbody", [:],
                            rows.map { row in element("tr", [:], row.map { element("td", [:], $0) }) }),
                    ])
            ])
    }
}
