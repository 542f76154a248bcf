import Checkers

/// The measured times as big figures, each with a bar that shows how near its limit it came.
enum MeasuredTiles {
    static func markup(_ run: RunReport) -> [Markup] {
        var tiles = run.verdict.measured.map(tile)
        if !run.verdict.ledger.isEmpty {
            let silent = run.verdict.ledger.map(\.silent).reduce(0, &+)
            let onBus = run.verdict.ledger.map(\.onBus).reduce(0, &+)
            tiles.append(
                tile(
                    "Lost silently", "\(silent)", "of \(onBus) telegrams",
                    silent == 0 ? "every telegram is accounted for" : "neither delivered nor counted by anybody", []))
        }
        return tiles.isEmpty ? [] : [element("dl", ["class": "tiles"], tiles)]
    }

    /// `time_to_recover` as people say it.
    static func name(_ measured: Measured) -> String {
        switch measured.name {
        case "time_to_recover": "Time to recover, Th to Tr"
        case "time_to_detect": "Time to detect, T0 to Td"
        case "degraded": "Degraded, T0 to Tr"
        default: RunSection.words(measured.name)
        }
    }

    private static func tile(_ measured: Measured) -> Markup {
        let limit = measured.limitNanoseconds.map { "limit \(Figures.span($0))" } ?? "no limit"
        let margin = margin(measured).map { ", \($0)" } ?? ""
        guard let value = measured.valueNanoseconds else {
            return tile(name(measured), "not reached", nil, limit, [bar(measured)])
        }
        let both = Figures.measured(value, measured.uncertaintyNanoseconds)
        let parts = both.split(separator: "±", maxSplits: 1).map(String.init)
        let figure = parts[0].last == " " ? String(parts[0].dropLast()) : parts[0]
        return tile(
            name(measured), figure, parts.count > 1 ? "±" + parts[1] : nil, limit + margin,
            measured.limitNanoseconds == nil ? [] : [bar(measured)])
    }

    private static func margin(_ measured: Measured) -> String? {
        guard let value = measured.valueNanoseconds, let limit = measured.limitNanoseconds, limit > 0, value >= 0,
            value < 1_000_000_000_000_000
        else { return nil }
        let percent = value * 100 / limit
        return percent < 1 ? "less than 1 % of it" : "\(percent) % of it"
    }

    private static func tile(
        _ name: String, _ figure: String, _ uncertainty: String?, _ note: String, _ bars: [Markup]
    ) -> Markup {
        var value: [Markup] = [.text(figure)]
        if let uncertainty { value += [.text(" "), element("small", uncertainty)] }
        return element(
            "div", ["class": "tile"],
            [
                element("dt", name), element("dd", ["class": "value"], value),
                element("dd", [:], bars + [element("span", ["class": "note"], note)]),
            ])
    }

    /// The value from zero, its uncertainty as a whisker, and the limit as a line.
    private static func bar(_ measured: Measured) -> Markup {
        let limit = Double(max(measured.limitNanoseconds ?? 1, 1))
        let value = measured.valueNanoseconds.map { Double(max($0, 0)) }
        let uncertainty = Double(max(measured.uncertaintyNanoseconds, 0))
        let whole = max(limit, (value ?? limit) + uncertainty) * 1.08
        var drawing = [Drawing.rectangle("track", from: 0, to: 1, y: 5, height: 8)]
        if let value {
            drawing.append(
                Drawing.rectangle(
                    value > limit ? "value bad" : "value", from: 0, to: value / whole, y: 5, height: 8))
            drawing.append(
                element(
                    "line",
                    [
                        "class": "whisker", "x1": Drawing.percent(max(0, value - uncertainty) / whole),
                        "x2": Drawing.percent((value + uncertainty) / whole), "y1": "9", "y2": "9",
                    ]))
        } else {
            drawing.append(Drawing.rectangle("value bad", from: 0, to: 1, y: 5, height: 8))
        }
        drawing.append(Drawing.vertical("limit", at: limit / whole, from: "1", to: "17"))
        return Drawing.picture(18, says: "\(name(measured)): \(HTMLReport.value(measured))", kind: "bar", drawing)
    }
}
