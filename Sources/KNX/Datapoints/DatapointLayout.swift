/// A value of at most eight octets that consists of members, each at its bits. Bits are counted from the last octet's lowest bit, 0.
struct DatapointLayout: Sendable {
    /// 2 for a value that rides in the APCI octet, a multiple of eight otherwise.
    let bits: Int
    let members: [Member]

    init(bits: Int, _ members: [Member]) {
        self.bits = bits
        self.members = members
    }

    /// Flags only, the first at bit 0; an empty name is a reserved bit.
    init(bits: Int, flags: String...) {
        self.bits = bits
        members = flags.enumerated().filter { !$0.element.isEmpty }.map { Member($0.element, at: $0.offset, .flag) }
    }

    /// The bit that says whether a member holds for anything.
    enum Validity: Sendable {
        /// 1 = valid.
        case valid(Int)
        /// 1 = not valid.
        case invalid(Int)
    }

    enum Coding: Sendable {
        case flag
        /// 0 = true.
        case invertedFlag
        /// value = raw + offset for raw values in the range.
        case unsigned(ClosedRange<Int>, offset: Int = 0)
        case signed
        /// 255 stands for 100.
        case percent
        /// Tenths of the unit: deciseconds shown as seconds.
        case tenths
        /// A number of type 9.
        case float16
        /// x and y, 65 535 each for 1.
        case colour
        /// Direction at bit 3 and step code below.
        case step
        case names(Enumeration)
        /// As many ASCII letters as there are octets.
        case letters
        /// Binary coded decimal digits, shown as text because leading zeros count.
        case digits
    }

    struct Member: Sendable {
        let name: String
        let shift: Int
        let width: Int
        let coding: Coding
        let validity: Validity?

        init(_ name: String, at shift: Int, width: Int = 1, _ coding: Coding, _ validity: Validity? = nil) {
            self.name = name
            self.shift = shift
            self.width = width
            self.coding = coding
            self.validity = validity
        }
    }

    static let dimming = Enumeration("DECREASE", "INCREASE")

    static func mask(_ width: Int) -> UInt64 { width >= 64 ? .max : (1 << UInt64(width)) - 1 }

    /// Throws the fault of the first member whose bits say nothing allowed.
    func decode(_ raw: UInt64) throws(Fault) -> DatapointValue {
        var values: [DatapointMember] = []
        values.reserveCapacity(members.count)
        for member in members {
            let isValid =
                switch member.validity {
                case .valid(let bit): raw >> UInt64(bit) & 1 == 1
                case .invalid(let bit): raw >> UInt64(bit) & 1 == 0
                case nil: true
                }
            let value = isValid ? try decode(member, raw) : .notValid
            values.append(DatapointMember(member.name, value))
        }
        return .members(values)
    }

    private func decode(_ member: Member, _ raw: UInt64) throws(Fault) -> DatapointValue {
        let part = raw >> UInt64(member.shift) & Self.mask(member.width)
        let fault = Fault(.invalidValue, .datapoint, at: max(0, bits - member.shift - member.width) / 8)
        switch member.coding {
        case .flag: return .boolean(part == 1)
        case .invertedFlag: return .boolean(part == 0)
        case .unsigned(let range, let offset):
            guard range.contains(Int(part)) else { throw fault }
            return .integer(Int(part) + offset)
        case .signed:
            let unused = UInt64(64 - member.width)
            return .integer(Int(Int64(bitPattern: part << unused) >> Int64(unused)))
        case .percent: return .number(Double(part) * 100 / 255)
        case .tenths: return .number(Double(part) / 10)
        case .float16:
            guard let float = try? DPT9(raw: UInt16(part)) else { throw fault }
            return .number(Double(float.hundredths) / 100)
        case .colour: return .list([part >> 16, part & 0xFFFF].map { .number(Self.fraction($0)) })
        case .step: return Self.step(UInt8(part), Self.dimming)
        case .names(let enumeration): return enumeration.value(of: Int(part))
        case .letters:
            let octets = stride(from: member.width - 8, through: 0, by: -8).map { UInt8(part >> UInt64($0) & 0xFF) }
            guard octets.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw fault }
            return .text(String(decoding: octets, as: UTF8.self))
        case .digits:
            var text = ""
            for shift in stride(from: member.width - 4, through: 0, by: -4) {
                let digit = part >> UInt64(shift) & 15
                guard digit < 10 else { throw fault }
                text += String(digit)
            }
            return .text(text)
        }
    }

    /// Throws `out-of-range` for a member that is missing, unknown, or does not fit.
    func encode(_ value: DatapointValue) throws(Fault) -> UInt64 {
        guard case .members(let values) = value, values.count == members.count else { throw .unfit }
        var raw: UInt64 = 0
        for (index, member) in members.enumerated() {
            // Members may come in any order, but mostly they come in this one.
            let sameName = values[index].name == member.name ? values[index] : values.first { $0.name == member.name }
            guard let part = sameName?.value else { throw .unfit }
            if case .notValid = part {
                switch member.validity {
                case .valid: continue
                case .invalid(let bit): raw |= 1 << UInt64(bit)
                case nil: throw .unfit
                }
                continue
            }
            if case .valid(let bit) = member.validity { raw |= 1 << UInt64(bit) }
            guard let bits = encode(member, part), bits <= Self.mask(member.width) else { throw .unfit }
            raw |= bits << UInt64(member.shift)
        }
        return raw
    }

    private func encode(_ member: Member, _ value: DatapointValue) -> UInt64? {
        switch member.coding {
        case .flag, .invertedFlag:
            guard case .boolean(let isSet) = value else { return nil }
            if case .flag = member.coding { return isSet ? 1 : 0 }
            return isSet ? 0 : 1
        case .unsigned(let range, let offset):
            guard let integer = value.integer, (range.lowerBound + offset...range.upperBound + offset).contains(integer)
            else { return nil }
            return UInt64(integer - offset)
        case .signed:
            guard let integer = value.integer, (-1 << (member.width - 1)..<1 << (member.width - 1)).contains(integer)
            else { return nil }
            return UInt64(bitPattern: Int64(integer)) & Self.mask(member.width)
        case .percent: return value.double.flatMap { Self.code($0 * 255 / 100, through: 255) }
        case .tenths: return value.double.flatMap { Self.code($0 * 10, through: Self.mask(member.width)) }
        case .float16: return value.double.flatMap { try? DPT9($0) }.map { UInt64($0.raw) }
        case .colour:
            guard case .list(let axes) = value, axes.count == 2, let x = axes[0].double, let y = axes[1].double,
                let left = Self.code(x * 65535, through: 65535), let right = Self.code(y * 65535, through: 65535)
            else { return nil }
            return left << 16 | right
        case .step: return Self.stepCode(value, Self.dimming).map(UInt64.init)
        case .names(let enumeration): return enumeration.code(of: value).flatMap(UInt64.init(exactly:))
        case .letters:
            guard case .text(let text) = value, text.utf8.count * 8 == member.width,
                text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { return nil }
            return text.utf8.reduce(0) { $0 << 8 | UInt64($1) }
        case .digits:
            guard case .text(let text) = value, text.utf8.count * 4 == member.width,
                text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else { return nil }
            return text.utf8.reduce(0) { $0 << 4 | UInt64($1 - 0x30) }
        }
    }

    /// The nearest code; nil when that lies outside 0 to `last`.
    static func code(_ number: Double, through last: UInt64) -> UInt64? {
        let rounded = number.rounded()
        return rounded >= 0 && rounded <= Double(last) ? UInt64(rounded) : nil
    }

    /// Of 65 535, to the five decimals that tell every code from its neighbours.
    private static func fraction(_ code: UInt64) -> Double {
        (Double(code) / 65535 * 100_000).rounded() / 100_000
    }

    static func step(_ bits: UInt8, _ directions: Enumeration) -> DatapointValue {
        .members([
            DatapointMember("control", directions.value(of: Int(bits >> 3 & 1))),
            DatapointMember("step_code", .integer(Int(bits & 7))),
        ])
    }

    static func stepCode(_ value: DatapointValue, _ directions: Enumeration) -> UInt8? {
        guard case .members(let parts) = value, parts.count == 2, let control = value["control"],
            let direction = directions.code(of: control), (0...1).contains(direction),
            let step = value["step_code"]?.integer, (0...7).contains(step)
        else { return nil }
        return UInt8(direction << 3 | step)
    }
}

extension Fault {
    /// A value that the datapoint type cannot carry.
    static let unfit = Fault(.outOfRange, .datapoint, at: 0)
}
