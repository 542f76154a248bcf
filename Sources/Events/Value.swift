/// A tree of the only things that evidence may hold: integers, text, truth, lists and records. Raw octets are written as lower-case hex
/// text. There is no floating point, so that a value reads back equal on every machine. Records keep the order of their keys, because
/// evidence is hashed as written.
public enum Value: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case text(String)
    case list([Value])
    case record([Field])

    /// One key of a record with its value.
    public struct Field: Hashable, Sendable {
        public var key: String
        public var value: Value

        public init(_ key: String, _ value: Value) {
            self.key = key
            self.value = value
        }
    }

    /// The value under `key` of a record; nil for anything else.
    public subscript(key: String) -> Value? {
        guard case .record(let fields) = self else { return nil }
        return fields.first { $0.key == key }?.value
    }

    public var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    public var integer: Int64? {
        if case .integer(let integer) = self { integer } else { nil }
    }

    public var bool: Bool? {
        if case .bool(let bool) = self { bool } else { nil }
    }

    public var list: [Value]? {
        if case .list(let list) = self { list } else { nil }
    }

    public var fields: [Field]? {
        if case .record(let fields) = self { fields } else { nil }
    }

    /// The octets of a hex text; nil when this is no text of an even number of hex digits.
    public var octets: [UInt8]? {
        text.flatMap(Hex.octets)
    }

    /// Octets as hex text.
    public static func octets(_ octets: some Sequence<UInt8>) -> Value {
        .text(Hex.text(octets))
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: Value...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, Value)...) { self = .record(elements.map { Field($0.0, $0.1) }) }
    public init(nilLiteral: ()) { self = .null }
}
