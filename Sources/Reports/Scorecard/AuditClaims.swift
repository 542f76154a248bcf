public import Events

/// What an audit claims of each scenario, as `knxrig audit --json` wrote it.
public struct AuditClaims: Sendable {
    public enum Protection: String, CaseIterable, Sendable {
        case yes, partial, no
    }

    public struct Test: Sendable, Hashable {
        /// Relative to the audited directory.
        public var file: String
        public var name: String
        /// `real`, `weak`, `vacuous` or `skippable`.
        public var grade: String
    }

    public struct Claim: Sendable {
        public var id: String
        public var protection: Protection
        public var tests: [Test]
        /// `file:line: mechanism` of the chain's links.
        public var locations: [String]
        public var gap: String
        public var recommendation: String
        public var falsifiedBy: String
    }

    public var source: String
    public var commit: String?
    public var claims: [Claim]

    /// - Throws: what the value lacks to be an audit.
    public init(_ value: Value) throws(RecordFailure) {
        let record = Record(value)
        guard try record.text("schema") == "knxrig/audit/1" else {
            throw RecordFailure(key: "schema", expected: "knxrig/audit/1, what `knxrig audit --json` writes")
        }
        source = try record.text("source")
        commit = record.optionalText("commit")
        claims = []
        for scenario in value["scenarios"]?.list ?? [] {
            let scenario = Record(scenario)
            var tests: [Test] = []
            for test in scenario.value["tests"]?.list ?? [] {
                let test = Record(test)
                tests.append(
                    Test(file: try test.text("file"), name: try test.text("name"), grade: try test.text("grade")))
            }
            let locations = (scenario.value["locations"]?.list ?? []).compactMap { location -> String? in
                guard let file = location["file"]?.text, let line = location["line"]?.integer else { return nil }
                return "\(file):\(line)" + (location["mechanism"]?.text.map { ": \($0)" } ?? "")
            }
            claims.append(
                Claim(
                    id: try scenario.text("id"), protection: try scenario.choice("protection"), tests: tests,
                    locations: locations, gap: scenario.optionalText("gap") ?? "",
                    recommendation: scenario.optionalText("recommendation") ?? "",
                    falsifiedBy: scenario.optionalText("falsified_by") ?? ""))
        }
    }

    subscript(id: String) -> Claim? { claims.first { $0.id == id } }
}
