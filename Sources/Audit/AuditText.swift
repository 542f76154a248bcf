extension AuditReport {
    /// For a terminal: one block for each scenario with its chain, then what else was found.
    public var text: String {
        var text =
            "\(source)\(commit.map { " at \($0.prefix(12))" } ?? ""): \(files) files, \(lines) lines, \(milliseconds) ms\n"
        text += "read as: " + reading.map { "\($0.family) \($0.files)" }.joined(separator: ", ") + "\n"
        for scenario in scenarios { text += "\n" + AuditReport.block(scenario) }
        text += "\n" + summary + "\n"
        text += section("Resilience patterns (presence alone protects nothing)", patterns)
        text += section("Anti-patterns", antiPatterns.filter { $0.count > 0 })
        text += list("Said and not done", mismatches.map { "\($0.file):\($0.line)  \($0.what)" })
        text += list(
            "Tests that cannot fail", vacuousTests.map { "\($0.file):\($0.decidingLine)  \($0.name): \($0.reason)" })
        text += list("Not read", skipped.map { "\($0.path): \($0.reason)" })
        return text
    }

    /// One line with the counts.
    public var summary: String {
        let counts = Protection.allCases.map { wanted in
            "\(scenarios.count { $0.protection == wanted }) \(wanted.rawValue)"
        }
        let tested = scenarios.count { scenario in scenario.tests.contains { $0.grade == .real } }
        return
            "protected by the source: \(counts.joined(separator: ", ")); with a real test: \(tested) of \(scenarios.count);"
            + " recovery verified: by no audit, only by runs"
    }

    private static func block(_ scenario: ScenarioAudit) -> String {
        var text =
            "\(scenario.id)  \(scenario.name): protection \(scenario.protection.rawValue), risk \(scenario.risk)"
            + " (\(scenario.likelihood) × \(scenario.impact))\n"
        for step in scenario.chain {
            let place = step.location.map { "\($0.file):\($0.line)  " } ?? ""
            let bound = step.location?.bound.map { " [\($0)]" } ?? ""
            text +=
                "  \(step.holds ? "✓" : "✗") \(step.link): \(place)\(step.holds ? step.says + bound : step.reason)\n"
        }
        if scenario.protection != .yes { text += "  gap: \(scenario.gap)\n" }
        if scenario.tests.isEmpty { text += "  tests: none\n" }
        for test in scenario.tests {
            text += "  test \(test.grade.rawValue): \(test.name) (\(test.file):\(test.decidingLine): \(test.reason))\n"
        }
        text += "  what happens: \(scenario.whatHappens)\n"
        if scenario.protection != .yes { text += "  recommendation: \(scenario.recommendation)\n" }
        return text + "  falsified by: \(scenario.falsifiedBy)\n"
    }

    private func section(_ title: String, _ patterns: [PatternPresence]) -> String {
        list(
            title,
            patterns.map { pattern in
                let places = pattern.locations.prefix(5).map { "\($0.file):\($0.line)" }.joined(separator: ", ")
                return "\(pattern.name): \(pattern.count)"
                    + (places.isEmpty ? "" : " (\(places)\(pattern.count > 5 ? ", …" : ""))")
            })
    }

    /// A long list is cut here; the JSON has all of it.
    private static let mostLines = 40

    private func list(_ title: String, _ lines: [String]) -> String {
        guard !lines.isEmpty else { return "" }
        var text = "\n\(title)\n"
        for line in lines.prefix(AuditReport.mostLines) { text += "  \(line)\n" }
        if lines.count > AuditReport.mostLines {
            text += "  and \(lines.count - AuditReport.mostLines) more (--json has all)\n"
        }
        return text
    }
}
