import Checkers
import Events

/// The run as a picture: a lane per thing, the fault and the recovery shaded, the four instants marked. Up and down differ in shape (filled or hatched), never
/// in colour alone. Names stand beside the lanes, on a narrow screen above them.
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

    /// Once in a document: the hatching that the drawings refer to.
    static let patterns = element(
        "svg",
        [
            "xmlns": "http://www.w3.org/2000/svg", "class": "patterns", "width": "0", "height": "0",
            "aria-hidden": "true",
        ],
        [
            element(
                "defs", [:],
                [
                    element(
                        "pattern",
                        [
                            "id": "hatch", "width": "6", "height": "6", "patternUnits": "userSpaceOnUse",
                            "patternTransform": "rotate(45)",
                        ], [element("path", ["class": "hatch-line", "d": "M1 0V6"])]),
                    element(
                        "pattern",
                        [
                            "id": "shade", "width": "8", "height": "8", "patternUnits": "userSpaceOnUse",
                            "patternTransform": "rotate(-45)",
                        ],
                        [
                            element("rect", ["class": "shade-ground", "width": "8", "height": "8"]),
                            element("path", ["class": "shade-line", "d": "M0 0V8"]),
                        ]),
                ])
        ])

    static func markup(_ run: RunReport) -> [Markup] {
        let scale = Scale(run)
        guard !run.events.isEmpty else {
            return [element("p", ["class": "missing"], "No timeline: the run left no evidence.")]
        }
        let traces = RunTraces(plan: run.plan, events: run.events)
        let (lanes, missing) = Lane.all(run, scale, traces)
        var rows = [row("", nil, Instants.head(run, scale))]
        rows.append(row("steps", nil, stepBand(run, scale)))
        rows += lanes.map { lane in
            row(
                lane.name, lane.note, Drawing.picture(lane.height, says: lane.says, lane.drawing),
                isScaled: lane.isScaled)
        }
        rows.append(row("s from T0", nil, axis(scale)))
        var caption = [
            element(
                "p", ["class": "say"],
                "Filled: up, or right. Hatched: down, or wrong. Diamond: a command of the rig. Shaded: the fault, and after it the recovery."
            )
        ]
        if !missing.isEmpty {
            caption.append(
                element("p", ["class": "missing"], "Not recorded in this run: " + missing.joined(separator: "; ") + ".")
            )
        }
        return [
            element("h3", "Timeline"),
            element(
                "figure", ["class": "timeline"],
                [
                    element("div", ["class": "lanes"], [backdrop(run, scale)] + rows),
                    element("figcaption", [:], caption),
                ]),
        ]
    }

    private static func row(_ name: String, _ note: String?, _ picture: Markup, isScaled: Bool = false) -> Markup {
        var label: [Markup] = name.isEmpty ? [] : [element("b", name)]
        if let note { label.append(element("span", ["class": "note"], note)) }
        let kind = isScaled ? "row scaled" : "row"
        return element("div", ["class": kind], [element("div", ["class": "label"], label), picture])
    }

    /// What lies behind all lanes: the fault, the recovery, and the instants.
    private static func backdrop(_ run: RunReport, _ scale: Scale) -> Markup {
        let instants = run.verdict.instants
        var drawing: [Markup] = scale.ticks.map {
            Drawing.vertical("grid", at: scale.fraction(scale.origin + .seconds($0)), from: "0", to: "100%")
        }
        func window(_ kind: String, _ from: Instant, _ to: Instant) {
            let left = scale.fraction(from)
            drawing.append(
                element(
                    "rect",
                    [
                        "class": kind, "x": Drawing.percent(left), "y": "0",
                        "width": Drawing.percent(max(0, scale.fraction(to) - left)), "height": "100%",
                    ]))
        }
        if let fault = instants.fault { window("fault", fault, instants.healed ?? scale.last) }
        if let healed = instants.healed { window("recovering", healed, instants.recovered ?? scale.last) }
        for instant in [instants.fault, instants.detected, instants.healed, instants.recovered].compactMap(\.self) {
            drawing.append(Drawing.vertical("instant", at: scale.fraction(instant), from: "0", to: "100%"))
        }
        return element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "class": "backdrop", "width": "100%", "height": "100%",
                "aria-hidden": "true",
            ],
            drawing)
    }

    private static func stepBand(_ run: RunReport, _ scale: Scale) -> Markup {
        var drawing: [Markup] = []
        var words: [String] = []
        for step in steps(run) where step.began < scale.last && (step.ended ?? scale.last) > scale.first {
            let from = scale.fraction(step.began)
            let to = scale.fraction(step.ended ?? scale.last)
            let name = RunSection.words(step.step.rawValue)
            words.append(name)
            guard to > from else { continue }
            let length = step.ended.map { ", \(Figures.span(($0 - step.began).nanoseconds))" } ?? ", never ended"
            drawing.append(
                Drawing.rectangle(
                    "step", from: from, to: to, y: 2, height: 16,
                    title: "\(name) from \(Figures.offset(step.began, from: scale.origin))\(length)"))
            if let room = Drawing.room(for: name, in: to - from) {
                drawing.append(Drawing.label(name, at: (from + to) / 2, y: 14, kind: "quiet " + room, anchor: "middle"))
            }
        }
        return Drawing.picture(20, says: "Steps: " + words.joined(separator: ", "), drawing)
    }

    private static func axis(_ scale: Scale) -> Markup {
        let ticks = scale.ticks
        let labels = ticks.enumerated().map { index, second in
            let fraction = scale.fraction(scale.origin + .seconds(second))
            let isNear = ticks.count > 7 && (second / max(1, ticks[1] - ticks[0])) % 2 != 0
            return Drawing.label(
                "\(second < 0 ? "−" : "")\(second.magnitude)", at: fraction, y: 14,
                kind: isNear ? "quiet middle" : "quiet",
                anchor: fraction < 0.02 ? "start" : fraction > 0.98 ? "end" : "middle")
        }
        return Drawing.picture(18, says: "Time in seconds from T0", [Drawing.horizontal("rule", y: 1)] + labels)
    }
}

extension Instants {
    /// T0 and Th, which the rig's witnesses saw, above Td and Tr, which are the system's own.
    static func head(_ run: RunReport, _ scale: Scale) -> Markup {
        let instants = run.verdict.instants
        var drawing: [Markup] = []
        let rows: [(y: Double, [(name: String, words: String, at: Instant?)])] = [
            (12, [("T0", "fault", instants.fault), ("Th", "healed", instants.healed)]),
            (27, [("Td", "noticed", instants.detected), ("Tr", "recovered", instants.recovered)]),
        ]
        var told: [String] = []
        for (y, marks) in rows {
            let present = marks.compactMap { mark in mark.at.map { (mark.name, mark.words, scale.fraction($0), $0) } }
            for (index, (name, words, fraction, at)) in present.enumerated() {
                let offset = name == "T0" ? "" : " " + Figures.offset(at, from: scale.origin, decimals: 2)
                told.append("\(name) \(words)\(offset)")
                // A mark near the right edge is written to its left, and so is one whose neighbour would stand on its words.
                let left = index > 0 ? present[index - 1].2 : 0
                let right = index + 1 < present.count ? present[index + 1].2 : 1
                let needed = name == "T0" ? 0.12 : 0.3
                let endsHere =
                    fraction > 0.78 && fraction - left > 0.3
                    || right - fraction < needed && fraction > 0.25 && index == 0
                let text = element(
                    "text",
                    [
                        "x": Drawing.percent(fraction), "y": Drawing.length(y), "dx": endsHere ? "-5" : "5",
                        "text-anchor": endsHere ? "end" : "start", "class": "mark",
                    ],
                    [
                        element("tspan", ["class": "name"], name), element("tspan", ["class": "middle"], " " + words),
                        element("tspan", offset),
                    ])
                drawing.append(text)
                drawing.append(Drawing.vertical("instant", at: fraction, from: Drawing.length(y - 10), to: "36"))
                drawing.append(
                    element(
                        "circle",
                        ["class": "pin", "cx": Drawing.percent(fraction), "cy": Drawing.length(y - 4), "r": "3"]))
            }
        }
        let says = told.isEmpty ? "None of the four instants was seen" : told.joined(separator: ", ")
        if told.isEmpty {
            drawing.append(Drawing.label("none of the four instants was seen", at: 0, y: 20, kind: "quiet"))
        }
        return Drawing.picture(34, says: says, kind: "head", drawing)
    }
}
