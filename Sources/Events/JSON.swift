/// JSON as the rig writes and reads it between its own processes and into evidence: one canonical text per `Value` (no spaces, keys in
/// the order given, only the escapes that JSON demands), so that equal values hash equal.
public enum JSON {
    /// What is wrong with a JSON text and at which octet of it.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        public var reason: String
        /// Offset in octets from the start of the text.
        public var offset: Int

        public var description: String { "not JSON at octet \(offset): \(reason)" }
    }

    /// The canonical text of `value`, without a line end.
    public static func text(_ value: Value) -> String {
        var octets: [UInt8] = []
        append(value, to: &octets)
        return String(decoding: octets, as: UTF8.self)
    }

    /// Appends the canonical text of `value` to `octets`.
    public static func append(_ value: Value, to octets: inout [UInt8]) {
        switch value {
        case .null: octets += "null".utf8
        case .bool(let truth): octets += (truth ? "true" : "false").utf8
        case .integer(let integer): octets += String(integer).utf8
        case .text(let text): append(quoted: text, to: &octets)
        case .list(let list):
            octets.append(UInt8(ascii: "["))
            for (index, element) in list.enumerated() {
                if index > 0 { octets.append(UInt8(ascii: ",")) }
                append(element, to: &octets)
            }
            octets.append(UInt8(ascii: "]"))
        case .record(let fields):
            octets.append(UInt8(ascii: "{"))
            for (index, field) in fields.enumerated() {
                if index > 0 { octets.append(UInt8(ascii: ",")) }
                append(quoted: field.key, to: &octets)
                octets.append(UInt8(ascii: ":"))
                append(field.value, to: &octets)
            }
            octets.append(UInt8(ascii: "}"))
        }
    }

    private static func append(quoted text: String, to octets: inout [UInt8]) {
        octets.append(UInt8(ascii: "\""))
        for unit in text.utf8 {
            switch unit {
            case UInt8(ascii: "\""): octets += #"\""#.utf8
            case UInt8(ascii: "\\"): octets += #"\\"#.utf8
            case 0x0A: octets += #"\n"#.utf8
            case 0x0D: octets += #"\r"#.utf8
            case 0x09: octets += #"\t"#.utf8
            case 0..<0x20: octets += ("\\u00" + Hex.text([unit])).utf8
            default: octets.append(unit)
            }
        }
        octets.append(UInt8(ascii: "\""))
    }

    /// Parses one JSON value. Numbers with a fraction or an exponent are rounded towards zero to a whole number: nothing the rig writes
    /// has them, but what it reads from a system under test may.
    ///
    /// - Parameter keepsFractions: numbers that are not whole become their text instead: `.text("21.5")`.
    /// - Throws: `Failure` for anything else than exactly one JSON value nested at most 64 deep.
    public static func parse(
        _ text: some Sequence<UInt8>, keepsFractions: Bool = false
    ) throws(Failure) -> Value {
        var parser = Parser(octets: Array(text), keepsFractions: keepsFractions)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == parser.octets.count else { throw parser.failure("something follows the value") }
        return value
    }

    /// `parse` for text.
    public static func parse(_ text: String) throws(Failure) -> Value {
        try parse(text.utf8)
    }
}

private struct Parser {
    let octets: [UInt8]
    let keepsFractions: Bool
    var position = 0

    func failure(_ reason: String) -> JSON.Failure {
        JSON.Failure(reason: reason, offset: position)
    }

    var next: UInt8? { position < octets.count ? octets[position] : nil }

    mutating func skipSpace() {
        while let octet = next, octet == 0x20 || octet == 0x0A || octet == 0x0D || octet == 0x09 { position += 1 }
    }

    mutating func take(_ octet: UInt8) -> Bool {
        guard next == octet else { return false }
        position += 1
        return true
    }

    mutating func value(depth: Int) throws(JSON.Failure) -> Value {
        guard depth < 64 else { throw failure("nested more than 64 deep") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try record(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some(UInt8(ascii: "-")), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): return try number()
        default: throw failure("a value was expected")
        }
    }

    mutating func word(_ word: String, _ value: Value) throws(JSON.Failure) -> Value {
        for octet in word.utf8 where !take(octet) { throw failure("'\(word)' was expected") }
        return value
    }

    mutating func record(depth: Int) throws(JSON.Failure) -> Value {
        position += 1
        var fields: [Value.Field] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .record(fields) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure("a key in quotes was expected") }
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("':' was expected") }
            fields.append(Value.Field(key, try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .record(fields) }
            guard take(UInt8(ascii: ",")) else { throw failure("',' or '}' was expected") }
        }
    }

    mutating func list(depth: Int) throws(JSON.Failure) -> Value {
        position += 1
        var list: [Value] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .list(list) }
        while true {
            list.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .list(list) }
            guard take(UInt8(ascii: ",")) else { throw failure("',' or ']' was expected") }
        }
    }

    mutating func number() throws(JSON.Failure) -> Value {
        let start = position
        _ = take(UInt8(ascii: "-"))
        while let octet = next, isNumberPart(octet) { position += 1 }
        let text = String(decoding: octets[start..<position], as: UTF8.self)
        if let integer = Int64(text) { return .integer(integer) }
        if let number = Double(text), number.magnitude < 9e18 {
            return keepsFractions && number != number.rounded() ? .text(text) : .integer(Int64(number))
        }
        throw failure("'\(text)' is no number of at most 64 bits")
    }

    func isNumberPart(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"),
            UInt8(ascii: "+"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }

    mutating func string() throws(JSON.Failure) -> String {
        position += 1
        var text: [UInt8] = []
        while let octet = next {
            position += 1
            switch octet {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw failure("a control character stands bare in a text")
            default: text.append(octet)
            }
        }
        throw failure("a text has no closing quote")
    }

    mutating func escape(into text: inout [UInt8]) throws(JSON.Failure) {
        guard let octet = next else { throw failure("a text ends in '\\'") }
        position += 1
        switch octet {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(octet)
        case UInt8(ascii: "u"):
            var code = UInt32(try hexadecimal())
            if (0xD800..<0xDC00).contains(code), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
                let low = UInt32(try hexadecimal())
                if (0xDC00..<0xE000).contains(low) { code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) }
            }
            text += String(Unicode.Scalar(code) ?? "\u{FFFD}").utf8
        default: throw failure("'\\\(Unicode.Scalar(octet))' is no escape")
        }
    }

    mutating func hexadecimal() throws(JSON.Failure) -> UInt16 {
        guard position + 4 <= octets.count,
            let pair = Hex.octets(String(decoding: octets[position..<position + 4], as: UTF8.self))
        else { throw failure("four hex digits were expected after '\\u'") }
        position += 4
        return UInt16(pair[0]) << 8 | UInt16(pair[1])
    }
}
