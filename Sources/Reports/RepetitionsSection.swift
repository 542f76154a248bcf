import Checkers

/// Several runs of the same thing: how many passed and what that proves, and how long each took to recover.
enum RepetitionsSection {
    static func markup(_ group: ScenarioGroup) -> [Markup] {
        guard group.counted.count > 1 else { return [] }
        var parts: [Markup] = [
            element("h2", ["id": anchor(group)], group.title),
            element(
                "dl", ["class": "tiles"],
                [
                    tile("Passed", "\(group.passed) of \(group.tested.count)", uncounted(group)),
                    tile(
                        "Pass rate, at least", group.lowerBound.map(percent) ?? "not known",
                        "one-sided 95 % lower bound of Clopper and Pearson"),
                ] + spread(group)),
        ]
        parts += strips(group)
        return [element("section", ["class": "group"], parts)]
    }

    static func anchor(_ group: ScenarioGroup) -> String {
        "group-" + RunSection.identifier(group.title)
    }

    /// Rounded down: a bound must not promise more than it has.
    static func percent(_ rate: Double) -> String {
        let tenths = Int((rate * 1000).rounded(.down))
        return "\(tenths / 10).\(tenths % 10) %"
    }

    private static func uncounted(_ group: ScenarioGroup) -> String {
        let replaced = group.runs.count - group.counted.count
        let untested = group.counted.count - group.tested.count
        var words: [String] = []
        if replaced > 0 { words.append("\(replaced) invalid, made again, not counted") }
        if untested > 0 { words.append("\(untested) tested nothing, not counted") }
        return words.isEmpty ? "every run counts" : words.joined(separator: "; ")
    }

    private static func tile(_ name: String, _ value: String, _ note: String) -> Markup {
        element(
            "div", ["class": "tile"],
            [
                element("dt", name), element("dd", ["class": "value"], value),
                element("dd", [:], [element("span", ["class": "note"], note)]),
            ])
    }

    private static func spread(_ group: ScenarioGroup) -> [Markup] {
        let times = group.counted.compactMap(\.timeToRecover).sorted()
        guard let fastest = times.first, let slowest = times.last else { return [] }
        let middle = times.count / 2
        let median = times.count % 2 == 1 ? times[middle] : times[middle - 1] / 2 + times[middle] / 2
        return [
            tile(
                "Time to recover, median", Figures.span(rounded(median)),
                "from \(Figures.span(rounded(fastest))) to \(Figures.span(rounded(slowest))) in \(times.count) runs")
        ]
    }

    private static func rounded(_ nanoseconds: Int64) -> Int64 { (nanoseconds + 50_000) / 100_000 * 100_000 }

    // MARK: the strip plot

    private struct Dot {
        var value: Double
        var uncertainty: Double
        var title: String
    }

    private static func strips(_ group: ScenarioGroup) -> [Markup] {
        let runs = group.counted
        let dots = runs.compactMap { run -> Dot? in
            guard let recovery = run.recovery, let value = recovery.valueNanoseconds else { return nil }
            return Dot(
                value: Double(max(0, value)), uncertainty: Double(max(0, recovery.uncertaintyNanoseconds)),
                title: "repetition \(run.repetition), \(run.verdict.outcome.rawValue): \(HTMLReport.value(recovery))")
        }
        let never = runs.filter { $0.recovery != nil && $0.timeToRecover == nil }
        guard !dots.isEmpty || !never.isEmpty else {
            return [element("p", ["class": "missing"], "No time to recover was measured in these runs.")]
        }
        let limit = runs.compactMap { $0.recovery?.limitNanoseconds }.max().map { Double(max(0, $0)) }
        let slowest = dots.map { $0.value + $0.uncertainty }.max() ?? 0
        let whole = max(limit ?? 0, slowest, 1) * 1.04
        var figures = [strip(dots, never, limit, 0...whole, "from zero to the limit")]
        let low = dots.map { $0.value - $0.uncertainty }.min() ?? 0
        // Dots that huddle in a tenth of the scale tell their spread only when enlarged.
        if dots.count > 1, slowest - low < whole / 10, slowest > low {
            let margin = (slowest - low) * 0.06
            figures.append(strip(dots, [], nil, max(0, low - margin)...(slowest + margin), "enlarged"))
        }
        return [
            element("h3", "Time to recover, run by run"),
            element(
                "figure", ["class": "timeline strips"],
                [
                    element("div", ["class": "lanes"], figures),
                    element(
                        "figcaption", [:],
                        [
                            element(
                                "p", ["class": "say"],
                                "A dot per run, with its uncertainty (k = 2). Dashed: the limit. A cross: never recovered."
                            )
                        ]),
                ]),
        ]
    }

    private static func strip(
        _ dots: [Dot], _ never: [RunReport], _ limit: Double?, _ range: ClosedRange<Double>, _ name: String
    ) -> Markup {
        let length = max(range.upperBound - range.lowerBound, 1)
        let place = { (value: Double) in (value - range.lowerBound) / length }
        // Dots that would lie upon each other are stacked.
        var rows: [[Double]] = []
        var placed: [(dot: Dot, row: Int)] = []
        for dot in dots.sorted(by: { $0.value < $1.value }) {
            let row = rows.firstIndex { place(dot.value) - place($0[$0.count - 1]) > 0.03 } ?? rows.count
            if row == rows.count { rows.append([]) }
            rows[row].append(dot.value)
            placed.append((dot, row))
        }
        let shownRows = max(1, min(rows.count, 12))
        let floor = 10 + Double(shownRows) * 11
        let height = floor + 22
        var drawing = axis(range, floor, height)
        for (dot, row) in placed {
            let y = Drawing.length(floor - 8 - Double(row % 12) * 11)
            drawing.append(
                .element(
                    "line",
                    [
                        ("class", "whisker"), ("x1", Drawing.percent(max(0, place(dot.value - dot.uncertainty)))),
                        ("x2", Drawing.percent(min(1, place(dot.value + dot.uncertainty)))), ("y1", y), ("y2", y),
                    ], []))
            drawing.append(
                .element(
                    "circle", [("class", "dot"), ("cx", Drawing.percent(place(dot.value))), ("cy", y), ("r", "4.5")],
                    [element("title", dot.title)]))
        }
        for (index, run) in never.prefix(12).enumerated() {
            drawing.append(
                Drawing.sign(
                    "cross", at: 0.995, y: floor - 8 - Double(index) * 11, kind: "failed",
                    title: "repetition \(run.repetition): never recovered"))
        }
        if let limit {
            drawing.append(Drawing.vertical("limit", at: place(limit), from: "0", to: Drawing.length(floor)))
            drawing.append(
                Drawing.label(
                    "limit \(Figures.span(Int64(limit)))", at: place(limit), y: 10, kind: "limit-name", anchor: "end",
                    shift: -5))
        }
        return element(
            "div", ["class": "row"],
            [
                element(
                    "div", ["class": "label"],
                    [element("b", "time to recover"), element("span", ["class": "note"], name)]),
                Drawing.picture(
                    height,
                    says: "Time to recover of \(dots.count) runs, \(name)"
                        + (never.isEmpty ? "" : "; \(never.count) never recovered"), drawing),
            ])
    }

    private static func axis(_ range: ClosedRange<Double>, _ floor: Double, _ height: Double) -> [Markup] {
        let length = range.upperBound - range.lowerBound
        var step = 1.0
        while length / step > 6 { step *= 10 }
        if length / step < 1.2 { step /= 5 } else if length / step < 3 { step /= 2 }
        step = max(step, 1)
        var drawing = [Drawing.horizontal("rule", y: floor)]
        var tick = (range.lowerBound / step).rounded(.up) * step
        while tick <= range.upperBound {
            let fraction = (tick - range.lowerBound) / max(length, 1)
            drawing.append(
                Drawing.vertical("rule", at: fraction, from: Drawing.length(floor), to: Drawing.length(floor + 4)))
            drawing.append(
                Drawing.label(
                    Figures.span(Int64(tick)), at: fraction, y: height - 4, kind: "quiet",
                    anchor: fraction < 0.04 ? "start" : fraction > 0.96 ? "end" : "middle"))
            tick += step
        }
        return drawing
    }
}
