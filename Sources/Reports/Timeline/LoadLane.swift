import Checkers
import Events

/// How busy the line was: its load second by second, and the telegrams that the witness saw.
enum LoadLane {
    private static let height = 50.0

    static func load(_ traces: RunTraces, _ scale: Scale) -> [Lane] {
        let seconds = traces.seconds.filter { $0.from + .seconds(1) > scale.first && $0.from < scale.last }
        guard let most = seconds.map(\.permille).max() else { return [] }
        let top = [200, 400, 600, 800].first { $0 >= most } ?? max(1000, most)
        let y = { (permille: Int) in 4 + (height - 8) * (1 - Double(permille) / Double(top)) }
        var path = "M\(Drawing.stretchedX(scale.fraction(seconds[0].from))) \(Drawing.length(y(0)))"
        for second in seconds {
            path += "V\(Drawing.length(y(second.permille)))"
            path += "H\(Drawing.stretchedX(scale.fraction(second.from + .seconds(1))))"
        }
        path += "V\(Drawing.length(y(0)))z"
        let mean = seconds.map(\.permille).reduce(0, +) / seconds.count
        return [
            Lane(
                name: "line load", note: "per second, at most \(percent(most))", height: height,
                says: "Line load per second: at most \(percent(most)), \(percent(mean)) on average",
                drawing: [
                    Drawing.horizontal("grid", y: y(0)), Drawing.horizontal("grid", y: y(top)),
                    Drawing.stretched(height, [Drawing.path("area", path)]),
                    Drawing.scaleLabel("\(top / 10) %", y: y(top) + 8), Drawing.scaleLabel("0 %", y: y(0)),
                ]
                    + seconds.map { second in
                        let end = second.from + .seconds(1)
                        let troubled =
                            second.troubled > 0 ? ", \(second.troubled) of them flawed or not acknowledged" : ""
                        return Drawing.rectangle(
                            "target", from: scale.fraction(second.from), to: scale.fraction(end), y: 0, height: height,
                            title:
                                "\(Figures.offset(second.from, from: scale.origin)), one second: load \(percent(second.permille)), \(second.frames) telegrams\(troubled)"
                        )
                    })
        ]
    }

    private static func percent(_ permille: Int) -> String { "\(permille / 10).\(permille % 10) %" }

    private static let telegramsHeight = 44.0
    private static let binNanoseconds: Int64 = 200_000_000

    static func telegrams(_ run: RunReport, _ scale: Scale) -> [Lane] {
        var order: [String] = []
        var frames: [String: [(at: Instant, isTroubled: Bool)]] = [:]
        for event in run.events {
            guard case .frame(let frame) = event.payload, scale.contains(event.instant) else { continue }
            if frames[event.source] == nil { order.append(event.source) }
            frames[event.source, default: []].append((event.instant, frame.flaw != nil || frame.acknowledge != 0xCC))
        }
        return order.map { lane($0, frames[$0] ?? [], scale) }
    }

    private static func lane(_ source: String, _ frames: [(at: Instant, isTroubled: Bool)], _ scale: Scale) -> Lane {
        var bins: [Int64: Int] = [:]
        for frame in frames { bins[(frame.at - scale.first).nanoseconds / binNanoseconds, default: 0] += 1 }
        let most = bins.values.max() ?? 1
        let floor = telegramsHeight - 10
        var path = ""
        for (bin, count) in bins.sorted(by: { $0.key < $1.key }) {
            let from = scale.first + Instant.Span(nanoseconds: bin * binNanoseconds)
            let left = scale.fraction(from)
            let right = scale.fraction(from + Instant.Span(nanoseconds: binNanoseconds * 4 / 5))
            let top = 4 + (floor - 4) * (1 - Double(count) / Double(most))
            path +=
                "M\(Drawing.stretchedX(left)) \(Drawing.length(floor))V\(Drawing.length(top))H\(Drawing.stretchedX(right))V\(Drawing.length(floor))z"
        }
        let troubled = frames.filter(\.isTroubled)
        var drawing = [
            Drawing.horizontal("grid", y: floor), Drawing.stretched(telegramsHeight, [Drawing.path("bars", path)]),
            Drawing.scaleLabel("\(most)", y: 12), Drawing.scaleLabel("0", y: floor),
        ]
        drawing += troubled.prefix(200).map {
            Drawing.sign(
                "cross", at: scale.fraction($0.at), y: telegramsHeight - 4, kind: "failed",
                title: "flawed or not acknowledged, \(Figures.offset($0.at, from: scale.origin))")
        }
        let note = "in 200 ms; \(frames.count) in all" + (troubled.isEmpty ? "" : ", \(troubled.count) troubled")
        return Lane(
            name: source == "witness" ? "telegrams" : "telegrams, \(source)", note: note, height: telegramsHeight,
            says:
                "Telegrams that the \(source) saw: \(frames.count), of them \(troubled.count) flawed or not acknowledged",
            drawing: drawing)
    }
}
