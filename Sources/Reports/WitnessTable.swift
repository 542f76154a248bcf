import Events

/// What each source of events saw, counted from the evidence.
enum WitnessTable {
    static func markup(_ run: RunReport, _ facts: PlanFacts, _ origin: Instant) -> [Markup] {
        var order: [String] = facts.sources.map(\.id)
        var seen: [String: [Event]] = [:]
        for event in run.events {
            if seen[event.source] == nil && !order.contains(event.source) { order.append(event.source) }
            seen[event.source, default: []].append(event)
        }
        guard !order.isEmpty else { return [] }
        let sees = Dictionary(facts.sources.map { ($0.id, $0.sees) }) { first, _ in first }
        let rows = order.map { source -> [[Markup]] in
            let events = seen[source] ?? []
            return [
                [element("b", source)], [.text(sees[source].flatMap { $0.isEmpty ? nil : $0 } ?? "–")],
                [.text(String(events.count))],
                summary(events, origin).map { element("div", $0) },
            ]
        }
        return Table.titled(
            "What each witness saw",
            [Table.Column("Source", .whole), "Can see (visibility class)", Table.Column("Events", .number), "Saw"], rows
        )
    }

    private static func summary(_ events: [Event], _ origin: Instant) -> [String] {
        var lines: [String] = []
        let frames = events.compactMap { event -> (Instant, Event.Frame)? in
            if case .frame(let frame) = event.payload { (event.instant, frame) } else { nil }
        }.sorted { $0.0 < $1.0 }
        if let first = frames.first, let last = frames.last {
            let flawed = frames.count { $0.1.flaw != nil }
            let unacknowledged = frames.count { $0.1.flaw == nil && $0.1.acknowledge != 0xCC }
            lines.append("\(frames.count) frames: \(flawed) with a flaw, \(unacknowledged) without an acknowledge")
            let silences = zip(frames, frames.dropFirst()).map { (from: $0.0, to: $1.0) }
            if let longest = silences.max(by: { $0.to - $0.from < $1.to - $1.from }) {
                lines.append(
                    "longest silence \(Figures.span((longest.to - longest.from).nanoseconds)), from \(Figures.offset(longest.from, from: origin))"
                )
            }
            lines.append(
                "first frame \(Figures.offset(first.0, from: origin)), last \(Figures.offset(last.0, from: origin))")
        }
        let voltages = events.compactMap { event in
            if case .supply(let reading) = event.payload { reading.millivolts } else { nil }
        }
        if let lowest = voltages.min(), let highest = voltages.max() {
            lines.append(
                "\(voltages.count) supply readings: \(Figures.decimal(lowest, unit: 1000, decimals: 1)) to \(Figures.decimal(highest, unit: 1000, decimals: 1)) V"
            )
        }
        for (kind, name) in [
            ("sample", "samples"), ("operation", "operations"), ("log", "log lines"), ("phase", "ends of steps"),
            ("stimulus", "steps of telegrams sent or answered"), ("actuation", "commands"),
            ("interface", "changes of its interface"), ("process", "starts and ends of processes"),
            ("link", "changes of the link"),
        ] {
            let count = events.count { $0.payload.kind == kind }
            if count > 0 { lines.append("\(count) \(name)") }
        }
        return lines
    }
}
