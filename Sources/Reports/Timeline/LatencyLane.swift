import Checkers
import Events

/// How long telegrams took from the end of their frame on the line to a view, on a logarithmic scale: a dot each; a cross for what was never shown.
enum LatencyLane {
    private static let crossY = 9.0
    private static let top = 26.0
    private static let decadeHeight = 24.0

    static func lanes(_ run: RunReport, _ traces: RunTraces, _ scale: Scale) -> [Lane] {
        traces.hops.compactMap { lane($0, run.verdict.instants, scale) }
    }

    private static func lane(_ hop: RunTraces.Hop, _ instants: Instants, _ scale: Scale) -> Lane? {
        let passages = hop.passages.filter { scale.contains($0.instant) }
        guard !passages.isEmpty else { return nil }
        let shown = passages.compactMap { passage -> (at: Instant, after: Int64)? in
            if case .shown(let after) = passage.fate { (passage.instant, after.nanoseconds) } else { nil }
        }
        // From 1 ms up to the first power of ten that holds the limit and the slowest.
        let slowest = max(hop.limit.nanoseconds, shown.map(\.after).max() ?? 0)
        var decades = 1
        while decades < 7, slowest > powerOfTen(decades) { decades += 1 }
        let height = top + decadeHeight * Double(decades) + 6
        let y = { (nanoseconds: Int64) in
            top + decadeHeight * (Double(decades) - min(max(logarithm(nanoseconds), 0), Double(decades)))
        }
        var drawing: [Markup] = []
        for decade in 0...decades {
            drawing.append(Drawing.horizontal("grid", y: y(powerOfTen(decade))))
            drawing.append(
                Drawing.scaleLabel(
                    (decade == 0 ? "≤ " : "") + Figures.span(powerOfTen(decade)), y: y(powerOfTen(decade)) + 4))
        }
        drawing.append(Drawing.horizontal("limit", y: y(hop.limit.nanoseconds)))
        drawing.append(
            Drawing.label(
                "limit \(Figures.span(hop.limit.nanoseconds))", at: 1, y: y(hop.limit.nanoseconds) - 3,
                kind: "limit-name",
                anchor: "end", shift: -4))
        let dots = shown.map { "M\(Drawing.stretchedX(scale.fraction($0.at))) \(Drawing.length(y($0.after)))h0" }
        drawing.append(Drawing.stretched(height, [Drawing.path("dots", dots.joined())]))
        let missing = passages.filter { $0.fate == .missing }
        let crosses = missing.map {
            "M\(Drawing.stretchedX(scale.fraction($0.instant))) \(Drawing.length(crossY - 4))v8"
        }
        if !crosses.isEmpty {
            drawing.append(Drawing.stretched(height, [Drawing.path("lost", crosses.joined())]))
            drawing.append(Drawing.scaleLabel("never", y: crossY + 4))
        }
        drawing += columns(passages, height, scale)
        return Lane(
            name: "line → \(hop.view)", note: note(shown, missing.count, instants), height: height,
            says: "Latency from the line to \(hop.view): " + note(shown, missing.count, instants), drawing: drawing)
    }

    /// A place to point at for every second.
    private static func columns(_ passages: [RunTraces.Passage], _ height: Double, _ scale: Scale) -> [Markup] {
        var seconds: [Int64: (shown: [Int64], missing: Int)] = [:]
        for passage in passages {
            let second = floorSecond(passage.instant - scale.origin)
            switch passage.fate {
            case .shown(let after): seconds[second, default: ([], 0)].shown.append(after.nanoseconds)
            case .missing: seconds[second, default: ([], 0)].missing += 1
            case .suppressed, .unobserved: break
            }
        }
        return seconds.sorted { $0.key < $1.key }.map { second, found in
            let from = scale.origin + .seconds(second)
            var words: [String] = []
            if let median = quantile(found.shown, 50) {
                words.append(
                    "\(found.shown.count) shown, median \(span(median)), slowest \(span(found.shown.max() ?? 0))")
            }
            if found.missing > 0 { words.append("\(found.missing) never shown") }
            return Drawing.rectangle(
                "target", from: scale.fraction(from), to: scale.fraction(from + .seconds(1)), y: 0, height: height,
                title: "\(Figures.offset(from, from: scale.origin)), one second: " + words.joined(separator: "; "))
        }
    }

    private static func note(_ shown: [(at: Instant, after: Int64)], _ missing: Int, _ instants: Instants) -> String {
        var words: [String] = []
        let before = shown.filter { passage in instants.fault.map { passage.at < $0 } ?? true }.map(\.after)
        if let median = quantile(before, 50), let high = quantile(before, 95) {
            words.append("before the fault median \(span(median)), 95 % ≤ \(span(high))")
        }
        if let recovered = instants.recovered {
            let after = shown.filter { $0.at >= recovered }.map(\.after)
            if let median = quantile(after, 50), let high = quantile(after, 95) {
                words.append("after Tr \(span(median)), ≤ \(span(high))")
            }
        }
        if missing > 0 { words.append("\(missing) never shown") }
        return words.isEmpty ? "nothing was shown" : words.joined(separator: "; ")
    }

    /// Two stamps may differ by a little, so that a fast one seems to come before its telegram ended.
    private static func span(_ nanoseconds: Int64) -> String {
        nanoseconds < 1_000_000 ? "< 1 ms" : Figures.span((nanoseconds + 50_000) / 100_000 * 100_000)
    }

    private static func quantile(_ values: [Int64], _ percent: Int) -> Int64? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        return sorted[min(sorted.count - 1, (sorted.count * percent + 99) / 100 - (percent == 0 ? 0 : 1))]
    }

    private static func floorSecond(_ span: Instant.Span) -> Int64 {
        let (quotient, rest) = span.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? quotient - 1 : quotient
    }

    /// `1 ms` times ten to the `exponent`.
    private static func powerOfTen(_ exponent: Int) -> Int64 {
        (0..<exponent).reduce(1_000_000) { power, _ in power * 10 }
    }

    /// The decimal logarithm of a span in milliseconds; the series of its significand is exact to 1e-4, far less than a pixel.
    private static func logarithm(_ nanoseconds: Int64) -> Double {
        let milliseconds = Double(max(nanoseconds, 1)) / 1_000_000
        let fraction = milliseconds.significand
        let t = (fraction - 1) / (fraction + 1)
        let naturalLogarithm = 2 * (t + t * t * t / 3 + t * t * t * t * t / 5)
        return Double(milliseconds.exponent) * 0.301_029_995_663_981_2 + naturalLogarithm * 0.434_294_481_903_251_8
    }
}
