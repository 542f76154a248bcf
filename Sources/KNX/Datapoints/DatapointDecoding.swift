extension DatapointType {
    /// The value of octets that follow the APCI (`isSixBit` false), or of the one octet that holds the APCI's low six bits (`isSixBit` true).
    ///
    /// Faults: `length` for another size, `invalid-value` for what lies outside the type's range or says that there is no valid data: both
    /// without a value. `unknown-enum` and `reserved-bits` keep the value. In values of whole octets, reserved bits are not looked at.
    public func decode(_ octets: Span<UInt8>, isSixBit: Bool) -> (value: DatapointValue?, faults: Faults) {
        var faults = Faults()
        do {
            let value = try decode(octets, isSixBit, &faults)
            if case .unknown = value { faults.add(Fault(.unknownEnum, .applicationUnknown, at: 0)) }
            return (value, faults)
        } catch {
            faults.add(error)
            return (nil, faults)
        }
    }

    public func decode(_ value: GroupValue) -> (value: DatapointValue?, faults: Faults) {
        switch value {
        case .small(let bits):
            let single: InlineArray<1, UInt8> = [bits]
            return decode(single.span, isSixBit: true)
        case .octets(let octets): return decode(octets.span, isSixBit: false)
        }
    }

    private func decode(_ octets: Span<UInt8>, _ small: Bool, _ faults: inout Faults) throws(Fault) -> DatapointValue {
        if case .opaque = coding {
            guard !small, octets.count > 0 else { throw Fault(.length, .datapoint, at: octets.count) }
            var copy: [UInt8] = []
            for index in octets.indices { copy.append(octets[index]) }
            return .octets(copy)
        }
        guard small == isSixBit else { throw Fault(.length, .datapoint, at: 0) }
        if let count = octetCount, octets.count != count {
            throw Fault(.length, .datapoint, at: min(octets.count, count))
        }
        switch coding {
        case .bit(let names): return names.value(of: Int(bits(1, octets, &faults)))
        case .step(let names): return DatapointLayout.step(bits(4, octets, &faults), names)
        case .twoBits(let names): return names.value(of: Int(bits(2, octets, &faults)))
        case .layout(let layout):
            let raw = layout.bits < 8 ? UInt64(bits(layout.bits, octets, &faults)) : Self.unsigned(octets)
            return try layout.decode(raw)
        case .unsigned(_, let range, let offset, let multiplier):
            let raw = Int(Self.unsigned(octets))
            guard range.contains(raw) else { throw .invalid }
            return .integer((raw + offset) * multiplier)
        case .signed(_, let multiplier): return .integer(Self.signed(octets) * multiplier)
        case .proportion(let full): return .number(Double(Int(octets[0]) * full) / 255)
        case .hundredths:
            let raw = Self.signed(octets)
            guard raw != 0x7FFF else { throw .invalid }
            return .number(Double(raw) / 100)
        case .float16(let minimum):
            guard let float = try? DPT9(raw: UInt16(Self.unsigned(octets))), float.hundredths >= minimum else {
                throw .invalid
            }
            return .number(Double(float.hundredths) / 100)
        case .single:
            let number = Float(bitPattern: UInt32(Self.unsigned(octets)))
            return number.isNaN ? .notValid : .single(number)
        case .enumeration(let names): return names.value(of: Int(octets[0]))
        case .time: return .time(try TimeOfDay(octets))
        case .date: return .date(try CalendarDate(octets))
        case .dateAndTime: return .dateAndTime(try DateAndTime(octets))
        case .character(let isASCII), .paddedText(let isASCII):
            return .text(CharacterSet.text(octets, isASCII: isASCII))
        case .letters:
            for index in octets.indices where !(0x21...0x7E).contains(octets[index]) {
                throw Fault(.invalidValue, .datapoint, at: index)
            }
            return .text(CharacterSet.text(octets, isASCII: true))
        case .terminatedLatin1: return .text(CharacterSet.text(try Self.terminated(octets), isASCII: false))
        case .terminatedUTF8:
            guard let text = CharacterSet.utf8(try Self.terminated(octets)) else { throw .invalid }
            return .text(text)
        case .opaque: preconditionFailure("handled above")
        }
    }

    /// The low bits of a six-bit value; those above are reserved.
    private func bits(_ width: Int, _ octets: Span<UInt8>, _ faults: inout Faults) -> UInt8 {
        let mask: UInt8 = 1 << width - 1
        if octets[0] & ~mask != 0 { faults.add(Fault(.reservedBits, .datapoint, at: 0)) }
        return octets[0] & mask
    }

    /// What stands before the one 00 at the end.
    @_lifetime(copy octets)
    private static func terminated(_ octets: Span<UInt8>) throws(Fault) -> Span<UInt8> {
        for index in octets.indices where octets[index] == 0 {
            guard index == octets.count - 1 else { throw Fault(.length, .datapoint, at: index + 1) }
            return octets.extracting(0..<index)
        }
        throw Fault(.length, .datapoint, at: octets.count)
    }

    private static func unsigned(_ octets: Span<UInt8>) -> UInt64 {
        var raw: UInt64 = 0
        for index in octets.indices { raw = raw << 8 | UInt64(octets[index]) }
        return raw
    }

    private static func signed(_ octets: Span<UInt8>) -> Int {
        let unused = Int64(64 - 8 * octets.count)
        return Int(Int64(bitPattern: unsigned(octets) << UInt64(unused)) >> unused)
    }
}

extension Fault {
    /// A pattern outside the type's range, or the one for no valid data.
    static let invalid = Fault(.invalidValue, .datapoint, at: 0)
}
