import Checkers

/// What a person at a terminal reads when the runs are done: a line per scenario, and under what is no pass the sentence that says why.
public enum TerminalSummary {
    /// - Parameter colours: whether the terminal shows colours and nobody asked for none; words say the same without them.
    public static func text(_ campaign: CampaignReport, colours: Bool) -> String {
        let names = campaign.groups.map(\.title) + campaign.notRun.map { "\($0.id)/\($0.variant)" }
        let words = campaign.groups.map(\.outcome.rawValue.count) + campaign.notRun.map { _ in 7 }
        let nameWidth = names.map(\.count).max() ?? 0
        let wordWidth = words.max() ?? 0
        var lines: [String] = []
        for group in campaign.groups {
            let word = padded(group.outcome.rawValue.uppercased(), wordWidth)
            let sentence = printable(group.telling?.verdict.sentence ?? "")
            let count = group.proof
            let head = coloured(word, group.outcome, colours) + "  " + padded(printable(group.title), nameWidth) + "  "
            if group.outcome == .pass {
                lines.append(head + (sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence) + "  " + count)
            } else {
                lines.append(head + (group.tested.isEmpty ? group.tally : group.tally + " passed"))
                lines.append(String(repeating: " ", count: wordWidth + 2) + sentence)
            }
            lines += DipTable.text(group, indent: String(repeating: " ", count: wordWidth + 2)).map(printable)
        }
        for notRun in campaign.notRun {
            let name = padded(printable("\(notRun.id)/\(notRun.variant)"), nameWidth)
            lines.append(padded("NOT RUN", wordWidth) + "  " + name + "  " + printable(notRun.reason))
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// One line without anything that a terminal would obey.
    private static func printable(_ text: String) -> String {
        var line = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: line += " "
            default: line.unicodeScalars.append(scalar)
            }
        }
        return line
    }

    private static func coloured(_ word: String, _ outcome: Outcome, _ colours: Bool) -> String {
        guard colours else { return word }
        let code =
            switch outcome {
            case .pass: "32"
            case .fail, .error: "31"
            case .invalid, .inconclusive, .aborted: "33"
            }
        return "\u{1B}[1;\(code)m\(word)\u{1B}[0m"
    }
}
