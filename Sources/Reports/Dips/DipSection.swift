import Checkers
import Events

/// The dip curve of one run: the figure, the table, and what could not be made.
enum DipSection {
    static func markup(_ run: RunReport) -> [Markup] {
        guard let curve = run.verdict.dips, !curve.tallies.isEmpty else { return [] }
        var parts = [element("h3", "Dip curve"), DipFigure.markup(curve)]
        let columns = DipTable.columns.enumerated().map { index, name in
            index == 0 ? Table.Column(name, .wholeShort) : Table.Column(name, index == 1 ? .text : .short)
        }
        parts.append(Table.markup(columns, DipTable.rows(curve).map { $0.map { [.text($0)] } }))
        parts.append(
            element(
                "p", ["class": "note"],
                "k of n, and the interval of the rate, at one-sided 95 % to either side (Clopper–Pearson). Harms are counted among dips that a witness saw; that "
                    + "the chips restarted is a witness itself, and is counted among all that were made."))
        let notMade = DipTable.notMade(run.plan)
        if !notMade.isEmpty {
            parts.append(
                element("ul", [:], notMade.map { element("li", "\($0.length) not run: \($0.reason)") }))
        }
        return parts
    }
}
