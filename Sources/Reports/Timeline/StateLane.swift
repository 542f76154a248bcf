import Events

/// Something that is up (a filled bar) or down (a hatched outline); failures as strokes.
enum StateLane {
    private static let barTop = 4.0
    private static let barHeight = 12.0

    static func lane(_ thing: StateHistory.Thing, _ scale: Scale) -> Lane {
        var drawing: [Markup] = []
        var downs: [String] = []
        for (index, change) in thing.changes.enumerated() {
            let end = index + 1 < thing.changes.count ? thing.changes[index + 1].at : nil
            guard change.at <= scale.last, (end ?? scale.last) > scale.first else { continue }
            let detail = change.detail.map { ", \($0)" } ?? ""
            let length = end.map { Figures.span(rounded($0 - change.at)) } ?? "to the end"
            let words = change.isUp ? "up" : "down \(length)"
            let title =
                "\(thing.name) \(change.isUp ? "up" : "down") from \(Figures.offset(change.at, from: scale.origin)), \(length)\(detail)"
            if !change.isUp { downs.append("\(Figures.offset(change.at, from: scale.origin)) for \(length)") }
            let bars = bar(
                from: scale.fraction(change.at), to: end.map(scale.fraction) ?? 1, isUp: change.isUp, words: words,
                title: title)
            // Ups below downs, so that none covers a short one.
            if change.isUp { drawing.insert(contentsOf: bars, at: 0) } else { drawing += bars }
        }
        for failure in thing.failures where scale.contains(failure.at) {
            drawing.append(
                stroke(scale.fraction(failure.at), "\(failure.what) \(Figures.offset(failure.at, from: scale.origin))"))
        }
        let refused = thing.failures.count { scale.contains($0.at) && $0.what == "refused" }
        let note: String? = downs.isEmpty ? nil : downs.count == 1 ? "down once" : "down \(downs.count) times"
        return Lane(
            name: thing.name,
            note: refused > 0 ? [note, "\(refused) refused"].compactMap { $0 }.joined(separator: ", ") : note,
            height: 20, isScaled: false,
            says: "\(thing.name): " + (downs.isEmpty ? "never down" : "down at " + downs.joined(separator: "; ")),
            drawing: drawing)
    }

    /// A bar with its words where they fit.
    static func bar(from: Double, to: Double, isUp: Bool, words: String, title: String) -> [Markup] {
        guard to > from else { return [] }
        var drawing = [
            Drawing.rectangle(isUp ? "up" : "down", from: from, to: to, y: barTop, height: barHeight, title: title)
        ]
        if !isUp, let room = Drawing.room(for: words, in: to - from) {
            drawing.append(
                Drawing.label(words, at: (from + to) / 2, y: barTop + 10, kind: ("inside " + room), anchor: "middle"))
        }
        return drawing
    }

    private static func stroke(_ fraction: Double, _ title: String) -> Markup {
        .element(
            "line",
            [
                ("class", "failure"), ("x1", Drawing.percent(fraction)), ("x2", Drawing.percent(fraction)), ("y1", "1"),
                ("y2", "19"),
            ], [element("title", title)])
    }

    /// To the hundredth of a second, below one second to the millisecond: what a picture shows is no finer.
    private static func rounded(_ span: Instant.Span) -> Int64 {
        let step: Int64 = span >= .seconds(1) ? 10_000_000 : 1_000_000
        return (span.nanoseconds + step / 2) / step * step
    }
}
