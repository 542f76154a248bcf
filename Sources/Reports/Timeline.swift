import Checkers
import Events

/// The run as a picture: a lane per thing that can be up or down, the fault's window shaded, the four instants marked. Up and down differ
/// in shape (filled or dashed), never in colour alone.
enum Timeline {
    /// One of the seven steps, or the safe state.
    struct Step {
        var step: Event.Phase.Step
        var began: Instant
        var ended: Instant?
        var reason: String?
    }

    /// What all times of a run are relative to: T0, or the first event where there was none.
    static func origin(_ run: RunReport) -> Instant {
        run.verdict.instants.fault ?? run.events.first?.instant ?? Instant(nanoseconds: 0)
    }

    static func steps(_ run: RunReport) -> [Step] {
        var steps: [Step] = []
        for event in run.events {
            guard case .phase(let phase) = event.payload else { continue }
            switch phase.edge {
            case .begin: steps.append(Step(step: phase.step, began: event.instant, ended: nil, reason: nil))
            case .end:
                guard let index = steps.lastIndex(where: { $0.step == phase.step }) else { continue }
                steps[index].ended = event.instant
                steps[index].reason = phase.reason
            }
        }
        return steps
    }

    static func markup(_ run: RunReport) -> Markup {
        let scale = Scale(run)
        var drawing: [Markup] = []
        var top = 44.0
        drawing += stepBand(run, scale)
        let lanes = Lane.all(run)
        let bottom = lanes.reduce(top) { $0 + $1.height + 10 }
        drawing += window(run, scale, bottom)
        for lane in lanes {
            drawing.append(label(shortened(lane.name), 8, top + lane.height / 2 + 4))
            drawing += lane.drawing(scale, top)
            top += lane.height + 10
        }
        drawing += axis(scale, bottom)
        drawing += instants(run, scale, bottom)
        let height = coordinate(bottom + 34)
        return element(
            "figure", [:],
            [
                element(
                    "svg",
                    [
                        "xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 \(coordinate(Scale.width)) \(height)",
                        "role": "img",
                        "aria-label": "Timeline of \(run.id)/\(run.variant), repetition \(run.repetition)",
                    ], drawing),
                element(
                    "figcaption",
                    "Time in seconds from T0. Shaded: the fault. Filled bar: up; dashed outline: down or gone; short stroke: refused or failed."
                ),
            ])
    }

    private static func stepBand(_ run: RunReport, _ scale: Scale) -> [Markup] {
        Timeline.steps(run).flatMap { step -> [Markup] in
            let from = scale.x(step.began)
            let to = scale.x(step.ended ?? scale.last)
            guard to > from else { return [] }
            let name = RunSection.words(step.step.rawValue)
            var drawing = [
                element(
                    "rect",
                    [
                        "class": "rule", "x": coordinate(from), "y": "22", "width": coordinate(to - from),
                        "height": "16",
                        "fill": "none",
                    ], [element("title", name)])
            ]
            // A character of this font is about 6 units wide.
            if Double(name.count) * 6 < to - from { drawing.append(label(name, from + 3, 34, quiet: true)) }
            return drawing
        }
    }

    private static func window(_ run: RunReport, _ scale: Scale, _ bottom: Double) -> [Markup] {
        guard let fault = run.verdict.instants.fault else { return [] }
        let from = scale.x(fault)
        let to = scale.x(run.verdict.instants.healed ?? scale.last)
        return [
            element(
                "rect",
                [
                    "class": "shade", "x": coordinate(from), "y": "40", "width": coordinate(max(1, to - from)),
                    "height": coordinate(bottom - 40),
                ], [element("title", "the fault lasts")])
        ]
    }

    private static func instants(_ run: RunReport, _ scale: Scale, _ bottom: Double) -> [Markup] {
        let instants = run.verdict.instants
        var lastEnd = 0.0
        return [
            ("T0", instants.fault), ("Td", instants.detected), ("Th", instants.healed), ("Tr", instants.recovered),
        ].flatMap { name, instant -> [Markup] in
            guard let instant else { return [] }
            let x = scale.x(instant)
            // Instants close together stand beside each other, not upon each other.
            let textX = max(x - 6, lastEnd)
            lastEnd = textX + 17
            return [
                element(
                    "line",
                    [
                        "class": "instant", "x1": coordinate(x), "x2": coordinate(x), "y1": "18",
                        "y2": coordinate(bottom),
                    ]), label(name, textX, 14),
            ]
        }
    }

    private static func axis(_ scale: Scale, _ bottom: Double) -> [Markup] {
        var drawing = [
            element(
                "line",
                [
                    "class": "rule", "x1": coordinate(Scale.left), "x2": coordinate(Scale.right),
                    "y1": coordinate(bottom),
                    "y2": coordinate(bottom),
                ])
        ]
        for second in scale.ticks {
            let x = scale.x(scale.origin + .seconds(second))
            drawing.append(
                element(
                    "line",
                    [
                        "class": "rule", "x1": coordinate(x), "x2": coordinate(x), "y1": coordinate(bottom),
                        "y2": coordinate(bottom + 5),
                    ]))
            drawing.append(label("\(second < 0 ? "−" : "")\(second.magnitude) s", x - 8, bottom + 18, quiet: true))
        }
        return drawing
    }

    /// As much of a name as fits beside the lanes.
    private static func shortened(_ name: String) -> String {
        name.count > 22 ? name.prefix(21) + "…" : name
    }

    static func label(_ text: String, _ x: Double, _ y: Double, quiet: Bool = false, endsAtX: Bool = false) -> Markup {
        var attributes = [("x", coordinate(x)), ("y", coordinate(y))]
        if quiet { attributes.append(("class", "quiet")) }
        if endsAtX { attributes.append(("text-anchor", "end")) }
        return .element("text", attributes, [.text(text)])
    }

    /// A coordinate with one decimal.
    static func coordinate(_ value: Double) -> String {
        let tenths = Int64((value * 10).rounded())
        return tenths % 10 == 0
            ? String(tenths / 10) : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }
}

/// Where an instant stands on the picture.
struct Scale {
    static let width = 960.0
    static let left = 186.0
    static let right = 950.0

    let origin: Instant
    let first: Instant
    let last: Instant

    /// From the first check of normal operation to the last event; setting up would only squeeze what matters.
    init(_ run: RunReport) {
        origin = Timeline.origin(run)
        let ends = run.events.map(\.instant)
        let normal = Timeline.steps(run).first { $0.step == .verifyNormal }?.began
        first = normal ?? ends.min() ?? origin
        let leaks = Timeline.steps(run).last { $0.step == .checkLeaks }?.ended
        last = max(leaks ?? ends.max() ?? origin, first + .milliseconds(1))
    }

    func contains(_ instant: Instant) -> Bool { first <= instant && instant <= last }

    func x(_ instant: Instant) -> Double {
        let inside = min(max(instant, first), last)
        return Scale.left + (Scale.right - Scale.left) * Double((inside - first).nanoseconds)
            / Double((last - first).nanoseconds)
    }

    /// Whole seconds from the origin, at most about ten of them, in steps of 1, 2 or 5 times a power of ten.
    var ticks: [Int64] {
        let length = (last - first).nanoseconds / 1_000_000_000
        var step: Int64 = 1
        while length / step > 12 { step = String(step).hasPrefix("2") ? step / 2 * 5 : step * 2 }
        let from = (first - origin).nanoseconds / 1_000_000_000 / step * step
        let to = (last - origin).nanoseconds / 1_000_000_000
        return Array(stride(from: from, through: to, by: Int(step)))
            .filter { contains(origin + .seconds($0)) }
    }
}
