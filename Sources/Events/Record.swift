/// What a record lacks or has wrong.
public struct RecordFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public var key: String
    public var expected: String

    public init(key: String, expected: String) {
        self.key = key
        self.expected = expected
    }

    public var description: String { "'\(key)' should be \(expected)" }
}

/// Typed reading of a `Value` record: each getter says what it wanted and did not find.
public struct Record: Sendable {
    public let value: Value

    public init(_ value: Value) {
        self.value = value
    }

    public func text(_ key: String) throws(RecordFailure) -> String {
        guard let text = value[key]?.text else { throw RecordFailure(key: key, expected: "a text") }
        return text
    }

    public func integer(_ key: String) throws(RecordFailure) -> Int64 {
        guard let integer = value[key]?.integer else { throw RecordFailure(key: key, expected: "a whole number") }
        return integer
    }

    public func bool(_ key: String) throws(RecordFailure) -> Bool {
        guard let bool = value[key]?.bool else { throw RecordFailure(key: key, expected: "true or false") }
        return bool
    }

    public func octets(_ key: String) throws(RecordFailure) -> [UInt8] {
        guard let octets = value[key]?.octets else { throw RecordFailure(key: key, expected: "octets in hex") }
        return octets
    }

    /// One of an enumeration's raw texts.
    public func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) throws(RecordFailure) -> Choice
    where Choice.RawValue == String {
        guard let choice = value[key]?.text.flatMap(Choice.init(rawValue:)) else {
            throw RecordFailure(key: key, expected: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }

    public func instant(_ key: String) throws(RecordFailure) -> Instant {
        Instant(nanoseconds: try integer(key))
    }

    public func optionalText(_ key: String) -> String? { value[key]?.text }
    public func optionalInteger(_ key: String) -> Int64? { value[key]?.integer }
    public func optionalInstant(_ key: String) -> Instant? { value[key]?.integer.map(Instant.init(nanoseconds:)) }
    public func optionalOctets(_ key: String) -> [UInt8]? { value[key]?.octets }
}

extension Value {
    /// A record of the fields that have a value; keys whose value is nil are left out.
    public static func record(present fields: [(String, Value?)]) -> Value {
        .record(fields.compactMap { key, value in value.map { Field(key, $0) } })
    }
}
