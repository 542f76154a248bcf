import Checkers
import Events

/// `results.json`, schema `knxrig/results/1`: what a program needs to know about a campaign.
public enum Results {
    /// The text of the file. Times are decimal seconds, exact to the nanosecond.
    public static func text(_ campaign: CampaignReport) -> String {
        var text = ""
        tree(campaign).append(to: &text, indent: 0)
        return text + "\n"
    }

    private static func tree(_ campaign: CampaignReport) -> Tree {
        .record([
            ("schema", .value("knxrig/results/1")),
            ("knxrig", .value(.text(campaign.knxrig))),
            ("rig", .value(.text(campaign.rig))),
            (
                "system",
                .line([
                    ("name", .value(.text(campaign.system))),
                    ("build", .value(campaign.systemBuild.map(Value.text) ?? .null)),
                ])
            ),
            ("began", .value(.text(Figures.utc(seconds: campaign.began, iso8601: true)))),
            ("verdict", .value(.text(campaign.outcome.rawValue))),
            ("scenarios", .list(campaign.groups.map(scenario))),
            (
                "not_run",
                .list(
                    campaign.notRun.map {
                        .line([
                            ("id", .value(.text($0.id))), ("variant", .value(.text($0.variant))),
                            ("reason", .value(.text($0.reason))),
                        ])
                    })
            ),
        ])
    }

    private static func scenario(_ group: ScenarioGroup) -> Tree {
        .record([
            ("id", .value(.text(group.id))),
            ("variant", .value(.text(group.variant))),
            ("sabotage", .value(group.sabotage.isEmpty ? .null : .list(group.sabotage.map(Value.text)))),
            ("null_run", .value(.bool(group.isNull))),
            ("verdict", .value(.text(group.outcome.rawValue))),
            ("passed", .value(.integer(Int64(group.passed)))),
            ("tested", .value(.integer(Int64(group.tested.count)))),
            ("lower_bound", group.lowerBound.map(Tree.fraction) ?? .value(.null)),
            ("repetitions", .list(group.runs.map(repetition))),
        ])
    }

    private static func repetition(_ run: RunReport) -> Tree {
        .record(
            [
                ("number", .value(.integer(Int64(run.repetition)))),
                ("seed", .value(PlanFacts(run.plan).seed.map(Value.integer) ?? .null)),
                ("verdict", .value(.text(run.verdict.outcome.rawValue))),
                ("reason", .value(run.reason.map(Value.text) ?? .null)),
                ("first_sentence", .value(.text(run.verdict.sentence))),
                ("run", .value(.text(run.directory))),
                ("replaced", .value(.bool(run.isReplaced))),
                ("measured", .list(run.verdict.measured.map(measured))),
            ] + (run.verdict.dips.map { [("dips", .list($0.tallies.map(dips)))] } ?? []))
    }

    private static func dips(_ tally: DipTally) -> Tree {
        .record([
            ("length", .seconds(tally.lengthNanoseconds)), ("unit", .value("s")),
            ("channel", .value(.text(tally.channel))),
            ("made", .value(.integer(Int64(tally.made)))), ("seen", .value(.integer(Int64(tally.seen)))),
            (
                "responses",
                .list(
                    DipResponse.allCases.map { response in
                        let interval = tally.interval(response)
                        return .line([
                            ("name", .value(.text(response.rawValue))),
                            ("k", .value(.integer(Int64(tally.count(response))))),
                            ("n", .value(.integer(Int64(tally.trials(response))))),
                            ("lower", interval.map { Tree.fraction($0.lowerBound) } ?? .value(.null)),
                            ("upper", interval.map { Tree.fraction($0.upperBound) } ?? .value(.null)),
                        ])
                    })
            ),
        ])
    }

    private static func measured(_ measured: Measured) -> Tree {
        .line([
            ("name", .value(.text(measured.name))),
            ("value", measured.valueNanoseconds.map(Tree.seconds) ?? .value(.null)),
            ("u", .seconds(measured.uncertaintyNanoseconds)),
            ("k", .value(2)),
            ("unit", .value("s")),
            ("limit", measured.limitNanoseconds.map(Tree.seconds) ?? .value(.null)),
            ("verdict", .value(.text(measured.outcome.rawValue))),
        ])
    }
}
