import Checkers
import Glibc

/// The dip curve as a picture: how often each length did what, with the interval in which the rate lies, a lane for each response.
enum DipFigure {
    private static let laneHeight = 64.0
    private static let top = 18.0

    static func markup(_ curve: DipCurve) -> Markup {
        let lengths = curve.tallies.map(\.lengthNanoseconds).filter { $0 > 0 }
        guard let shortest = lengths.min(), let longest = lengths.max(), longest > shortest else {
            return element("p", ["class": "missing"], "One length is no curve.")
        }
        let width = log(Double(longest) / Double(shortest))
        func x(_ length: Int64) -> Double { 0.06 + 0.9 * log(Double(max(length, 1)) / Double(shortest)) / width }
        var drawing: [Markup] = []
        for (index, response) in DipResponse.allCases.enumerated() {
            drawing += lane(response, curve, top: top + Double(index) * laneHeight, x)
        }
        let bottom = top + Double(DipResponse.allCases.count) * laneHeight
        for length in decades(shortest, longest) {
            drawing.append(Drawing.vertical("grid", at: x(length), from: "0", to: Drawing.length(bottom)))
            drawing.append(
                Drawing.label(DipLength.text(length), at: x(length), y: bottom + 14, anchor: "middle"))
        }
        let says = "Dip curve, \(DipLength.text(shortest)) to \(DipLength.text(longest)): the table has every figure"
        return Drawing.picture(bottom + 22, says: says, drawing)
    }

    private static func lane(
        _ response: DipResponse, _ curve: DipCurve, top: Double, _ x: (Int64) -> Double
    ) -> [Markup] {
        func y(_ rate: Double) -> Double { top + 6 + (laneHeight - 24) * (1 - rate) }
        var drawing = [
            Drawing.horizontal("grid", y: y(0)), Drawing.horizontal("grid", y: y(1)),
            Drawing.label(response.words + ", 0 to 100 %", at: 0, y: top + 1),
        ]
        for channel in curve.channels {
            let counted = curve.tallies(of: channel).filter { $0.trials(response) > 0 }
            for tally in counted {
                guard let interval = tally.interval(response) else { continue }
                let rate = Double(tally.count(response)) / Double(tally.trials(response))
                let at = x(tally.lengthNanoseconds)
                drawing.append(
                    Drawing.vertical(
                        "whisker", at: at, from: Drawing.length(y(interval.upperBound)),
                        to: Drawing.length(y(interval.lowerBound))))
                drawing.append(
                    Drawing.sign(
                        channel == curve.channels.first ? "click" : "up", at: at, y: y(rate), kind: "click",
                        title:
                            "\(response.words) at \(DipLength.text(tally.lengthNanoseconds)) through \(channel): \(DipTable.rate(tally, response))"
                    ))
            }
        }
        return drawing
    }

    /// 1, 2 and 5 in every decade between two lengths.
    private static func decades(_ shortest: Int64, _ longest: Int64) -> [Int64] {
        var decades: [Int64] = []
        var unit: Int64 = 1_000_000
        while true {
            decades += [unit, 2 * unit, 5 * unit].filter { $0 >= shortest && $0 <= longest }
            // Evidence that came from elsewhere may hold any number.
            guard unit <= longest / 10 else { return decades }
            unit *= 10
        }
    }
}
