import Events

/// One row of the timeline.
enum Lane {
    /// A voltage over time.
    case supply(name: String, readings: [(at: Instant, millivolts: Int64)])
    /// Frames per 200 ms.
    case traffic(name: String, frames: [Instant])
    /// Something that is up or down, and what went wrong at single instants.
    case state(name: String, changes: [(at: Instant, isUp: Bool)], ticks: [Instant])

    static let binNanoseconds: Int64 = 200_000_000

    var name: String {
        switch self {
        case .supply(let name, _), .traffic(let name, _), .state(let name, _, _): name
        }
    }

    var height: Double {
        switch self {
        case .supply, .traffic: 46
        case .state: 18
        }
    }

    /// The lanes that a run's events have something to say for: supply, interfaces, traffic, processes, links, health.
    static func all(_ run: RunReport) -> [Lane] {
        var supplies = Keyed<[(at: Instant, millivolts: Int64)]>()
        var interfaces = Keyed<State>()
        var traffic = Keyed<[Instant]>()
        var processes = Keyed<State>()
        var links = Keyed<State>()
        var health = State()
        for event in run.events.sorted(by: { $0.instant < $1.instant }) {
            let at = event.instant
            switch event.payload {
            case .supply(let reading): supplies["supply \(reading.line)", []].append((at, reading.millivolts))
            case .frame: traffic["frames, \(event.source)", []].append(at)
            case .interface(let report):
                switch report.report {
                case .opened, .reset, .armed: interfaces["\(event.source) chip", State()].set(at, true)
                case .closed, .silent: interfaces["\(event.source) chip", State()].set(at, false)
                case .state: break
                }
            case .process(let change):
                processes[change.process, State()].set(at, change.change == .started, impliesOtherBefore: true)
            case .link(let change):
                switch change.change {
                case .connected: links["to \(change.link)", State()].set(at, true)
                case .disconnected: links["to \(change.link)", State()].set(at, false, impliesOtherBefore: true)
                case .refused: links["to \(change.link)", State()].ticks.append(at)
                case .opened, .closed: break
                }
            case .operation(let operation) where operation.name == "health":
                switch operation.action {
                case .ok: health.set(at, true)
                case .failed, .unknown:
                    health.set(at, false)
                    health.ticks.append(at)
                case .invoke: break
                }
            case .sample(let sample) where sample.view == "health":
                guard let isUp = isGood(sample.reading) else { continue }
                health.set(at, isUp)
                if !isUp { health.ticks.append(at) }
            default: break
            }
        }
        var lanes = supplies.all.map { Lane.supply(name: $0, readings: $1) }
        lanes += interfaces.all.map { .state(name: $0, changes: $1.changes, ticks: $1.ticks) }
        lanes += traffic.all.map { .traffic(name: $0, frames: $1) }
        lanes += (processes.all + links.all).map { .state(name: $0, changes: $1.changes, ticks: $1.ticks) }
        if !health.changes.isEmpty {
            lanes.append(.state(name: "health", changes: health.changes, ticks: health.ticks))
        }
        return lanes
    }

    /// A health reading as good or bad: a truth, an HTTP status, or the words that health endpoints use.
    private static func isGood(_ reading: Value?) -> Bool? {
        switch reading {
        case .bool(let truth): truth
        case .integer(let status): (200..<300).contains(status) || status == 1
        case .text(let text): ["ok", "up", "healthy", "pass"].contains(text.lowercased())
        default: nil
        }
    }

    func drawing(_ scale: Scale, _ top: Double) -> [Markup] {
        switch self {
        case .supply(_, let readings): Lane.curve(readings, scale, top, height)
        case .traffic(_, let frames): Lane.bars(frames, scale, top, height)
        case .state(_, let changes, let ticks): Lane.segments(changes, ticks, scale, top, height)
        }
    }

    private static func curve(
        _ readings: [(at: Instant, millivolts: Int64)], _ scale: Scale, _ top: Double, _ height: Double
    ) -> [Markup] {
        // KNX line voltage is 21 to 30 V; a scale that begins at zero shows a cut as what it is.
        let highest = max(30_000, readings.map(\.millivolts).max() ?? 0)
        var path = ""
        for reading in readings {
            let x = Timeline.coordinate(scale.x(reading.at))
            let y = Timeline.coordinate(top + height * (1 - Double(max(0, reading.millivolts)) / Double(highest)))
            // Each reading holds until the next: what was between them nobody saw.
            path += path.isEmpty ? "M\(x) \(y)" : "H\(x)V\(y)"
        }
        path += "H" + Timeline.coordinate(scale.x(scale.last))
        return [
            element("path", ["class": "curve", "d": path]),
            Timeline.label("\(highest / 1000) V", Scale.left - 6, top + 9, quiet: true, endsAtX: true),
            Timeline.label("0 V", Scale.left - 6, top + height, quiet: true, endsAtX: true),
        ]
    }

    private static func bars(_ frames: [Instant], _ scale: Scale, _ top: Double, _ height: Double) -> [Markup] {
        var bins: [Int64: Int] = [:]
        for frame in frames where scale.contains(frame) {
            bins[(frame - scale.first).nanoseconds / binNanoseconds, default: 0] += 1
        }
        let most = bins.values.max() ?? 1
        let width =
            scale.x(scale.first + Instant.Span(nanoseconds: binNanoseconds)) - scale.x(scale.first)
        let path = bins.sorted { $0.key < $1.key }.map { bin, count in
            let x = scale.x(scale.first + Instant.Span(nanoseconds: bin * binNanoseconds))
            let length = height * Double(count) / Double(most)
            return
                "M\(Timeline.coordinate(x)) \(Timeline.coordinate(top + height))v-\(Timeline.coordinate(length))h\(Timeline.coordinate(max(0.5, width * 0.8)))v\(Timeline.coordinate(length))z"
        }
        return [
            element(
                "path", ["class": "bars", "d": path.joined()], [element("title", "frames per 200 ms, at most \(most)")]),
            Timeline.label("\(most) in", Scale.left - 6, top + 9, quiet: true, endsAtX: true),
            Timeline.label("200 ms", Scale.left - 6, top + 21, quiet: true, endsAtX: true),
        ]
    }

    private static func segments(
        _ changes: [(at: Instant, isUp: Bool)], _ ticks: [Instant], _ scale: Scale, _ top: Double, _ height: Double
    ) -> [Markup] {
        var drawing: [Markup] = []
        for (index, change) in changes.enumerated() {
            let end = index + 1 < changes.count ? changes[index + 1].at : scale.last
            let from = scale.x(change.at)
            let to = scale.x(end)
            guard to > from else { continue }
            drawing.append(
                element(
                    "rect",
                    [
                        "class": change.isUp ? "on" : "off", "x": Timeline.coordinate(from),
                        "y": Timeline.coordinate(top + 3), "width": Timeline.coordinate(to - from),
                        "height": Timeline.coordinate(height - 6),
                    ], [element("title", change.isUp ? "up" : "down")]))
        }
        let strokes = ticks.filter(scale.contains).map { tick in
            "M\(Timeline.coordinate(scale.x(tick))) \(Timeline.coordinate(top))v\(Timeline.coordinate(height))"
        }
        if !strokes.isEmpty { drawing.append(element("path", ["class": "tick", "d": strokes.joined()])) }
        return drawing
    }
}

/// Ups and downs; saying the same again changes nothing.
private struct State {
    var changes: [(at: Instant, isUp: Bool)] = []
    var ticks: [Instant] = []

    /// - Parameter impliesOtherBefore: what ends was there before, even if its beginning is not in the evidence.
    mutating func set(_ at: Instant, _ isUp: Bool, impliesOtherBefore: Bool = false) {
        if changes.isEmpty && impliesOtherBefore && !isUp { changes.append((Instant(nanoseconds: 0), true)) }
        if changes.last?.isUp != isUp { changes.append((at, isUp)) }
    }
}

/// Values by name, in the order in which the names first came.
private struct Keyed<Element> {
    private var names: [String] = []
    private var elements: [String: Element] = [:]

    var all: [(String, Element)] { names.compactMap { name in elements[name].map { (name, $0) } } }

    subscript(name: String, initial: @autoclosure () -> Element) -> Element {
        get { elements[name] ?? initial() }
        set {
            if elements[name] == nil { names.append(name) }
            elements[name] = newValue
        }
    }
}
