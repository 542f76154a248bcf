import Catalogue
public import Evidence

extension Scorecard {
    /// JUnit XML: a suite per category, a case per scenario. A failing scenario is a failure; one that is not verified is skipped, with the reason; a rig that is not
    /// qualified is an error of every case, since nothing is proven.
    public func junit(link: (RunSummary) -> String) -> String {
        let suites = categories.map { category in suite(category, link) }
        let root = element(
            "testsuites",
            [
                "name": "knxrig scorecard", "tests": String(rows.count),
                "failures": String(isQualified ? critical.count : 0), "errors": String(isQualified ? 0 : rows.count),
                "skipped": String(rows.count(where: isSkipped)), "time": "0.000",
            ], suites)
        return #"<?xml version="1.0" encoding="UTF-8"?>"# + "\n" + root.rendered + "\n"
    }

    private func isSkipped(_ row: ScenarioRow) -> Bool { isQualified && !row.isFailing && row.verified != .yes }

    private func suite(_ category: Category, _ link: (RunSummary) -> String) -> Markup {
        let seconds = category.rows.flatMap(\.runs).reduce(Int64(0)) { $0 &+ $1.durationNanoseconds }
        return element(
            "testsuite",
            [
                "name": category.name, "tests": String(category.rows.count),
                "failures": String(isQualified ? category.failed : 0),
                "errors": String(isQualified ? 0 : category.rows.count),
                "skipped": String(category.rows.count(where: isSkipped)),
                "timestamp": String(Figures.utc(seconds: made, iso8601: true).dropLast()),
                "time": Figures.decimal(seconds, unit: 1_000_000_000, decimals: 3),
            ], category.rows.map { testCase($0, category, link) })
    }

    private func testCase(_ row: ScenarioRow, _ category: Category, _ link: (RunSummary) -> String) -> Markup {
        var children: [Markup] = []
        if !isQualified {
            children.append(
                element(
                    "error", ["message": "rig not qualified", "type": "invalid"], disqualified.joined(separator: "\n")))
        } else if row.isFailing {
            children.append(element("failure", ["message": row.failure ?? "failed", "type": "fail"], row.proof))
        } else if row.verified != .yes {
            children.append(element("skipped", ["message": "\(row.verified.rawValue): \(row.note ?? row.proof)"]))
        }
        if !row.runs.isEmpty {
            children.append(
                element("system-out", row.runs.map { "\($0.outcome): \(link($0))" }.joined(separator: "\n")))
        }
        let seconds = row.runs.reduce(Int64(0)) { $0 &+ $1.durationNanoseconds }
        return element(
            "testcase",
            [
                "classname": "knxrig.\(category.name)", "name": "\(row.entry.id) \(row.entry.name)",
                "time": Figures.decimal(seconds, unit: 1_000_000_000, decimals: 3),
            ], children)
    }
}
