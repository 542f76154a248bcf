import Checkers

/// JUnit XML as continuous integration reads it: a suite per scenario, a case per repetition. Only a fail is a failure; invalid, error,
/// inconclusive and aborted are errors, because nothing was proven; what could not be run is skipped.
public enum JUnit {
    public static func text(_ campaign: CampaignReport) -> String {
        let campaign = campaign.plausible
        let suites = campaign.groups.map { suite($0, campaign) } + campaign.notRun.map { skipped($0, campaign) }
        let outcomes = campaign.counted.map(\.verdict.outcome)
        let left = campaign.notRun.count + campaign.runs.count - campaign.counted.count
        let root = element(
            "testsuites",
            [
                "name": "knxrig \(campaign.system) on \(campaign.rig)",
                "tests": String(outcomes.count + left), "failures": String(failures(outcomes)),
                "errors": String(errors(outcomes)), "skipped": String(left),
                "time": seconds(campaign.runs.map(\.durationNanoseconds)),
            ], suites)
        return #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n" + root.rendered + "\n"
    }

    private static func suite(_ group: ScenarioGroup, _ campaign: CampaignReport) -> Markup {
        let outcomes = group.counted.map(\.verdict.outcome)
        return element(
            "testsuite",
            [
                "name": name(group), "tests": String(group.runs.count), "failures": String(failures(outcomes)),
                "errors": String(errors(outcomes)), "skipped": String(group.runs.count - outcomes.count),
                "timestamp": String(Figures.utc(seconds: campaign.began, iso8601: true).dropLast()),
                "time": seconds(group.runs.map(\.durationNanoseconds)),
            ], group.runs.map { testCase($0, name(group)) })
    }

    private static func testCase(_ run: RunReport, _ suite: String) -> Markup {
        let outcome = run.verdict.outcome
        var children: [Markup] = []
        if run.isReplaced {
            children.append(element("skipped", ["message": "invalid, made again: \(run.verdict.sentence)"]))
        } else if outcome != .pass {
            let findings = run.verdict.findings.filter { $0.outcome != .pass }.map { "\($0.checker): \($0.sentence)" }
            children.append(
                element(
                    outcome == .fail ? "failure" : "error",
                    ["message": run.verdict.sentence, "type": outcome.rawValue],
                    ([run.verdict.sentence] + findings).joined(separator: "\n")))
        }
        children.append(
            element(
                "system-out",
                "\(outcome.rawValue): \(run.verdict.sentence)\nevidence: \(run.directory)/evidence.jsonl\nrepeat: \(shellText(run.repeatCommand))"
            ))
        return element(
            "testcase",
            [
                "classname": "knxrig.\(suite)", "name": "repetition \(run.repetition)",
                "time": seconds([run.durationNanoseconds]),
            ], children)
    }

    private static func skipped(_ notRun: CampaignReport.NotRun, _ campaign: CampaignReport) -> Markup {
        let name = "\(notRun.id)/\(notRun.variant)"
        return element(
            "testsuite", ["name": name, "tests": "1", "failures": "0", "errors": "0", "skipped": "1", "time": "0.000"],
            [
                element(
                    "testcase", ["classname": "knxrig.\(name)", "name": "not run", "time": "0.000"],
                    [element("skipped", ["message": "not run: \(notRun.reason)"])])
            ])
    }

    private static func name(_ group: ScenarioGroup) -> String {
        group.title
    }

    private static func failures(_ outcomes: [Outcome]) -> Int { outcomes.count { $0 == .fail } }

    private static func errors(_ outcomes: [Outcome]) -> Int { outcomes.count { $0 != .fail && $0 != .pass } }

    private static func seconds(_ nanoseconds: [Int64]) -> String {
        Figures.decimal(nanoseconds.reduce(0, &+), unit: 1_000_000_000, decimals: 3)
    }
}
