/// The value inside a group telegram: up to six bits in the APCI octet, or whole octets after it.
struct GroupValue: Equatable, Sendable {
    let octets: [UInt8]
    let isShort: Bool

    init(short: UInt8) {
        octets = [short]
        isShort = true
    }

    init(octets: [UInt8]) {
        self.octets = octets
        isShort = false
    }

    /// A number, most significant octet first.
    init(_ number: some FixedWidthInteger & UnsignedInteger) {
        self.init(
            octets: stride(from: number.bitWidth - 8, through: 0, by: -8).map {
                UInt8(truncatingIfNeeded: number >> $0)
            })
    }

    var hexadecimal: String { octets.hexadecimal }
}

/// The three application services that a group address knows, read from and written to the octets from TPCI on.
enum GroupTelegram: Equatable, Sendable {
    case read
    case response(GroupValue)
    case write(GroupValue)

    /// Why octets are none of the three services.
    struct Malformed: Error {
        let reason: String
    }

    init(apdu: [UInt8]) throws(Malformed) {
        guard apdu.count >= 2 else { throw Malformed(reason: "\(apdu.count) octets where at least 2 are needed") }
        guard apdu[0] & 0xFC == 0 else {
            throw Malformed(reason: "TPCI \(apdu.prefix(1).hexadecimal) is not group data")
        }
        let service = UInt16(apdu[0] & 3) << 8 | UInt16(apdu[1] & 0xC0)
        let short = apdu[1] & 0x3F
        let value: GroupValue
        if apdu.count == 2 {
            value = GroupValue(short: short)
        } else {
            guard short == 0 else { throw Malformed(reason: "value bits in the APCI octet and octets after it") }
            value = GroupValue(octets: Array(apdu[2...]))
        }
        switch service {
        case 0x000:
            guard apdu.count == 2, short == 0 else { throw Malformed(reason: "GroupValueRead with a value") }
            self = .read
        case 0x040: self = .response(value)
        case 0x080: self = .write(value)
        default: throw Malformed(reason: "APCI \(apdu.prefix(2).hexadecimal) is no group service")
        }
    }

    var apdu: [UInt8] {
        switch self {
        case .read: [0x00, 0x00]
        case .response(let value): Self.apdu(0x40, value)
        case .write(let value): Self.apdu(0x80, value)
        }
    }

    private static func apdu(_ service: UInt8, _ value: GroupValue) -> [UInt8] {
        value.isShort ? [0x00, service | value.octets[0]] : [0x00, service] + value.octets
    }
}

extension Collection<UInt8> {
    /// Two lower-case digits per octet, without separators.
    var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension [UInt8] {
    /// Reads what `hexadecimal` writes; nil for anything else.
    init?(hexadecimal text: String) {
        let digits = [UInt8](text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        self = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let octet = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            append(octet)
        }
    }
}
