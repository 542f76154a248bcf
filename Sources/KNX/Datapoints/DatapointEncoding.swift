extension DatapointType {
    /// The octets of a value; reserved bits are 0. Numbers with a fraction take the nearest code.
    /// - Throws: `out-of-range` for a value that this type cannot carry.
    public func encode(_ value: DatapointValue) throws(Fault) -> GroupValue {
        switch coding {
        case .bit(let names): return .small(try Self.code(value, names, through: 1))
        case .twoBits(let names): return .small(try Self.code(value, names, through: 3))
        case .enumeration(let names): return .octets([try Self.code(value, names, through: 255)])
        case .step(let names):
            guard let code = DatapointLayout.stepCode(value, names) else { throw .unfit }
            return .small(code)
        case .layout(let layout):
            let raw = try layout.encode(value)
            return layout.bits < 8 ? .small(UInt8(raw)) : .octets(Self.octets(raw, layout.bits / 8))
        case .unsigned(let count, let range, let offset, let multiplier):
            let (quotient, remainder) = try Self.integer(value).quotientAndRemainder(dividingBy: multiplier)
            let raw = quotient.subtractingReportingOverflow(offset)
            guard remainder == 0, !raw.overflow, range.contains(raw.partialValue) else { throw .unfit }
            return .octets(Self.octets(UInt64(raw.partialValue), count))
        case .signed(let count, let multiplier):
            let (raw, remainder) = try Self.integer(value).quotientAndRemainder(dividingBy: multiplier)
            let unused = 64 - 8 * count
            guard remainder == 0, (raw << unused) >> unused == raw else { throw .unfit }
            return .octets(Self.octets(UInt64(bitPattern: Int64(raw)), count))
        case .proportion(let full):
            let number = try Self.number(value)
            guard number >= 0, number <= Double(full) else { throw .unfit }
            return .octets([UInt8((number * 255 / Double(full)).rounded())])
        case .hundredths:
            let scaled = (try Self.number(value) * 100).rounded()
            guard scaled >= -0x8000, scaled < 0x7FFF else { throw .unfit }
            return .octets(Self.octets(UInt64(bitPattern: Int64(scaled)), 2))
        case .float16(let minimum):
            let number = try Self.number(value)
            guard number * 100 >= Double(minimum), let float = try? DPT9(number) else { throw .unfit }
            return float.value
        case .single: return .octets(Self.octets(UInt64(try Self.single(value).bitPattern), 4))
        case .time:
            guard case .time(let time) = value else { throw .unfit }
            return .octets(time.octets)
        case .date:
            guard case .date(let date) = value else { throw .unfit }
            return .octets(date.octets)
        case .dateAndTime:
            guard case .dateAndTime(let instant) = value, let octets = instant.octets else { throw .unfit }
            return .octets(octets)
        case .character(let isASCII): return .octets(try Self.text(value, isASCII, fill: 1))
        case .paddedText(let isASCII): return .octets(try Self.text(value, isASCII, fill: 14))
        case .letters:
            let octets = try Self.text(value, true, fill: 2)
            guard octets.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .unfit }
            return .octets(octets)
        case .terminatedLatin1: return .octets(try Self.text(value, false, fill: 0) + [0])
        case .terminatedUTF8:
            guard case .text(let text) = value, !text.utf8.contains(0) else { throw .unfit }
            return .octets(Array(text.utf8) + [0])
        case .opaque:
            guard case .octets(let octets) = value, !octets.isEmpty else { throw .unfit }
            return .octets(octets)
        }
    }

    private static func code(_ value: DatapointValue, _ names: Enumeration, through last: Int) throws(Fault) -> UInt8 {
        guard let code = names.code(of: value), (0...last).contains(code) else { throw .unfit }
        return UInt8(code)
    }

    private static func integer(_ value: DatapointValue) throws(Fault) -> Int {
        guard let integer = value.integer else { throw .unfit }
        return integer
    }

    private static func number(_ value: DatapointValue) throws(Fault) -> Double {
        guard let number = value.double, number.isFinite else { throw .unfit }
        return number
    }

    private static func single(_ value: DatapointValue) throws(Fault) -> Float {
        if case .notValid = value { return Float(bitPattern: 0x7FC0_0000) }
        guard let number = value.double else { throw .unfit }
        let single = Float(number)
        guard single.isFinite || !number.isFinite else { throw .unfit }
        return single
    }

    /// `fill` octets, or as many as there are characters when it is 0.
    private static func text(_ value: DatapointValue, _ isASCII: Bool, fill: Int) throws(Fault) -> [UInt8] {
        guard case .text(let text) = value, let octets = CharacterSet.octets(text, isASCII: isASCII) else {
            throw .unfit
        }
        guard fill > 0 else { return octets }
        guard octets.count <= fill else { throw .unfit }
        return octets + [UInt8](repeating: 0, count: fill - octets.count)
    }

    private static func octets(_ raw: UInt64, _ count: Int) -> [UInt8] {
        (1...count).map { UInt8(truncatingIfNeeded: raw >> UInt64(8 * (count - $0))) }
    }
}
