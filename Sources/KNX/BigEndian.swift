extension Span<UInt8> {
    /// Big endian. All of these trap beyond the end: decoders check lengths first.
    func bigEndian16(at offset: Int) -> UInt16 { UInt16(self[offset]) << 8 | UInt16(self[offset + 1]) }

    func bigEndian32(at offset: Int) -> UInt32 {
        UInt32(bigEndian16(at: offset)) << 16 | UInt32(bigEndian16(at: offset + 2))
    }

    func bigEndian48(at offset: Int) -> UInt64 {
        UInt64(bigEndian16(at: offset)) << 32 | UInt64(bigEndian32(at: offset + 2))
    }

    /// A copy on the heap.
    func array(_ range: Range<Int>) -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(range.count)
        for offset in range { octets.append(self[offset]) }
        return octets
    }
}

extension [UInt8] {
    /// Appends the low `octetCount` octets of `number`, the most significant first.
    mutating func appendBigEndian(_ number: some FixedWidthInteger & UnsignedInteger, octetCount: Int) {
        for place in (0..<octetCount).reversed() { append(UInt8(truncatingIfNeeded: number >> (8 * place))) }
    }
}

extension FixedWidthInteger where Self: UnsignedInteger {
    /// All digits of the type in lower case, without prefix: `0f`, `00fa`.
    var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Self.bitWidth / 4 - digits.count) + digits
    }
}
