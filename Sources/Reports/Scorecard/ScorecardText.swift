import Catalogue
public import Evidence

extension Scorecard {
    /// The score with its level, and the physical tier on the same line: `7.4 of 10 (smoke); physical: 5.6 of 10`.
    public var headline: String {
        guard isQualified else { return "no score: rig not qualified" }
        let physicalText = isPhysicalTested ? "\(Self.tenths(physical.value)) of 10" : "not tested"
        return "\(Self.tenths(score.value)) of 10 (\(input.level.rawValue)); physical: \(physicalText)"
    }

    /// What holds the score down; nil when nothing does.
    public var capText: String? {
        guard isQualified, let cap = score.caps.first, score.value < score.uncapped else { return nil }
        let others = score.caps.count { $0.limit == cap.limit } - 1
        let more = others == 0 ? "" : ", and \(others) more of such risk"
        return
            "capped at \(Self.tenths(cap.limit)) because \(cap.reason)\(more); \(Self.tenths(score.uncapped)) without the cap"
    }

    /// For a terminal.
    public var text: String {
        var lines = ["Resilience scorecard: \(headline)"]
        if let capText { lines.append("  \(capText)") }
        if let subject {
            lines.append(
                "  \(subject.system), build \(subject.build.prefix(12))"
                    + (subject.sabotage.isEmpty ? "" : ", without \(subject.sabotage.joined(separator: ", "))")
                    + ", on the rig \(subject.rig)")
        }
        lines += disqualified.map { "  rig not qualified: \($0)" }
        lines.append("")
        lines.append(Self.columns(["category", "scenarios", "protected", "tested", "verified", "failed", "score"]))
        for category in categories {
            lines.append(
                Self.columns([
                    category.name, String(category.rows.count), input.audit == nil ? "–" : String(category.protected),
                    input.audit == nil ? "–" : String(category.tested), String(category.verified),
                    String(category.failed), isQualified ? Self.tenths(category.score) : "–",
                ]))
        }
        func list(_ title: String, _ items: [String]) {
            guard !items.isEmpty else { return }
            lines += ["", title] + items.map { "  \($0)" }
        }
        list("Failing", critical.map { "\($0.entry.id) \($0.entry.name): \($0.failure ?? "")" })
        list("Claimed and never run", untestedProtections.map { "\($0.entry.id) \($0.entry.name)" })
        list("Verified", fullyVerified.map { "\($0.entry.id) \($0.entry.name): \($0.proof)" })
        list(
            "Not counted", rows.compactMap { row in row.note.map { "\(row.entry.id) \(row.entry.name): \($0)" } })
        list(
            "Expired: of another build",
            staleBuilds.map {
                "\($0.runs) runs of \($0.build.prefix(12)), the newest \(Figures.utc(seconds: $0.newest))"
            })
        list("Next", recommendations.map { ($0.id.map { "\($0): " } ?? "") + "\($0.what) (\($0.because))" })
        return lines.map { $0 + "\n" }.joined()
    }

    private static func columns(_ cells: [String]) -> String {
        let widths = [24, 10, 11, 8, 10, 8, 7]
        return zip(cells, widths).enumerated().map { index, cell in
            let space = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return index == 0 ? cell.0 + space : space + cell.0
        }.joined()
    }

    /// For a review.
    ///
    /// - Parameter link: where a run lies, as the reader of the text reaches it.
    public func markdown(link: (RunSummary) -> String) -> String {
        var text = "# Resilience Scorecard\n\n"
        text += "**Overall: \(headline)**\n\n"
        if let capText { text += "\(capText).\n\n" }
        text += "- Date: \(Figures.utc(seconds: made))\n"
        if let commit = input.audit?.commit { text += "- Commit: `\(commit)`\n" }
        if let subject {
            text += "- System: \(Self.plain(subject.system)), build `\(subject.build)`"
            text += subject.sabotage.isEmpty ? "\n" : ", without \(subject.sabotage.joined(separator: ", "))\n"
            text += "- Rig: \(Self.plain(subject.rig)) (\(subject.rigKind))\n"
        }
        text += "- Evidence level: \(input.level.rawValue), \(input.level.meaning)\n"
        for reason in disqualified { text += "- **Rig not qualified**: \(Self.plain(reason))\n" }
        text +=
            "\n| Category | Scenarios | Protected | Tested | Verified | Failed | Score |\n|---|---|---|---|---|---|---|\n"
        for category in categories {
            let protected = input.audit == nil ? "–" : String(category.protected)
            let tested = input.audit == nil ? "–" : String(category.tested)
            text +=
                "| \(category.name) | \(category.rows.count) | \(protected) | \(tested) | \(category.verified) | \(category.failed) | "
                + "\(isQualified ? Self.tenths(category.score) : "–") |\n"
        }
        text +=
            "\n| id | Scenario | Risk | Claimed | Tested | Verified | What the runs prove |\n|---|---|---|---|---|---|---|\n"
        for row in rows {
            let runs = row.runs.map { "[\($0.outcome)](\(link($0))/verdict.json)" }.joined(separator: " ")
            text +=
                "| \(row.entry.id) | \(Self.plain(row.entry.name)) | \(row.entry.weight) | \(row.claim?.protection.rawValue ?? "–") | "
                + "\(row.testing.rawValue) | \(row.verified.rawValue) | \(row.proof)\(runs.isEmpty ? "" : " \(runs)") |\n"
        }
        func list(_ title: String, _ items: [String]) {
            text += "\n## \(title)\n\n" + (items.isEmpty ? "None.\n" : items.map { "- \(Self.plain($0))\n" }.joined())
        }
        list("Critical gaps", critical.map { "\($0.entry.id) \($0.entry.name): \($0.failure ?? "")" })
        list("Untested protections", untestedProtections.map { "\($0.entry.id) \($0.entry.name)" })
        list("Fully verified", fullyVerified.map { "\($0.entry.id) \($0.entry.name): \($0.proof)" })
        list("Recommendations", recommendations.map { ($0.id.map { "\($0): " } ?? "") + "\($0.what) (\($0.because))" })
        if !staleBuilds.isEmpty {
            list(
                "Expired evidence",
                staleBuilds.map {
                    "\($0.runs) runs of build \($0.build), the newest \(Figures.utc(seconds: $0.newest))"
                })
        }
        return text
    }

    /// Text that cannot break a table or start a tag.
    private static func plain(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("<", with: "&lt;").replacing("\n", with: " ")
    }
}
