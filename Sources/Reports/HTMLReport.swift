import Checkers
import Events

/// `report.html`: one file with everything in it, for a browser, a phone or a printer, without a network. All of it can be read without
/// its one small script.
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
                element("body", [:], [element("main", [:], body(campaign)), element("script", Script.text)]),
            ])
        return "<!DOCTYPE html>\n" + page.rendered + "\n"
    }

    private static func body(_ campaign: CampaignReport) -> [Markup] {
        var body: [Markup] = [Timeline.patterns, header(campaign)]
        body += Summary.markup(campaign)
        for group in campaign.groupsByUrgency {
            body += RepetitionsSection.markup(group)
            body += runs(group)
        }
        body.append(footer(campaign))
        return body
    }

    /// The run that tells most in full, and the others folded under their verdicts.
    private static func runs(_ group: ScenarioGroup) -> [Markup] {
        let telling = group.telling ?? group.runs.first
        var open: [Markup] = []
        var folded: [Markup] = []
        for run in group.runs {
            if run.directory == telling?.directory {
                open.append(RunSection.markup(run))
            } else {
                let words = " \(run.id)/\(run.variant), repetition \(run.repetition): \(run.verdict.sentence)"
                folded.append(
                    element(
                        "details", [:],
                        [
                            element("summary", [:], [badge(run.verdict.outcome), .text(words)]),
                            RunSection.markup(run),
                        ]))
            }
        }
        if !folded.isEmpty { folded.insert(element("h3", "The other runs of \(group.title)"), at: 0) }
        return open + folded
    }

    private static func header(_ campaign: CampaignReport) -> Markup {
        let outcome = campaign.outcome
        let facts: [(String, [Markup])] = [
            ("System", [.text(campaign.system)]),
            ("System’s build", [campaign.systemBuild.map(short) ?? .text("not known")]), ("Rig", [.text(campaign.rig)]),
            ("Began", [.text(Figures.utc(seconds: campaign.began))]), ("Made by", [.text("knxrig \(campaign.knxrig)")]),
        ]
        return element(
            "header", [:],
            [
                element("p", ["class": "kind"], "knxrig resilience report"),
                element(
                    "div", ["class": "banner \(outcome.rawValue)"],
                    [
                        element("span", ["class": "stamp"], "\(outcome.sign) \(outcome.rawValue)"),
                        element("h1", headline(campaign)), element("p", ["class": "lead"], lead(campaign)),
                    ]),
                element(
                    "dl", ["class": "facts"],
                    facts.map { element("div", [:], [element("dt", $0.0), element("dd", [:], $0.1)]) }),
            ])
    }

    /// A digest by its first twelve digits; all of it stands with the run.
    private static func short(_ build: String) -> Markup {
        element("code", ["title": build], build.count > 16 ? build.prefix(12) + "…" : build)
    }

    private static func footer(_ campaign: CampaignReport) -> Markup {
        let outcomes = Outcome.allCases.filter { outcome in campaign.runs.contains { $0.verdict.outcome == outcome } }
        return element(
            "footer", [:],
            [
                element("h2", "How to read this"),
                element(
                    "dl", ["class": "words"],
                    outcomes.map { element("div", [:], [element("dt", [:], [badge($0)]), element("dd", $0.meaning)]) }),
                element(
                    "p",
                    "Times are stated with their expanded uncertainty U (k = 2). A limit is kept only when value plus U lies within it. Each verdict is computed from the run’s evidence alone; “knxrig verify” with the run’s directory computes it again and tells whether the evidence is as it was written."
                ),
                element(
                    "p",
                    "T0: a witness saw the fault. Td: the first sign from the system itself. Th: a witness saw the heal, and the rig was ready again. Tr: from here on everything was right. Latencies run from the end of a telegram’s last octet on the line to its arrival at the view."
                ),
            ])
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

    static func value(_ measured: Measured) -> String {
        measured.valueNanoseconds.map { Figures.measured($0, measured.uncertaintyNanoseconds) } ?? "not reached"
    }

    /// An outcome as a sign and a word; the colour only repeats them.
    static func badge(_ outcome: Outcome) -> Markup {
        element("span", ["class": "badge \(outcome.rawValue)"], "\(outcome.sign) \(outcome.rawValue)")
    }
}
