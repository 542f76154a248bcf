import Events

/// The voltage of a line's supply over time, from zero, so that a cut looks like what it is.
enum SupplyLane {
    private static let height = 50.0

    static func lanes(_ run: RunReport, _ scale: Scale) -> [Lane] {
        var order: [String] = []
        var readings: [String: [(at: Instant, millivolts: Int64)]] = [:]
        for event in run.events.sorted(by: { $0.instant < $1.instant }) {
            guard case .supply(let reading) = event.payload else { continue }
            if readings[reading.line] == nil { order.append(reading.line) }
            readings[reading.line, default: []].append((event.instant, max(0, min(reading.millivolts, 1_000_000))))
        }
        return order.map { lane($0, readings[$0] ?? [], scale) }
    }

    private static func lane(_ line: String, _ readings: [(at: Instant, millivolts: Int64)], _ scale: Scale) -> Lane {
        // KNX line voltage is 21 to 30 V (KNX standard 3/2/2).
        let highest = max(30_000, readings.map(\.millivolts).max() ?? 0)
        let y = { (millivolts: Int64) in 4 + (height - 8) * (1 - Double(millivolts) / Double(highest)) }
        var path = ""
        var drawnX = ""
        for reading in readings {
            // Each reading holds until the next: what was between them nobody saw.
            let x = Drawing.stretchedX(scale.fraction(reading.at))
            path += path.isEmpty ? "M\(x) " : x == drawnX ? "" : "H\(x)"
            path += (path.last == " " ? "" : "V") + Drawing.length(y(reading.millivolts))
            drawnX = x
        }
        path += "H\(Drawing.stretchedWidth)"
        let values = readings.map(\.millivolts)
        let volts = { (millivolts: Int64) in Figures.decimal(millivolts, unit: 1000, decimals: 1) }
        let (low, high) = (volts(values.min() ?? 0), volts(values.max() ?? 0))
        let range = low == high ? "\(low) V" : "\(low) … \(high) V"
        var drawing = [
            Drawing.horizontal("grid", y: y(0)), Drawing.horizontal("grid", y: y(highest)),
            Drawing.stretched(height, [Drawing.path("curve", path)]),
            Drawing.scaleLabel("\(highest / 1000) V", y: y(highest) + 8), Drawing.scaleLabel("0 V", y: y(0)),
        ]
        drawing += steps(line, readings, scale)
        return Lane(
            name: "supply \(line)", note: range, height: height, says: "Supply of line \(line), \(range)",
            drawing: drawing)
    }

    /// Places to point at: where the voltage stayed for a while.
    private static func steps(
        _ line: String, _ readings: [(at: Instant, millivolts: Int64)], _ scale: Scale
    ) -> [Markup] {
        readings.indices.compactMap { index in
            let from = max(readings[index].at, scale.first)
            let to = index + 1 < readings.count ? min(readings[index + 1].at, scale.last) : scale.last
            guard to - from > .milliseconds(200) else { return nil }
            let volts = Figures.decimal(readings[index].millivolts, unit: 1000, decimals: 1)
            return Drawing.rectangle(
                "target", from: scale.fraction(from), to: scale.fraction(to), y: 0, height: height,
                title:
                    "supply \(line) \(volts) V from \(Figures.offset(from, from: scale.origin)) to \(Figures.offset(to, from: scale.origin))"
            )
        }
    }
}
