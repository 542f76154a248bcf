import Events

/// JSON for people and programs: indented, with decimal seconds, which a `Value` has not.
indirect enum Tree {
    case value(Value)
    case seconds(Int64)
    /// 0…1, to four decimals, rounded down.
    case fraction(Double)
    /// 0…1000, to three decimals, rounded to the nearest.
    case decimal(Double)
    case list([Tree])
    case record([(String, Tree)])
    /// A record on one line.
    case line([(String, Tree)])

    func append(to text: inout String, indent: Int) {
        let outer = String(repeating: "  ", count: indent)
        switch self {
        case .value(let value): text += JSON.text(value)
        case .seconds(let nanoseconds):
            text += (nanoseconds < 0 ? "-" : "") + Figures.exactSeconds(Int64(clamping: nanoseconds.magnitude))
        case .fraction(let fraction):
            let digits = String(10_000 + Int(max(0, min(1, fraction)) * 10_000))
            text += fraction >= 1 ? "1" : "0." + digits.dropFirst()
        case .decimal(let number):
            text += Figures.decimal(Int64((max(-1000, min(number, 1000)) * 1000).rounded()), unit: 1000, decimals: 3)
                .replacing("−", with: "-")
        case .list(let elements):
            guard !elements.isEmpty else {
                text += "[]"
                return
            }
            for (index, element) in elements.enumerated() {
                text += (index == 0 ? "[\n" : ",\n") + outer + "  "
                element.append(to: &text, indent: indent + 1)
            }
            text += "\n" + outer + "]"
        case .record(let fields):
            for (index, field) in fields.enumerated() {
                text += (index == 0 ? "{\n" : ",\n") + outer + "  " + JSON.text(.text(field.0)) + ": "
                field.1.append(to: &text, indent: indent + 1)
            }
            text += "\n" + outer + "}"
        case .line(let fields):
            for (index, field) in fields.enumerated() {
                text += (index == 0 ? "{" : ", ") + JSON.text(.text(field.0)) + ": "
                field.1.append(to: &text, indent: indent)
            }
            text += "}"
        }
    }
}
