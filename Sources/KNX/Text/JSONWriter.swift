/// Writes `Field` values as JSON into octets.
public enum JSONWriter {
    /// Appends an object with the fields in their order.
    public static func write(_ fields: [Field], into text: inout [UInt8]) {
        text.append(0x7B)
        for (index, field) in fields.enumerated() {
            if index > 0 { text.append(0x2C) }
            write(field.name, into: &text)
            text.append(0x3A)
            write(field.value, into: &text)
        }
        text.append(0x7D)
    }

    public static func write(_ value: Field.Value, into text: inout [UInt8]) {
        switch value {
        case .null: text += "null".utf8
        case .boolean(let isSet): text += (isSet ? "true" : "false").utf8
        case .integer(let integer): text += integer.description.utf8
        case .number(let number): write(number, into: &text)
        case .text(let string): write(string, into: &text)
        case .octets(let octets):
            text.append(0x22)
            Hexadecimal.write(octets, into: &text)
            text.append(0x22)
        case .list(let values):
            text.append(0x5B)
            for (index, value) in values.enumerated() {
                if index > 0 { text.append(0x2C) }
                write(value, into: &text)
            }
            text.append(0x5D)
        case .object(let fields): write(fields, into: &text)
        }
    }

    /// The shortest digits that read back as the same number. JSON has no infinity and no NaN, so those are texts.
    private static func write(_ number: Double, into text: inout [UInt8]) {
        guard number.isFinite else {
            write(number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity", into: &text)
            return
        }
        text += number.description.utf8
    }

    public static func write(_ string: String, into text: inout [UInt8]) {
        text.append(0x22)
        for octet in string.utf8 {
            switch octet {
            case 0x22, 0x5C: text += [0x5C, octet]
            case 0x0A: text += "\\n".utf8
            case 0x0D: text += "\\r".utf8
            case 0x09: text += "\\t".utf8
            case 0..<0x20:
                text += "\\u00".utf8
                Hexadecimal.write([octet], into: &text)
            default: text.append(octet)
            }
        }
        text.append(0x22)
    }
}
