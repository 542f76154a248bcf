extension AuditReport {
    /// For a review: a table of all scenarios, then one section for each.
    public var markdown: String {
        var text = "# Source audit of \(AuditReport.plain(source))\n\n"
        text += "\(commit.map { "Commit `\($0)`. " } ?? "")\(files) files, \(lines) lines, read in \(milliseconds) ms"
        text += " (" + reading.map { "\($0.family): \($0.files)" }.joined(separator: "; ") + ").\n\n\(summary).\n\n"
        text += "| id | scenario | protection | risk | best test | gap |\n|---|---|---|---|---|---|\n"
        for scenario in scenarios {
            let grades = scenario.tests.map(\.grade.rawValue)
            let best = TestGrade.allCases.first { grades.contains($0.rawValue) }?.rawValue ?? "none"
            let cells = [
                scenario.id, scenario.name, scenario.protection.rawValue, scenario.risk, best,
                AuditReport.plain(scenario.gap),
            ]
            text += "| \(cells.joined(separator: " | ")) |\n"
        }
        for scenario in scenarios { text += "\n" + AuditReport.section(scenario) }
        text += places("Anti-patterns", antiPatterns.filter { $0.count > 0 })
        text += places("Resilience patterns: present, which alone protects nothing", patterns)
        text += items("Said and not done", mismatches.map { "`\($0.file):\($0.line)` \($0.what)" })
        text += items(
            "Tests that cannot fail", vacuousTests.map { "`\($0.file):\($0.decidingLine)` \($0.name): \($0.reason)" })
        text += items("Not read", skipped.map { "`\(AuditReport.plain($0.path))`: \($0.reason)" })
        return text
    }

    /// Text that cannot break a table or start a tag.
    private static func plain(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("<", with: "&lt;").replacing("\n", with: " ")
    }

    private static func section(_ scenario: ScenarioAudit) -> String {
        var text = "## \(scenario.id) \(scenario.name)\n\n"
        text += "- **Protection**: \(scenario.protection.rawValue)\(scenario.way.isEmpty ? "" : " (\(scenario.way))")\n"
        for step in scenario.chain {
            let place = step.location.map { "`\($0.file):\($0.line)` " } ?? ""
            let bound = step.location?.bound.map { ", bound: \(plain($0))" } ?? ""
            text +=
                "  - \(step.holds ? "found" : "missing"), \(step.link): \(place)\(plain(step.holds ? step.says : step.reason))\(bound)\n"
        }
        text += "- **Tests**: " + (scenario.tests.isEmpty ? "none\n" : "\n")
        for test in scenario.tests {
            text +=
                "  - \(test.grade.rawValue): `\(test.file)` \(test.name), line \(test.decidingLine): \(test.reason)\n"
        }
        text += "- **Recovery verified**: only runs verify\n- **What happens**: \(plain(scenario.whatHappens))\n"
        text += "- **What the code does**: \(plain(scenario.whatTheCodeDoes))\n"
        text += "- **Gap**: \(scenario.gap.isEmpty ? "none found" : plain(scenario.gap))\n"
        text += "- **Risk**: \(scenario.risk) (\(scenario.likelihood) × \(scenario.impact))\n"
        text +=
            "- **Recommendation**: \(plain(scenario.recommendation))\n- **Falsified by**: \(plain(scenario.falsifiedBy))\n"
        return text
    }

    private func places(_ title: String, _ patterns: [PatternPresence]) -> String {
        items(
            title,
            patterns.map { pattern in
                "\(AuditReport.plain(pattern.name)): \(pattern.count)"
                    + pattern.locations.map { " `\($0.file):\($0.line)`" }.joined()
            })
    }

    private func items(_ title: String, _ lines: [String]) -> String {
        lines.isEmpty ? "" : "\n## \(title)\n\n" + lines.map { "- \($0)\n" }.joined()
    }
}
