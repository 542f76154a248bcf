import Events

/// Turns successive polls of a view of points into events: a sample for every value that differs from the poll before, and one sample
/// `poll` per poll that says how it went.
struct PolledState {
    let view: String
    let interval: Instant.Span
    private var shown: [String: [UInt8]] = [:]

    init(view: String, interval: Instant.Span) {
        self.view = view
        self.interval = interval
    }

    /// - Parameter values: raw octets by group address, or why the poll failed.
    mutating func polled(
        _ values: Result<[String: [UInt8]], SystemFault>, from begun: Instant, to ended: Instant
    ) -> [Event] {
        var samples: [Event.Sample] = []
        switch values {
        case .success(let values):
            for (point, raw) in values.sorted(by: { $0.key < $1.key }) where shown[point] != raw {
                samples.append(.init(view: view, point: point, raw: raw))
            }
            for point in shown.keys.sorted() where values[point] == nil {
                samples.append(.init(view: view, point: point, reading: "gone"))
            }
            shown = values
            samples.append(.init(view: view, point: "poll", reading: "ok"))
        case .failure(let fault):
            samples.append(.init(view: view, point: "poll", reading: .text("failed: \(fault)")))
        }
        return samples.map { sample in
            Event(
                at: .middle(begun, ended), uncertaintyNanoseconds: ProbeThread.pollUncertainty(interval), source: view,
                .sample(sample))
        }
    }
}
