import Events

/// A row of a time series: which point, when by its own stamp, and what octets a telegram has for its value.
struct SeriesRow: Hashable, Sendable {
    /// The group address, such as `1/1/5`.
    var point: String
    /// Milliseconds since 1970, which is as fine as VictoriaMetrics keeps.
    var stamp: Int64
    var raw: [UInt8]
}

/// Reads rows, on their way to the database and out of it. Rows of points that the rig does not use are left out.
struct RowDecoder: Sendable {
    /// The label of a series that says whose it is, how the group address is written there, and the field of a line that holds the value.
    let label: String
    var name = PointName(after: "")
    let field: String
    /// Datapoint types by group address.
    let types: [String: String]

    /// Reads the body of a write: lines of Influx line protocol, stamped in nanoseconds. Lines that are none are left out.
    func lines(_ body: [UInt8]) -> [SeriesRow] {
        body.split(separator: 0x0A).compactMap { line in
            let parts = Self.split(String(decoding: line, as: UTF8.self), at: " ")
            guard parts.count == 3, let stamp = Int64(parts[2]),
                let point = Self.value(of: label, in: Self.split(parts[0], at: ",").dropFirst()),
                let text = Self.value(of: field, in: Self.split(parts[1], at: ",")[...])
            else { return nil }
            return row(point, stamp / 1_000_000, Self.number(text))
        }
    }

    private static func value(of key: String, in pairs: ArraySlice<String>) -> String? {
        pairs.lazy.map { split($0, at: "=") }.first { $0.count == 2 && unescaped($0[0]) == key }.map {
            unescaped($0[1])
        }
    }

    /// A field's value: a float, an integer with its `i`, or a truth.
    private static func number(_ text: String) -> Double? {
        switch text {
        case "t", "T", "true", "True", "TRUE": 1
        case "f", "F", "false", "False", "FALSE": 0
        default: Double(text.hasSuffix("i") ? String(text.dropLast()) : text)
        }
    }

    /// Splits at every separator that no backslash escapes.
    private static func split(_ text: String, at separator: Character) -> [String] {
        var parts = [""]
        var isEscaped = false
        for character in text {
            if character == separator, !isEscaped {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
            isEscaped = character == "\\" && !isEscaped
        }
        return parts
    }

    private static func unescaped(_ text: String) -> String {
        var result = ""
        var isEscaped = false
        for character in text {
            isEscaped = character == "\\" && !isEscaped
            if !isEscaped { result.append(character) }
        }
        return result
    }

    /// Reads what VictoriaMetrics exports: one series per line, with its labels, values and stamps.
    func export(_ body: [UInt8]) -> Result<[SeriesRow], SystemFault> {
        var rows: [SeriesRow] = []
        for line in body.split(separator: 0x0A) {
            guard let (numbers, rest) = Self.takeValues(line), let document = try? JSON.parse(rest),
                let stamps = document["timestamps"]?.list, stamps.count == numbers.count
            else { return .failure(SystemFault("what the database exports is not one series per line")) }
            guard let point = document["metric"]?[label]?.text else { continue }
            for (number, stamp) in zip(numbers, stamps) {
                guard let stamp = stamp.integer, let row = row(point, stamp, number) else { continue }
                rows.append(row)
            }
        }
        return .success(rows)
    }

    private func row(_ text: String, _ stamp: Int64, _ number: Double?) -> SeriesRow? {
        guard let point = name.group(in: text), let type = types[point], let number,
            let raw = PointValue.octets(of: number, type: type)
        else {
            return nil
        }
        return SeriesRow(point: point, stamp: stamp, raw: raw)
    }

    /// The numbers of `"values":[…]`, and the line without them: the rig's own JSON has no fractions.
    private static func takeValues(_ line: ArraySlice<UInt8>) -> (numbers: [Double?], rest: [UInt8])? {
        // Within a text the quotes would be escaped.
        let key = Array("\"values\":[".utf8)
        guard let start = line.indices.first(where: { line[$0...].starts(with: key) }) else { return nil }
        let first = start + key.count
        guard let end = line[first...].firstIndex(of: UInt8(ascii: "]")) else { return nil }
        let numbers = line[first..<end].split(separator: UInt8(ascii: ",")).map {
            Double(String(decoding: $0, as: UTF8.self))
        }
        return (numbers, Array(line[..<first] + line[end...]))
    }
}

extension SystemProfile {
    /// Datapoint types by group address.
    var pointTypes: [String: String] {
        var types: [String: String] = [:]
        for range in [points.tracers, points.sentinels, points.repeats, points.spares].compactMap(\.self) {
            for address in range.addresses { types[GroupAddressText.text(address)] = range.type }
        }
        return types
    }

    /// What reads the rows of this system; nil when it writes none.
    var rowDecoder: RowDecoder? {
        rows.map { RowDecoder(label: $0.label, name: $0.name, field: $0.field, types: pointTypes) }
    }
}
