/// Pieces of SVG whose places across are percentages and whose heights are pixels: letters keep their size however wide the picture is.
enum Drawing {
    /// A fraction of the width as SVG says it: `12.34%`. What lies far outside is drawn outside, and no further.
    static func percent(_ fraction: Double) -> String {
        let hundredths = Int64((min(max(fraction, -9), 9) * 10_000).rounded())
        let sign = hundredths < 0 ? "-" : ""
        let whole = hundredths.magnitude / 100
        let rest = hundredths.magnitude % 100
        guard rest > 0 else { return "\(sign)\(whole)%" }
        return "\(sign)\(whole)." + (rest % 10 == 0 ? String(rest / 10) : (rest < 10 ? "0\(rest)" : String(rest))) + "%"
    }

    /// A length with one decimal.
    static func length(_ value: Double) -> String {
        let tenths = Int64((min(max(value, -100_000), 100_000) * 10).rounded())
        return tenths % 10 == 0
            ? String(tenths / 10) : "\(tenths < 0 ? "-" : "")\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
    }

    /// A drawing of its own size, as wide as there is room. `says` is what somebody hears who cannot see it.
    static func picture(_ height: Double, says: String, kind: String = "lane", _ content: [Markup]) -> Markup {
        element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "class": kind, "width": "100%", "height": length(height),
                "role": "img", "aria-label": says,
            ], content)
    }

    /// A part of a drawing whose paths are stretched to its width: x runs from 0 to `stretchedWidth`, y is in pixels.
    static func stretched(_ height: Double, _ content: [Markup]) -> Markup {
        element(
            "svg",
            [
                "viewBox": "0 0 \(stretchedWidth) \(length(height))", "preserveAspectRatio": "none", "width": "100%",
                "height": length(height),
            ], content)
    }

    static let stretchedWidth = 10_000

    static func stretchedX(_ fraction: Double) -> String {
        String(Int((min(max(fraction, -9), 9) * Double(stretchedWidth)).rounded()))
    }

    static func path(_ kind: String, _ data: String) -> Markup {
        element("path", ["class": kind, "d": data, "vector-effect": "non-scaling-stroke"])
    }

    static func rectangle(
        _ kind: String, from: Double, to: Double, y: Double, height: Double, title: String? = nil
    ) -> Markup {
        // What lasted too short for a pixel is drawn all the same.
        let width = max(to - from, kind == "down" ? 0.002 : 0)
        return .element(
            "rect",
            [
                ("class", kind), ("x", percent(from)), ("y", length(y)), ("width", percent(width)),
                ("height", length(height)),
            ], title.map { [element("title", $0)] } ?? [])
    }

    static func vertical(_ kind: String, at fraction: Double, from: String, to: String) -> Markup {
        element(
            "line",
            ["class": kind, "x1": percent(fraction), "x2": percent(fraction), "y1": from, "y2": to])
    }

    static func horizontal(_ kind: String, y: Double) -> Markup {
        element("line", ["class": kind, "x1": "0", "x2": "100%", "y1": length(y), "y2": length(y)])
    }

    static func label(
        _ text: String, at fraction: Double, y: Double, kind: String = "", anchor: String = "start", shift: Double = 0
    ) -> Markup {
        var attributes = [("x", percent(fraction)), ("y", length(y))]
        if shift != 0 { attributes.append(("dx", length(shift))) }
        if anchor != "start" { attributes.append(("text-anchor", anchor)) }
        if !kind.isEmpty { attributes.append(("class", kind)) }
        return .element("text", attributes, [.text(text)])
    }

    /// A name on the scale beside a lane; a narrow screen shows it inside.
    static func scaleLabel(_ text: String, y: Double, kind: String = "") -> Markup {
        label(text, at: 0, y: y, kind: kind.isEmpty ? "scale" : "scale \(kind)")
    }

    /// From which width of the picture on a text fits into a part of it: nothing, a class that hides it on narrower screens, or nil when it fits nowhere.
    static func room(for text: String, in fraction: Double) -> String? {
        guard fraction > 0 else { return nil }
        // A letter of the small font is about 6.2 pixels wide.
        let needed = (Double(text.count) * 6.2 + 8) / fraction
        return needed <= 300 ? "" : needed <= 560 ? "middle" : needed <= 780 ? "wide" : nil
    }

    /// A small sign at one instant, with what it means.
    static func sign(_ sign: String, at fraction: Double, y: Double, kind: String, title: String) -> Markup {
        // Shapes are drawn about the origin of a drawing that has no size of its own.
        let shape =
            switch sign {
            case "click": "M0 -6L5 0L0 6L-5 0z"
            case "cross": "M-4 -4L4 4M-4 4L4 -4"
            case "up": "M0 -5L5 4L-5 4z"
            default: "M0 -6V6"
            }
        return element(
            "svg", ["x": percent(fraction), "y": length(y), "class": "sign"],
            [
                element("title", title), element("circle", ["r": "9", "class": "target"]),
                element("path", ["class": kind, "d": shape]),
            ])
    }
}
