/// The ASDU of A_ADC_Read.
public struct ADCRequest: Hashable, Sendable {
    /// 0…63.
    public let channel: UInt8
    /// How often to convert.
    public let count: UInt8

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(channel: UInt8, count: UInt8) {
        precondition(channel < 64, "channel has six bits")
        self.channel = channel
        self.count = count
    }
}

extension ADCRequest: ASDU {
    init(_ reader: inout ASDUReader) {
        channel = reader.dataBits
        count = UInt8(truncatingIfNeeded: reader.word(octets: 1))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.dataBits = channel
        writer.put(UInt32(count), octets: 1)
    }

    var fields: [Field] {
        [
            Field("channel", .integer(Int(channel))),
            Field("count", .integer(Int(count))),
        ]
    }
}

/// The ASDU of A_ADC_Response.
public struct ADCResult: Hashable, Sendable {
    /// 0…63.
    public let channel: UInt8
    /// How often was converted; 0 says that it failed.
    public let count: UInt8
    /// The sum of all conversions.
    public let sum: UInt16

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(channel: UInt8, count: UInt8, sum: UInt16) {
        precondition(channel < 64, "channel has six bits")
        self.channel = channel
        self.count = count
        self.sum = sum
    }
}

extension ADCResult: ASDU {
    init(_ reader: inout ASDUReader) {
        channel = reader.dataBits
        count = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        sum = UInt16(truncatingIfNeeded: reader.word(octets: 2))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.dataBits = channel
        writer.put(UInt32(count), octets: 1)
        writer.put(UInt32(sum), octets: 2)
    }

    var fields: [Field] {
        [
            Field("channel", .integer(Int(channel))),
            Field("count", .integer(Int(count))),
            Field("sum", .integer(Int(sum))),
        ]
    }
}

/// The ASDU of A_UserManufacturerInfo_Response.
public struct ManufacturerInformation: Hashable, Sendable {
    /// The number of the manufacturer.
    public let manufacturer: UInt8
    /// Of the manufacturer's own meaning.
    public let information: UInt16

    public init(manufacturer: UInt8, information: UInt16) {
        self.manufacturer = manufacturer
        self.information = information
    }
}

extension ManufacturerInformation: ASDU {
    init(_ reader: inout ASDUReader) {
        manufacturer = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        information = UInt16(truncatingIfNeeded: reader.word(octets: 2))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(manufacturer), octets: 1)
        writer.put(UInt32(information), octets: 2)
    }

    var fields: [Field] {
        [
            Field("manufacturer", .integer(Int(manufacturer))),
            Field("information", .text("0x" + hexadecimal(information, digits: 4))),
        ]
    }
}

/// The ASDU of A_DeviceDescriptor_Read.
public struct DeviceDescriptorRequest: Hashable, Sendable {
    /// 0 the mask version, 2 the descriptor of fourteen octets.
    public let type: UInt8

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(type: UInt8) {
        precondition(type < 64, "type has six bits")
        self.type = type
    }
}

extension DeviceDescriptorRequest: ASDU {
    init(_ reader: inout ASDUReader) {
        type = reader.dataBits
    }

    func write(_ writer: inout ASDUWriter) {
        writer.dataBits = type
    }

    var fields: [Field] {
        [
            Field("descriptor_type", .integer(Int(type)))
        ]
    }
}

/// The ASDU of A_Restart as a master reset.
public struct MasterReset: Hashable, Sendable {
    /// What is reset, see `eraseName`.
    public let eraseCode: UInt8
    /// The part of the device that is meant; 0 when it has only one.
    public let channel: UInt8

    public init(eraseCode: UInt8, channel: UInt8) {
        self.eraseCode = eraseCode
        self.channel = channel
    }
}

extension MasterReset: ASDU {
    init(_ reader: inout ASDUReader) {
        eraseCode = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        channel = UInt8(truncatingIfNeeded: reader.word(octets: 1))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(eraseCode), octets: 1)
        writer.put(UInt32(channel), octets: 1)
    }

    var fields: [Field] {
        [
            Field("erase_code", .integer(Int(eraseCode))),
            Field("channel", .integer(Int(channel))),
        ]
    }
}

/// The ASDU of A_Restart_Response.
public struct MasterResetResult: Hashable, Sendable {
    /// 0 when the reset is under way.
    public let errorCode: UInt8
    /// In seconds: how long the device will not answer.
    public let processTime: UInt16

    public init(errorCode: UInt8, processTime: UInt16) {
        self.errorCode = errorCode
        self.processTime = processTime
    }
}

extension MasterResetResult: ASDU {
    init(_ reader: inout ASDUReader) {
        errorCode = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        processTime = UInt16(truncatingIfNeeded: reader.word(octets: 2))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(errorCode), octets: 1)
        writer.put(UInt32(processTime), octets: 2)
    }

    var fields: [Field] {
        [
            Field("error_code", .integer(Int(errorCode))),
            Field("process_time", .integer(Int(processTime))),
        ]
    }
}

/// The ASDU of A_Authorize_Request.
public struct AuthorizationRequest: Hashable, Sendable {
    /// Zero in the standard.
    public let reserved: UInt8
    /// FFFF FFFF is the default.
    public let key: UInt32

    public init(key: UInt32, reserved: UInt8 = 0) {
        self.key = key
        self.reserved = reserved
    }
}

extension AuthorizationRequest: ASDU {
    init(_ reader: inout ASDUReader) {
        reserved = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        key = UInt32(truncatingIfNeeded: reader.word(octets: 4))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(reserved), octets: 1)
        writer.put(UInt32(key), octets: 4)
    }

    var fields: [Field] {
        [
            Field("reserved", .integer(Int(reserved))),
            Field("key", .text("0x" + hexadecimal(key, digits: 8))),
        ]
    }
}

/// The ASDU of A_Authorize_Response and A_Key_Response.
public struct AccessLevel: Hashable, Sendable {
    /// 0 is the highest; 255 in a key response says that it was refused.
    public let level: UInt8

    public init(level: UInt8) {
        self.level = level
    }
}

extension AccessLevel: ASDU {
    init(_ reader: inout ASDUReader) {
        level = UInt8(truncatingIfNeeded: reader.word(octets: 1))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(level), octets: 1)
    }

    var fields: [Field] {
        [
            Field("level", .integer(Int(level)))
        ]
    }
}

/// The ASDU of A_Key_Write.
public struct KeyAssignment: Hashable, Sendable {
    /// The access level that the key opens.
    public let level: UInt8
    /// FFFF FFFF deletes.
    public let key: UInt32

    public init(level: UInt8, key: UInt32) {
        self.level = level
        self.key = key
    }
}

extension KeyAssignment: ASDU {
    init(_ reader: inout ASDUReader) {
        level = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        key = UInt32(truncatingIfNeeded: reader.word(octets: 4))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(level), octets: 1)
        writer.put(UInt32(key), octets: 4)
    }

    var fields: [Field] {
        [
            Field("level", .integer(Int(level))),
            Field("key", .text("0x" + hexadecimal(key, digits: 8))),
        ]
    }
}

/// The ASDU of services whose layout is not public: A_RouterStatus_Read, _Response and _Write.
public struct OpaqueASDU: Hashable, Sendable {
    /// As it is sent.
    public let data: [UInt8]

    public init(data: [UInt8]) {
        self.data = data
    }
}

extension OpaqueASDU: ASDU {
    init(_ reader: inout ASDUReader) {
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(data)
    }

    var fields: [Field] {
        [
            Field("data", .octets(data))
        ]
    }
}

/// The ASDU of A_FileStream_InfoReport.
public struct FileBlock: Hashable, Sendable {
    /// The file that is transferred.
    public let handle: UInt8
    /// Counts the blocks.
    public let sequence: UInt8
    /// As it is sent.
    public let block: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(handle: UInt8, sequence: UInt8, block: [UInt8]) {
        precondition(handle < 16, "handle has 4 bits")
        precondition(sequence < 16, "sequence has 4 bits")
        self.handle = handle
        self.sequence = sequence
        self.block = block
    }
}

extension FileBlock: ASDU {
    init(_ reader: inout ASDUReader) {
        let packed = reader.word(octets: 1)
        handle = UInt8(truncatingIfNeeded: packed >> 4 & 0xF)
        sequence = UInt8(truncatingIfNeeded: packed & 0xF)
        block = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(handle) << 4 | UInt32(sequence), octets: 1)
        writer.put(block)
    }

    var fields: [Field] {
        [
            Field("file_handle", .integer(Int(handle))),
            Field("file_sequence", .integer(Int(sequence))),
            Field("block", .octets(block)),
        ]
    }
}
