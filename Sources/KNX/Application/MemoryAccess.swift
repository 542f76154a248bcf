/// The ASDU of A_Memory_Read.
public struct MemoryRange: Hashable, Sendable {
    /// The number of octets, 0…63.
    public let count: UInt8
    /// Of the first octet.
    public let address: UInt16

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(count: UInt8, address: UInt16) {
        precondition(count < 64, "count has six bits")
        self.count = count
        self.address = address
    }
}

extension MemoryRange: ASDU {
    init(_ reader: inout ASDUReader) {
        count = reader.dataBits
        address = UInt16(truncatingIfNeeded: reader.word(octets: 2))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.dataBits = count
        writer.put(UInt32(address), octets: 2)
    }

    var fields: [Field] {
        [
            Field("count", .integer(Int(count))),
            Field("address", .text("0x" + hexadecimal(address, digits: 4))),
        ]
    }
}

/// The ASDU of A_Memory_Response and _Write.
public struct MemoryBlock: Hashable, Sendable {
    /// Of the first octet.
    public let address: UInt16
    /// At most 63 octets; none in a response is the negative answer.
    public let data: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(address: UInt16, data: [UInt8]) {
        precondition(data.count <= 63, "the count has six bits")
        self.address = address
        self.data = data
    }
}

extension MemoryBlock: ASDU {
    init(_ reader: inout ASDUReader) {
        address = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(address), octets: 2)
        writer.dataBits = UInt8(data.count)
        writer.put(data)
    }

    var fields: [Field] {
        [
            Field("address", .text("0x" + hexadecimal(address, digits: 4))),
            Field("data", .octets(data)),
        ]
    }
}

/// The ASDU of A_MemoryExtended_Read.
public struct ExtendedMemoryRange: Hashable, Sendable {
    /// The number of octets.
    public let count: UInt8
    /// Of the first octet.
    public let address: UInt32

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(count: UInt8, address: UInt32) {
        precondition(address < 1 << 24, "address has 24 bits")
        self.count = count
        self.address = address
    }
}

extension ExtendedMemoryRange: ASDU {
    init(_ reader: inout ASDUReader) {
        count = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        address = UInt32(truncatingIfNeeded: reader.word(octets: 3))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(count), octets: 1)
        writer.put(UInt32(address), octets: 3)
    }

    var fields: [Field] {
        [
            Field("count", .integer(Int(count))),
            Field("address", .text("0x" + hexadecimal(address, digits: 6))),
        ]
    }
}

/// The ASDU of A_MemoryExtended_Write.
public struct ExtendedMemoryBlock: Hashable, Sendable {
    /// Of the first octet.
    public let address: UInt32
    /// At most 249 octets.
    public let data: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(address: UInt32, data: [UInt8]) {
        precondition(data.count <= 249, "a frame has room for 249 octets")
        precondition(address < 1 << 24, "address has 24 bits")
        self.address = address
        self.data = data
    }
}

extension ExtendedMemoryBlock: ASDU {
    init(_ reader: inout ASDUReader) {
        _ = reader.word(octets: 1)
        address = UInt32(truncatingIfNeeded: reader.word(octets: 3))
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(data.count), octets: 1)
        writer.put(UInt32(address), octets: 3)
        writer.put(data)
    }

    var fields: [Field] {
        [
            Field("address", .text("0x" + hexadecimal(address, digits: 6))),
            Field("data", .octets(data)),
        ]
    }
}

/// The ASDU of A_MemoryExtended_WriteResponse.
public struct ExtendedMemoryWriteResult: Hashable, Sendable {
    /// What became of it.
    public let returnCode: ReturnCode
    /// Of the first octet.
    public let address: UInt32
    /// The CRC-16-CCITT over what was written, where the device verified it.
    public let check: UInt16?

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(returnCode: ReturnCode, address: UInt32, check: UInt16? = nil) {
        precondition(address < 1 << 24, "address has 24 bits")
        self.returnCode = returnCode
        self.address = address
        self.check = check
    }
}

extension ExtendedMemoryWriteResult: ASDU {
    init(_ reader: inout ASDUReader) {
        returnCode = ReturnCode(rawValue: UInt8(truncatingIfNeeded: reader.word(octets: 1)))
        address = UInt32(truncatingIfNeeded: reader.word(octets: 3))
        check = reader.left < 2 ? nil : UInt16(truncatingIfNeeded: reader.word(octets: 2))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(returnCode.rawValue), octets: 1)
        writer.put(UInt32(address), octets: 3)
        if let check { writer.put(UInt32(check), octets: 2) }
    }

    var fields: [Field] {
        [
            Field("return_code", .text(returnCode.description)),
            Field("address", .text("0x" + hexadecimal(address, digits: 6))),
            Field("crc", check.map { .text("0x" + hexadecimal($0, digits: 4)) } ?? .null),
        ]
    }
}

/// The ASDU of A_MemoryExtended_ReadResponse.
public struct ExtendedMemoryResult: Hashable, Sendable {
    /// What became of it.
    public let returnCode: ReturnCode
    /// Of the first octet.
    public let address: UInt32
    /// What was read.
    public let data: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(returnCode: ReturnCode, address: UInt32, data: [UInt8]) {
        precondition(address < 1 << 24, "address has 24 bits")
        self.returnCode = returnCode
        self.address = address
        self.data = data
    }
}

extension ExtendedMemoryResult: ASDU {
    init(_ reader: inout ASDUReader) {
        returnCode = ReturnCode(rawValue: UInt8(truncatingIfNeeded: reader.word(octets: 1)))
        address = UInt32(truncatingIfNeeded: reader.word(octets: 3))
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(returnCode.rawValue), octets: 1)
        writer.put(UInt32(address), octets: 3)
        writer.put(data)
    }

    var fields: [Field] {
        [
            Field("return_code", .text(returnCode.description)),
            Field("address", .text("0x" + hexadecimal(address, digits: 6))),
            Field("data", .octets(data)),
        ]
    }
}

/// The ASDU of A_UserMemory_Read; the upper four bits of the address stand before the count.
public struct UserMemoryRange: Hashable, Sendable {
    /// 20 bits.
    public let address: UInt32
    /// The number of octets, 0…15.
    public let count: UInt8

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(address: UInt32, count: UInt8) {
        precondition(address < 1 << 20, "the address has 20 bits")
        precondition(count < 16, "the count has four bits")
        self.address = address
        self.count = count
    }
}

extension UserMemoryRange: ASDU {
    init(_ reader: inout ASDUReader) {
        let head = reader.word(octets: 1)
        address = (head >> 4) << 16 | reader.word(octets: 2)
        count = UInt8(truncatingIfNeeded: head & 15)
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put((address >> 16) << 4 | UInt32(count), octets: 1)
        writer.put(address & 0xFFFF, octets: 2)
    }

    var fields: [Field] {
        [
            Field("address", .text("0x" + hexadecimal(address, digits: 5))),
            Field("count", .integer(Int(count))),
        ]
    }
}

/// Octets of a coupler: the ASDU of A_FilterTable_Read and A_RouterMemory_Read.
public struct CountedMemoryRange: Hashable, Sendable {
    /// The number of octets.
    public let count: UInt8
    /// Of the first octet.
    public let address: UInt16

    public init(count: UInt8, address: UInt16) {
        self.count = count
        self.address = address
    }
}

extension CountedMemoryRange: ASDU {
    init(_ reader: inout ASDUReader) {
        count = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        address = UInt16(truncatingIfNeeded: reader.word(octets: 2))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(count), octets: 1)
        writer.put(UInt32(address), octets: 2)
    }

    var fields: [Field] {
        [
            Field("count", .integer(Int(count))),
            Field("address", .text("0x" + hexadecimal(address, digits: 4))),
        ]
    }
}

/// Octets of a coupler with their values: the ASDU of A_FilterTable_Response and _Write, A_RouterMemory_Response and
/// _Write.
public struct CountedMemoryBlock: Hashable, Sendable {
    /// Of the first octet.
    public let address: UInt16
    /// At most 250 octets.
    public let data: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(address: UInt16, data: [UInt8]) {
        precondition(data.count <= 250, "a frame has room for 250 octets")
        self.address = address
        self.data = data
    }
}

extension CountedMemoryBlock: ASDU {
    init(_ reader: inout ASDUReader) {
        _ = reader.word(octets: 1)
        address = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(data.count), octets: 1)
        writer.put(UInt32(address), octets: 2)
        writer.put(data)
    }

    var fields: [Field] {
        [
            Field("address", .text("0x" + hexadecimal(address, digits: 4))),
            Field("data", .octets(data)),
        ]
    }
}
