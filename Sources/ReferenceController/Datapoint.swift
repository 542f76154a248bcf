/// A datapoint type such as 9.001: how the octets of a group value are read and written.
///
/// Main types 1, 5, 7, 9, 12, 13 and 14 have values. Others are kept as octets and have the value null.
struct Datapoint: Equatable, Sendable, CustomStringConvertible {
    let main: Int
    let sub: Int

    /// Reads `9.001`; nil when it is not a number, a dot and three digits.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.first?.isNumber == true }), parts[1].count == 3,
            let main = UInt16(parts[0]), let sub = UInt16(parts[1]), main > 0
        else { return nil }
        self.main = Int(main)
        self.sub = Int(sub)
    }

    var description: String {
        let digits = String(sub)
        return "\(main)." + String(repeating: "0", count: 3 - digits.count) + digits
    }

    /// How long the value is on the bus.
    enum Size: Equatable {
        /// Inside the APCI octet; the width in bits.
        case short(Int)
        case octets(Int)
        case any
    }

    var size: Size {
        switch main {
        case 1: .short(1)
        case 2: .short(2)
        case 3: .short(4)
        case 23: .short(2)
        case 4, 5, 6, 17, 18, 20, 21: .octets(1)
        case 7, 8, 9: .octets(2)
        case 10, 11: .octets(3)
        case 12, 13, 14, 15: .octets(4)
        case 16: .octets(14)
        case 19, 29: .octets(8)
        default: .any
        }
    }

    /// Why a value of this form cannot be one of this type; nil when it can.
    func objection(to value: GroupValue) -> String? {
        switch size {
        case .short(let bits):
            guard value.isShort else { return "\(self) takes \(bits) bit(s), not \(value.octets.count) octet(s)" }
            guard value.octets[0] >> bits == 0 else {
                return "\(self) takes \(bits) bit(s), got \(value.hexadecimal)"
            }
        case .octets(let count):
            guard !value.isShort else { return "\(self) takes \(count) octet(s), not 6 bits" }
            guard value.octets.count == count else {
                return "\(self) takes \(count) octet(s), not \(value.octets.count)"
            }
        case .any: break
        }
        return nil
    }

    /// The value that octets of the right length stand for. Null where the type has no value here and where the
    /// octets say "invalid" (7FFF of main type 9; a main type 14 that is not a number).
    func value(of octets: [UInt8]) -> JSON {
        switch main {
        case 1: return .bool(octets[0] & 1 == 1)
        case 5: return octetValue(octets[0])
        case 7: return JSON(UInt16(bigEndian: octets))
        case 9: return Self.float16(UInt16(bigEndian: octets))
        case 12: return JSON(UInt32(bigEndian: octets))
        case 13: return JSON(Int32(bitPattern: UInt32(bigEndian: octets)))
        case 14:
            let float = Float(bitPattern: UInt32(bigEndian: octets))
            // Through its text, so that 0.1 stays 0.1 and does not grow the digits of a Double.
            return float.isFinite ? .number(Double("\(float)")!) : .null
        default: return .null
        }
    }

    /// 5.001 is a percentage and 5.003 an angle, both scaled over the octet; the others are the number itself.
    private func octetValue(_ octet: UInt8) -> JSON {
        switch sub {
        case 1: .number((Double(octet) * 1000 / 255).rounded() / 10)
        case 3: .number((Double(octet) * 3600 / 255).rounded() / 10)
        default: JSON(octet)
        }
    }

    /// 0.01 · m · 2^E with m in two's complement over the sign and eleven bits.
    private static func float16(_ bits: UInt16) -> JSON {
        guard bits != 0x7FFF else { return .null }
        let mantissa = Int(bits & 0x7FF) - (bits & 0x8000 == 0 ? 0 : 0x800)
        return .number(Double(mantissa << Int(bits >> 11 & 15)) / 100)
    }

    /// What a value in JSON is on the bus; nil when it is of another kind or out of range.
    func encode(_ value: JSON) -> GroupValue? {
        if main == 1 {
            guard case .bool(let on) = value else { return nil }
            return GroupValue(short: on ? 1 : 0)
        }
        let number: Double
        switch value {
        case .integer(let integer): number = Double(integer)
        case .number(let double): number = double
        default: return nil
        }
        switch main {
        case 5:
            guard sub == 1 || sub == 3 else { return UInt8(exactly: number).map { GroupValue($0) } }
            let greatest: Double = sub == 1 ? 100 : 360
            guard (0...greatest).contains(number) else { return nil }
            return GroupValue(UInt8((number * 255 / greatest).rounded()))
        case 7: return UInt16(exactly: number).map { GroupValue($0) }
        case 9: return Self.encodeFloat16(number).map { GroupValue($0) }
        case 12: return UInt32(exactly: number).map { GroupValue($0) }
        case 13: return Int32(exactly: number).map { GroupValue(UInt32(bitPattern: $0)) }
        case 14:
            let float = Float(number)
            return float.isFinite ? GroupValue(float.bitPattern) : nil
        default: return nil
        }
    }

    /// With the smallest exponent, halves to even. A value that rounds to zero is 0000, never 8000, which is −20.48.
    private static func encodeFloat16(_ number: Double) -> UInt16? {
        var scaled = number * 100
        var exponent: UInt16 = 0
        while !(-2048.0...2047.0).contains(scaled.rounded(.toNearestOrEven)) {
            scaled /= 2
            exponent += 1
            guard exponent < 16 else { return nil }
        }
        let mantissa = Int16(scaled.rounded(.toNearestOrEven))
        let bits = (mantissa < 0 ? 0x8000 : 0) | exponent << 11 | UInt16(bitPattern: mantissa) & 0x7FF
        return bits == 0x7FFF ? nil : bits
    }
}

extension FixedWidthInteger {
    /// The number in octets, most significant first.
    init(bigEndian octets: [UInt8]) {
        self = octets.reduce(0) { $0 << 8 | Self($1) }
    }
}
