/// A value to command: as the API wants it and as the telegram carries it.
struct CommandValue: Hashable, Sendable {
    /// JSON.
    var json: String
    /// The value's octets; one octet with the six-bit value for a type that short.
    var raw: [UInt8]

    /// Two values in turn, clearly different and harmless: off and on, the least and one more or the greatest. nil for a type whose values
    /// the rig does not know by their octets (datapoint types: KNX Standard 03_07_02).
    static func alternating(type: String, turn: Int) -> CommandValue? {
        pair(type: type).map { turn.isMultiple(of: 2) ? $0.on : $0.off }
    }

    private static func pair(type: String) -> (off: CommandValue, on: CommandValue)? {
        let parts = type.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 2 else { return nil }
        func zero(_ octets: Int, _ json: String, _ raw: [UInt8]) -> (CommandValue, CommandValue) {
            (CommandValue(json: "0", raw: Array(repeating: 0, count: octets)), CommandValue(json: json, raw: raw))
        }
        switch (parts[0], parts[1]) {
        case (1, _): return (CommandValue(json: "false", raw: [0]), CommandValue(json: "true", raw: [1]))
        // Per cent and degrees are scaled to 255.
        case (5, 1): return zero(1, "100", [0xFF])
        case (5, 3): return zero(1, "360", [0xFF])
        case (5, _), (6, 1), (6, 10): return zero(1, "1", [1])
        // Resolutions other than one, where every API has a mind of its own.
        case (7, 3), (7, 4), (8, 3), (8, 4), (8, 10): return nil
        case (7, _), (8, _): return zero(2, "1", [0, 1])
        // 0.01 · mantissa · 2^exponent: 100 is one.
        case (9, _): return zero(2, "1", [0x00, 0x64])
        case (12, _), (13, _): return zero(4, "1", [0, 0, 0, 1])
        case (14, _): return zero(4, "1", [0x3F, 0x80, 0, 0])
        default: return nil
        }
    }
}
