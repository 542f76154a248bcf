/// Characters and texts: types 4, 16, 24, 28 and 234 (KNX standard 3/7/2).
extension DatapointRow {
    static let texts: [DatapointRow] = [
        DatapointRow(4, nil, .character(isASCII: false)), DatapointRow(4, 1, .character(isASCII: true)),
        DatapointRow(4, 2, .character(isASCII: false)),
        DatapointRow(16, nil, .paddedText(isASCII: false)), DatapointRow(16, 0, .paddedText(isASCII: true)),
        DatapointRow(16, 1, .paddedText(isASCII: false)),
        DatapointRow(24, nil, .terminatedLatin1), DatapointRow(24, 1, .terminatedLatin1),
        DatapointRow(28, nil, .terminatedUTF8), DatapointRow(28, 1, .terminatedUTF8),
        DatapointRow(234, nil, .letters), DatapointRow(234, 1, .letters),
    ]
}

/// The two single-octet character sets of KNX. 00 is no character: it fills.
enum CharacterSet {
    /// Octets of ASCII with the high bit set read as the replacement character.
    static func text(_ octets: Span<UInt8>, isASCII: Bool) -> String {
        var text = ""
        for index in octets.indices where octets[index] != 0 {
            let octet = octets[index]
            text.unicodeScalars.append(isASCII && octet > 0x7F ? "\u{FFFD}" : Unicode.Scalar(octet))
        }
        return text
    }

    /// Nil when a character is not in the set.
    static func octets(_ text: String, isASCII: Bool) -> [UInt8]? {
        var octets: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard scalar.value != 0, scalar.value <= (isASCII ? 0x7F : 0xFF) else { return nil }
            octets.append(UInt8(scalar.value))
        }
        return octets
    }

    /// The text of UTF-8, nil when that is not well-formed.
    static func utf8(_ octets: Span<UInt8>) -> String? {
        var bytes: [UInt8] = []
        for index in octets.indices { bytes.append(octets[index]) }
        return String(validating: bytes, as: UTF8.self)
    }
}
