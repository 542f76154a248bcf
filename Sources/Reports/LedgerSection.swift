import Checkers

/// Where every telegram went: per hop a bar of what became of them, the figures, and whether they add up.
enum LedgerSection {
    private static let parts: [(name: String, kind: String, count: @Sendable (LedgerRow) -> Int)] = [
        ("Delivered", "delivered", { $0.delivered }), ("Suppressed", "suppressed", { $0.suppressed }),
        ("Dropped and counted", "dropped", { $0.dropped }), ("Unreachable", "unreachable", { $0.unreachable }),
        ("Unobserved", "unobserved", { $0.unobserved }), ("Lost silently", "down", { $0.silent }),
    ]

    static func markup(_ run: RunReport) -> [Markup] {
        let rows = run.verdict.ledger
        guard !rows.isEmpty else {
            return [
                element("h3", "Ledger"),
                element("p", ["class": "missing"], "No ledger: no hop of this run was counted."),
            ]
        }
        var markup = [element("h3", "Ledger: where every telegram went")]
        markup += rows.map(bar)
        markup.append(
            Table.markup(
                [Table.Column("Hop", .whole), Table.Column("On the bus", .number)]
                    + parts.map { Table.Column($0.name, .number) }
                    + [Table.Column("Shown twice", .number), Table.Column("Out of order", .number)],
                rows.map { row in
                    [[element("b", row.hop)], [.text(String(row.onBus))]]
                        + parts.map { [.text(String($0.count(row)))] }
                        + [[.text(String(row.duplicated))], [.text(String(row.reordered))]]
                }))
        for row in rows {
            markup.append(element("p", ["class": "note"], balance(row)))
            if !row.missing.isEmpty {
                markup.append(
                    element(
                        "p", [:],
                        [element("strong", "Missing at \(row.hop): "), .text(row.missing.joined(separator: "; "))]))
            }
        }
        return markup
    }

    /// On the bus = delivered + … : written out, with what is left.
    private static func balance(_ row: LedgerRow) -> String {
        let accounted = [row.delivered, row.suppressed, row.dropped, row.unreachable, row.unobserved]
        let sum = accounted.map(Int64.init).reduce(0) { $0 &+ $1 }
        let rest = Int64(row.onBus) &- sum
        return "\(row.hop): \(row.onBus) on the bus = " + accounted.map(String.init).joined(separator: " + ")
            + (rest == 0 ? "; nothing is left over." : "; \(rest) left over: silent loss.")
    }

    private static func bar(_ row: LedgerRow) -> Markup {
        let whole = max(1, parts.map { Double(max(0, $0.count(row))) }.reduce(0, +))
        var drawing: [Markup] = []
        var from = 0.0
        var said: [String] = []
        for part in parts {
            let count = part.count(row)
            guard count > 0 else { continue }
            let to = from + Double(count) / whole
            let words = "\(count) \(part.name.lowercased())"
            said.append(words)
            drawing.append(Drawing.rectangle(part.kind, from: from, to: to, y: 1, height: 18, title: words))
            if let room = Drawing.room(for: words, in: to - from) {
                drawing.append(
                    Drawing.label(words, at: (from + to) / 2, y: 14, kind: "on-bar " + room, anchor: "middle"))
            }
            from = to
        }
        return Drawing.picture(20, says: "\(row.hop): " + said.joined(separator: ", "), kind: "stack", drawing)
    }
}
