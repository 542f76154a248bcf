import KNX

/// JSON as it stands in a file of recorded decodings, to compare with the fields of a decoder key by key.
enum RecordedValue: Decodable, Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case list([RecordedValue])
    case object([String: RecordedValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([RecordedValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: RecordedValue].self))
        }
    }

    init(_ value: Field.Value) {
        switch value {
        case .null: self = .null
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .number(Double(value))
        // JSON has no infinities.
        case .number(let value):
            self = value.isFinite ? .number(value) : .text(value < 0 ? "-Infinity" : "Infinity")
        case .text(let value): self = .text(value)
        case .octets(let octets):
            self = .text(octets.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())
        case .list(let values): self = .list(values.map { RecordedValue($0) })
        case .object(let fields): self = .object(Self.members(fields))
        }
    }

    /// The fields by name; a name that comes twice is an error of the decoder, and equal to nothing that is recorded.
    static func members(_ fields: [Field]) -> [String: RecordedValue] {
        Dictionary(fields.map { ($0.name, RecordedValue($0.value)) }) { _, _ in .text("the name comes twice") }
    }
}
