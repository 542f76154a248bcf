/// A score as a bar from 0 to 10; where a cap holds it down, what it would be without is hatched.
struct ScoreBar {
    let score: Score

    var markup: Markup {
        let label =
            "\(Scorecard.tenths(score.value)) of 10"
            + (score.uncapped > score.value ? ", \(Scorecard.tenths(score.uncapped)) without the cap" : "")
        var parts: [Markup] = [Self.box("track", 0, 10)]
        if score.uncapped > score.value { parts.append(Self.box("capped", score.value, score.uncapped)) }
        parts.append(Self.box("filled", 0, score.value))
        parts += (1..<10).map { Self.tick(Double($0)) }
        return element(
            "svg",
            [
                "class": "score-bar", "viewBox": "0 0 100 8", "preserveAspectRatio": "none", "role": "img",
                "aria-label": label,
            ],
            parts)
    }

    static func plain(_ value: Double) -> Markup {
        element(
            "svg",
            ["class": "score-bar small", "viewBox": "0 0 100 8", "preserveAspectRatio": "none", "aria-hidden": "true"],
            [box("track", 0, 10), box("filled", 0, value)])
    }

    private static func box(_ name: String, _ from: Double, _ to: Double) -> Markup {
        element(
            "rect",
            [
                "class": name, "x": Scorecard.hundredths(from * 10), "y": "0",
                "width": Scorecard.hundredths((to - from) * 10),
                "height": "8",
            ])
    }

    private static func tick(_ at: Double) -> Markup {
        element(
            "line",
            [
                "class": "tick", "x1": Scorecard.hundredths(at * 10), "x2": Scorecard.hundredths(at * 10), "y1": "0",
                "y2": "8",
            ])
    }
}

/// The score of every build that was ever run, the oldest first.
struct TrendPicture {
    let points: [TrendPoint]

    /// The newest so many.
    private static let most = 24
    private static let height = 120.0

    var markup: [Markup] {
        guard points.count > 1 else { return [] }
        let shown = Array(points.suffix(Self.most))
        return [
            element("h2", "Trend"),
            element(
                "figure", ["class": "trend"],
                [
                    picture(shown),
                    element(
                        "figcaption",
                        "Each column is a build of the system, scored from its own runs; ✗ marks builds with a failing scenario."
                    ),
                ]),
            element("div", ["class": "wide"], [table(shown)]),
        ]
    }

    private func picture(_ shown: [TrendPoint]) -> Markup {
        let width = 600.0 / Double(shown.count)
        var parts: [Markup] = [0, 5, 10].flatMap { mark -> [Markup] in
            let y = Scorecard.hundredths(10 + Self.height * (1 - Double(mark) / 10))
            return [
                element("line", ["class": "grid", "x1": "24", "x2": "624", "y1": y, "y2": y]),
                element("text", ["class": "quiet", "x": "0", "y": y], "\(mark)"),
            ]
        }
        for (index, point) in shown.enumerated() {
            let height = Self.height * (point.score ?? 0) / 10
            let x = 24 + width * Double(index) + width * 0.15
            parts.append(
                element(
                    "rect",
                    [
                        "class": index == shown.count - 1 ? "filled" : "older", "x": Scorecard.hundredths(x),
                        "y": Scorecard.hundredths(10 + Self.height - height),
                        "width": Scorecard.hundredths(width * 0.7),
                        "height": Scorecard.hundredths(height),
                    ]))
            let middle = Scorecard.hundredths(x + width * 0.35)
            parts.append(
                element(
                    "text",
                    [
                        "class": "value-text", "x": middle, "y": Scorecard.hundredths(6 + Self.height - height),
                        "text-anchor": "middle",
                    ],
                    (point.score.map(Scorecard.tenths) ?? "–") + (point.failed > 0 ? " ✗" : "")))
            parts.append(
                element(
                    "text",
                    [
                        "class": "quiet", "x": middle, "y": Scorecard.hundredths(24 + Self.height),
                        "text-anchor": "middle",
                    ],
                    String(point.build.prefix(7))))
        }
        return element(
            "svg",
            ["viewBox": "0 0 630 140", "role": "img", "aria-label": "Score by build; the table below has the figures"],
            parts)
    }

    private func table(_ shown: [TrendPoint]) -> Markup {
        Table.markup(
            [
                Table.Column("Build", .short), Table.Column("Newest run", .short), Table.Column("Score", .number),
                Table.Column("Physical", .number), Table.Column("Verified", .number), Table.Column("Failed", .number),
            ],
            shown.reversed().map { point in
                [
                    [element("code", ["title": point.build], String(point.build.prefix(12)))],
                    [.text(Figures.utc(seconds: point.newest))],
                    [.text(point.score.map(Scorecard.tenths) ?? "not qualified")],
                    [.text(point.physical.map(Scorecard.tenths) ?? "–")], [.text(String(point.verified))],
                    [.text(String(point.failed))],
                ]
            })
    }
}
