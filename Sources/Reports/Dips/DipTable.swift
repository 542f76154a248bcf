import Checkers
import Events

/// The dip curve as rows of text: what the terminal prints and the report shows.
enum DipTable {
    static let columns = ["Length", "Through", "Made", "Seen"] + DipResponse.allCases.map(\.words)

    static func rows(_ curve: DipCurve) -> [[String]] {
        curve.channels.flatMap(curve.tallies(of:)).map { tally in
            [
                DipLength.text(tally.lengthNanoseconds), tally.channel, "\(tally.made)", "\(tally.seen)",
            ] + DipResponse.allCases.map { rate(tally, $0) }
        }
    }

    /// `5/5 (55–100 %)`: k of n, and where the rate lies; a dash where nothing was counted.
    static func rate(_ tally: DipTally, _ response: DipResponse) -> String {
        guard let interval = tally.interval(response) else { return "–" }
        // Outwards: a rounded interval must not be narrower than it is.
        let low = Int((interval.lowerBound * 100).rounded(.down))
        let high = Int((interval.upperBound * 100).rounded(.up))
        return "\(tally.count(response))/\(tally.trials(response)) (\(low)–\(high) %)"
    }

    /// Lengths that were wanted and not made, with the reason; from event 0.
    static func notMade(_ plan: Value) -> [(length: String, reason: String)] {
        (plan["judge"]?["fault"]?["sweep"]?["not_made"]?.list ?? []).compactMap { item in
            guard let length = item["length"]?.integer, let reason = item["reason"]?.text else { return nil }
            return (DipLength.text(length), reason)
        }
    }

    /// The curve of all counted runs of a group together; nil where none has one.
    static func curve(_ group: ScenarioGroup) -> DipCurve? {
        let curves = group.runs.filter { !$0.isReplaced }.compactMap(\.verdict.dips)
        return curves.isEmpty ? nil : DipCurve.sum(curves)
    }

    /// Lines for a terminal.
    static func text(_ group: ScenarioGroup, indent: String) -> [String] {
        guard let curve = curve(group) else { return [] }
        let table = [columns] + rows(curve)
        let widths = columns.indices.map { column in table.map { $0[column].count }.max() ?? 0 }
        var lines = table.map { row in
            let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
            var line = indent + cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
        for notMade in group.runs.first.map({ Self.notMade($0.plan) }) ?? [] {
            lines.append("\(indent)\(notMade.length) not run: \(notMade.reason)")
        }
        return lines
    }
}
