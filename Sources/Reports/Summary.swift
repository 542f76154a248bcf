import Checkers

/// All scenarios on one screen, the worst on top.
enum Summary {
    static func markup(_ campaign: CampaignReport) -> [Markup] {
        let groups = campaign.groupsByUrgency
        let repeats = groups.contains { $0.counted.count > 1 }
        var columns: [Table.Column] = [
            Table.Column("Verdict", .wholeShort), Table.Column("Scenario", .whole), "What happened",
            Table.Column("Time to recover", .short), Table.Column("Limit", .short), Table.Column("Passed", .short),
        ]
        if repeats { columns.append(Table.Column("Pass rate ≥", .short)) }
        let rows = groups.map { row($0, repeats) } + campaign.notRun.map { row($0, repeats) }
        var parts = Table.titled("Scenarios", columns, rows)
        guard !parts.isEmpty else { return [] }
        parts[0] = element("h2", "Scenarios, the worst first")
        if repeats {
            parts.append(
                element(
                    "p", ["class": "note"],
                    "Pass rate ≥: the one-sided 95 % lower bound of Clopper and Pearson. Times of several runs: the slowest of those that passed, or the one that failed."
                ))
        }
        return parts
    }

    private static func row(_ group: ScenarioGroup, _ repeats: Bool) -> [[Markup]] {
        let telling = group.telling ?? group.runs.first
        var name = [element("a", ["href": "#" + (telling.map(RunSection.anchor) ?? "")], group.name)]
        if let title = telling.flatMap({ PlanFacts($0.plan).title }) {
            name.append(element("p", ["class": "note"], title))
        }
        if let speciality = group.speciality { name.append(element("p", ["class": "note"], speciality)) }
        var row: [[Markup]] = [
            [HTMLReport.badge(group.counted.isEmpty ? .invalid : group.outcome)], name,
            [.text(telling?.verdict.sentence ?? "")], [.text(telling?.recovery.map(HTMLReport.value) ?? "–")],
            [.text(telling?.recovery?.limitNanoseconds.map(Figures.span) ?? "–")], [tally(group)],
        ]
        if repeats {
            row.append([.text(group.counted.count > 1 ? group.lowerBound.map(RepetitionsSection.percent) ?? "–" : "–")])
        }
        return row
    }

    private static func tally(_ group: ScenarioGroup) -> Markup {
        group.counted.count > 1
            ? element("a", ["href": "#" + RepetitionsSection.anchor(group)], group.tally) : .text(group.tally)
    }

    private static func row(_ notRun: CampaignReport.NotRun, _ repeats: Bool) -> [[Markup]] {
        [
            [element("span", ["class": "badge none"], "– not run")], [.text("\(notRun.id)/\(notRun.variant)")],
            [.text(notRun.reason)], ["–"], ["–"], ["–"],
        ] + (repeats ? [["–"]] : [])
    }
}
