/// Single bits of memory, changed in the device: `memory = (memory AND and) XOR xor`; the ASDU of A_MemoryBit_Write and A_UserMemoryBit_Write
/// (KNX standard 3/3/7).
public struct MemoryBits: Hashable, Sendable {
    /// Of the first octet.
    public let address: UInt16
    public let and: [UInt8]
    public let xor: [UInt8]

    /// Both masks have the same number of octets, at most 125; others are errors of the caller.
    public init(address: UInt16, and: [UInt8], xor: [UInt8]) {
        precondition(and.count == xor.count && and.count <= 125, "both masks have the same length, at most 125 octets")
        self.address = address
        self.and = and
        self.xor = xor
    }
}

extension MemoryBits: ASDU {
    init(_ reader: inout ASDUReader) {
        let count = Int(reader.word(octets: 1))
        address = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        and = reader.take(count)
        xor = reader.take(count)
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(and.count), octets: 1)
        writer.put(UInt32(address), octets: 2)
        writer.put(and)
        writer.put(xor)
    }

    var fields: [Field] {
        [
            Field("address", .text("0x" + hexadecimal(address, digits: 4))),
            Field("and", .octets(and)),
            Field("xor", .octets(xor)),
        ]
    }
}

/// Octets of user memory with their values: the ASDU of A_UserMemory_Response and _Write.
public struct UserMemoryBlock: Hashable, Sendable {
    /// Of the first octet, 20 bits.
    public let address: UInt32
    /// At most 15 octets.
    public let data: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(address: UInt32, data: [UInt8]) {
        precondition(address < 1 << 20, "the address has 20 bits")
        precondition(data.count < 16, "the count has four bits")
        self.address = address
        self.data = data
    }
}

extension UserMemoryBlock: ASDU {
    init(_ reader: inout ASDUReader) {
        let head = reader.word(octets: 1)
        address = (head >> 4) << 16 | reader.word(octets: 2)
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put((address >> 16) << 4 | UInt32(data.count), octets: 1)
        writer.put(address & 0xFFFF, octets: 2)
        writer.put(data)
    }

    var fields: [Field] {
        [Field("address", .text("0x" + hexadecimal(address, digits: 5))), Field("data", .octets(data))]
    }
}

/// A user message of the manufacturer's own meaning, APCI 2F8…2FE.
public struct ManufacturerSpecificMessage: Hashable, Sendable {
    /// 0x2F8…0x2FE.
    public let apci: UInt16
    /// As it is sent.
    public let data: [UInt8]

    /// Another APCI is an error of the caller.
    public init(apci: UInt16, data: [UInt8]) {
        precondition((0x2F8...0x2FE).contains(apci), "the manufacturers' own services are 2F8 to 2FE")
        self.apci = apci
        self.data = data
    }
}

extension ManufacturerSpecificMessage: ASDU {
    init(_ reader: inout ASDUReader) {
        apci = reader.apci
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.dataBits = UInt8(apci & 0x3F)
        writer.put(data)
    }

    var fields: [Field] { [Field("data", .octets(data))] }
}
