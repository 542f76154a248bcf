/// A table that a narrow screen shows as a card per row, each value beside the name of its column.
struct Table {
    struct Column: ExpressibleByStringLiteral {
        enum Kind: String {
            case text = ""
            /// Figures under each other: right-aligned.
            case number
            /// Not broken into lines.
            case short
            /// Says by itself what it is: without the column's name on a narrow screen.
            case whole
            /// Both of the last two.
            case wholeShort = "whole short"
        }

        var name: String
        var kind: Kind

        init(_ name: String, _ kind: Kind) {
            self.name = name
            self.kind = kind
        }

        init(stringLiteral value: String) { self.init(value, .text) }
    }

    /// Rows beyond which a table only counts: the evidence has them all.
    static let mostRows = 100

    static func markup(_ columns: [Column], _ rows: [[[Markup]]]) -> Markup {
        let head = columns.map { column in
            Markup.element("th", [("scope", "col")] + classes(column), [.text(column.name)])
        }
        let body = rows.map { row in
            element(
                "tr", [:],
                zip(columns, row).map { column, cell in
                    Markup.element("td", [("data-label", column.name)] + classes(column), [element("div", [:], cell)])
                })
        }
        return element(
            "table", [:], [element("thead", [:], [element("tr", [:], head)]), element("tbody", [:], body)])
    }

    /// A table under its title; nothing when it would have no row.
    static func titled(_ title: String, _ columns: [Column], _ rows: [[[Markup]]], else missing: String? = nil)
        -> [Markup]
    {
        guard !rows.isEmpty else {
            return missing.map { [element("h3", title), element("p", ["class": "missing"], $0)] } ?? []
        }
        var parts = [element("h3", title), markup(columns, Array(rows.prefix(mostRows)))]
        if rows.count > mostRows {
            parts.append(element("p", ["class": "note"], "\(rows.count - mostRows) more are in the evidence."))
        }
        return parts
    }

    private static func classes(_ column: Column) -> [(String, String)] {
        column.kind == .text ? [] : [("class", column.kind.rawValue)]
    }
}
