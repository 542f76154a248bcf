import Checkers
import Events

/// Sentinels and repeats, a row each: filled while every view shows what the line said, hatched while one does not.
enum PointsLane {
    private static let pitch = 13.0
    private static let mostRows = 24

    static func lanes(_ traces: RunTraces, _ scale: Scale) -> [Lane] {
        [
            lane("sentinels", traces.points.filter(\.isSentinel), scale),
            lane("repeats", traces.points.filter { !$0.isSentinel }, scale),
        ].compactMap(\.self)
    }

    private static func lane(_ name: String, _ points: [RunTraces.Point], _ scale: Scale) -> Lane? {
        guard !points.isEmpty else { return nil }
        let shown = points.prefix(mostRows)
        var drawing: [Markup] = []
        for (row, point) in shown.enumerated() {
            drawing += self.row(point, y: Double(row) * pitch + 3, scale)
        }
        let wrongAtEnd = points.count { $0.disagreements.contains { $0.until == nil } }
        let more = points.count > mostRows ? "; \(points.count - mostRows) more" : ""
        let state =
            wrongAtEnd > 0
            ? "\(wrongAtEnd) of \(points.count) wrong at the end" : "all \(points.count) right at the end"
        return Lane(
            name: name, note: state + more, height: Double(shown.count) * pitch + 4,
            says: "State of the \(name) in the system’s views: \(state)", drawing: drawing)
    }

    private static func row(_ point: RunTraces.Point, y: Double, _ scale: Scale) -> [Markup] {
        guard let known = point.said.first ?? point.disagreements.first?.from else { return [] }
        var drawing = [
            Drawing.rectangle(
                "up", from: scale.fraction(known), to: 1, y: y, height: pitch - 5,
                title: "\(point.name): every view shows what the line said")
        ]
        for wrong in merged(point.disagreements) {
            let end = wrong.until
            let length = end.map { "until \(Figures.offset($0, from: scale.origin))" } ?? "to the end"
            let from = scale.fraction(wrong.from)
            let to = end.map(scale.fraction) ?? 1
            guard to > from else { continue }
            drawing.append(Drawing.rectangle("paper", from: from, to: to, y: y, height: pitch - 5))
            drawing.append(
                Drawing.rectangle(
                    "down", from: from, to: to, y: y, height: pitch - 5,
                    title:
                        "\(point.name) wrong from \(Figures.offset(wrong.from, from: scale.origin)) \(length): \(wrong.what)"
                ))
        }
        for instant in point.said where scale.contains(instant) {
            drawing.append(
                .element(
                    "line",
                    [
                        ("class", "said"), ("x1", Drawing.percent(scale.fraction(instant))),
                        ("x2", Drawing.percent(scale.fraction(instant))), ("y1", Drawing.length(y - 2)),
                        ("y2", Drawing.length(y + pitch - 3)),
                    ],
                    [
                        element(
                            "title", "\(point.name) said on the line \(Figures.offset(instant, from: scale.origin))")
                    ]))
        }
        drawing.append(Drawing.scaleLabel(point.name, y: y + pitch - 5, kind: "small"))
        return drawing
    }

    /// Windows of several views that overlap, as one.
    private static func merged(
        _ disagreements: [RunTraces.Disagreement]
    ) -> [(from: Instant, until: Instant?, what: String)] {
        var merged: [(from: Instant, until: Instant?, what: String)] = []
        for one in disagreements.sorted(by: { $0.from < $1.from }) {
            let what = "\(one.view) showed \(one.shown ?? "nothing") for \(one.wanted)"
            if let last = merged.last, last.until.map({ one.from <= $0 }) ?? true {
                let end = last.until.flatMap { left in one.until.map { max(left, $0) } }
                merged[merged.count - 1] = (last.from, end, last.what + "; " + what)
            } else {
                merged.append((one.from, one.until, what))
            }
        }
        return merged
    }
}
