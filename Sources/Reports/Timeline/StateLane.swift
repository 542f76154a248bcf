import Events

/// Something that is up (a filled bar) or down (a hatched outline); failures as strokes.
enum StateLane {
    private static let barTop = 4.0
    private static let barHeight = 12.0

    static func lane(_ thing: StateHistory.Thing, _ scale: Scale) -> Lane {
        if let visits = Visits(thing, scale) { return lane(thing, visits, scale) }
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

    /// A link whose system connects for each request: that it is mostly not connected is how it works, and no fault.
    private struct Visits {
        /// As much of them as make a habit, while all was normal.
        private static let habit = 3
        private static let longest = Instant.Span.seconds(1)

        var begins: [Instant]
        /// Between the end of one and the beginning of the next.
        var longestPause: (from: Instant, length: Instant.Span)?

        /// Nil for a link that stays, as links do.
        init?(_ thing: StateHistory.Thing, _ scale: Scale) {
            let pairs = zip(thing.changes, thing.changes.dropFirst())
            let normal = pairs.filter { $0.isUp && $1.at < scale.origin }
            guard normal.count >= Self.habit, normal.allSatisfy({ $1.at - $0.at < Self.longest }) else { return nil }
            begins = thing.changes.filter { $0.isUp && scale.contains($0.at) }.map(\.at)
            longestPause = pairs.filter { !$0.isUp && scale.contains($0.at) && scale.contains($1.at) }
                .map { (from: $0.at, length: $1.at - $0.at) }.max { $0.length < $1.length }
        }
    }

    private static func lane(_ thing: StateHistory.Thing, _ visits: Visits, _ scale: Scale) -> Lane {
        let connections = visits.begins.map {
            stroke(scale.fraction($0), "connected \(Figures.offset($0, from: scale.origin))", kind: "connection")
        }
        let failures = thing.failures.filter { scale.contains($0.at) }
        let pause = visits.longestPause.map {
            "longest pause \(Figures.span(rounded($0.length)))"
        }
        let note = [
            "\(visits.begins.count) short connections", pause, failures.isEmpty ? nil : "\(failures.count) refused",
        ].compactMap(\.self).joined(separator: ", ")
        let from = visits.longestPause.map { " at \(Figures.offset($0.from, from: scale.origin))" } ?? ""
        return Lane(
            name: thing.name, note: note, height: 20, isScaled: false, says: "\(thing.name): \(note)\(from)",
            drawing: connections
                + failures.map {
                    stroke(scale.fraction($0.at), "\($0.what) \(Figures.offset($0.at, from: scale.origin))")
                })
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

    private static func stroke(_ fraction: Double, _ title: String, kind: String = "failure") -> Markup {
        .element(
            "line",
            [
                ("class", kind), ("x1", Drawing.percent(fraction)), ("x2", Drawing.percent(fraction)), ("y1", "1"),
                ("y2", "19"),
            ], [element("title", title)])
    }

    /// To the hundredth of a second, below one second to the millisecond: what a picture shows is no finer.
    private static func rounded(_ span: Instant.Span) -> Int64 {
        let step: Int64 = span >= .seconds(1) ? 10_000_000 : 1_000_000
        return (span.nanoseconds + step / 2) / step * step
    }
}
