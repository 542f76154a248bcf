import KNX

/// Any JSON, to compare the fields of a decoder with those of a recorded decoding.
enum JSONValue: Decodable, Hashable, Sendable {
    case null
    case boolean(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

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
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    init(_ value: Field.Value) {
        switch value {
        case .null: self = .null
        case .boolean(let value): self = .boolean(value)
        case .integer(let value): self = .number(Double(value))
        case .number(let value): self = .number(value)
        case .text(let value): self = .text(value)
        case .octets(let octets):
            self = .text(octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        case .list(let values): self = .list(values.map { JSONValue($0) })
        case .object(let fields): self = .object(JSONValue.members(fields))
        }
    }

    /// The fields by name; a name that comes twice is an error of the decoder.
    static func members(_ fields: [Field]) -> [String: JSONValue] {
        Dictionary(fields.map { ($0.name, JSONValue($0.value)) }) { _, _ in .text("the name comes twice") }
    }
}
