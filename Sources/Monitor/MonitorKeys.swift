/// What was typed, from the octets that a terminal sends.
public enum MonitorKey: Hashable, Sendable {
    case character(Character)
    case enter, escape, backspace
    case up, down, pageUp, pageDown, home, end
}

/// Finds keys in octets that may be cut anywhere. An escape alone is a key once nothing follows it in the same reading.
public struct MonitorKeys: Sendable {
    private var rest: [UInt8] = []

    public init() {}

    public mutating func feed(_ octets: [UInt8]) -> [MonitorKey] {
        rest += octets
        var keys: [MonitorKey] = []
        var place = 0
        while place < rest.count {
            let octet = rest[place]
            switch octet {
            case 0x1B:
                let (key, count) = Self.sequence(rest[place...])
                if let key { keys.append(key) }
                place += count
            case 0x0D, 0x0A:
                keys.append(.enter)
                place += 1
            case 0x7F, 0x08:
                keys.append(.backspace)
                place += 1
            // Control characters, and octets that begin no character.
            case 0..<0x20, 0x80..<0xC0, 0xF8...: place += 1
            default:
                let count = octet < 0x80 ? 1 : octet < 0xE0 ? 2 : octet < 0xF0 ? 3 : 4
                // The rest of a character comes with the next reading.
                guard place + count <= rest.count else {
                    rest.removeFirst(place)
                    return keys
                }
                if let text = String(validating: rest[place..<(place + count)], as: UTF8.self) {
                    keys += text.map { .character($0) }
                    place += count
                } else {
                    place += 1
                }
            }
        }
        rest = []
        return keys
    }

    private static func sequence(_ octets: ArraySlice<UInt8>) -> (key: MonitorKey?, count: Int) {
        let code = Array(octets.prefix(8))
        guard code.count > 1 else { return (.escape, 1) }
        guard code[1] == UInt8(ascii: "[") || code[1] == UInt8(ascii: "O") else { return (.escape, 1) }
        guard let final = code.dropFirst(2).firstIndex(where: { (0x40...0x7E).contains($0) }) else {
            return (nil, octets.count)
        }
        let parameter = String(decoding: code[2..<final], as: UTF8.self)
        let key: MonitorKey? =
            switch (code[final], parameter) {
            case (UInt8(ascii: "A"), _): .up
            case (UInt8(ascii: "B"), _): .down
            case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), "1"), (UInt8(ascii: "~"), "7"): .home
            case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), "4"), (UInt8(ascii: "~"), "8"): .end
            case (UInt8(ascii: "~"), "5"): .pageUp
            case (UInt8(ascii: "~"), "6"): .pageDown
            default: nil
            }
        return (key, final + 1)
    }
}
