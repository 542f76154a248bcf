import Checkers

/// Whether the witness told all that the line said, and what it missed: the first thing that a run's evidence has to stand on.
enum LossSection {
    static func markup(_ run: RunReport) -> [Markup] {
        guard let witness = run.verdict.witness else { return [] }
        var markup = [element("h3", "Did the witness hear everything?"), element("p", witness.sentence + ".")]
        if !witness.places.isEmpty { markup += witness.places.map { element("p", ["class": "missing"], $0) } }
        if !witness.limits.isEmpty {
            markup.append(
                element("p", ["class": "note"], "Not proven: " + witness.limits.joined(separator: "; ") + "."))
        }
        return markup
    }
}
