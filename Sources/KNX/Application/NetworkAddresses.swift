/// The ASDU of A_IndividualAddress_Write.
public struct NewAddress: Hashable, Sendable {
    /// Devices in programming mode take it.
    public let address: IndividualAddress

    public init(address: IndividualAddress) {
        self.address = address
    }
}

extension NewAddress: ASDU {
    init(_ reader: inout ASDUReader) {
        address = IndividualAddress(raw: UInt16(truncatingIfNeeded: reader.word(octets: 2)))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(address.raw), octets: 2)
    }

    var fields: [Field] {
        [
            Field("new_address", .text(address.description))
        ]
    }
}

/// The ASDU of A_IndividualAddressSerialNumber_Read and A_DomainAddressSerialNumber_Read.
public struct SerialNumber: Hashable, Sendable {
    /// Manufacturer (2 octets) and number (4).
    public let serialNumber: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(serialNumber: [UInt8]) {
        precondition(serialNumber.count == 6, "serialNumber has 6 octets")
        self.serialNumber = serialNumber
    }
}

extension SerialNumber: ASDU {
    init(_ reader: inout ASDUReader) {
        serialNumber = reader.take(6)
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(serialNumber)
    }

    var fields: [Field] {
        [
            Field("serial_number", .octets(serialNumber))
        ]
    }
}

/// The ASDU of A_IndividualAddressSerialNumber_Response; the address asked for is the source of the frame.
public struct SerialNumberResponse: Hashable, Sendable {
    /// Manufacturer (2 octets) and number (4).
    public let serialNumber: [UInt8]
    /// The domain address on power line, 0 on twisted pair.
    public let domain: UInt16
    /// Zero in the standard.
    public let reserved: UInt16

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(serialNumber: [UInt8], domain: UInt16, reserved: UInt16 = 0) {
        precondition(serialNumber.count == 6, "serialNumber has 6 octets")
        self.serialNumber = serialNumber
        self.domain = domain
        self.reserved = reserved
    }
}

extension SerialNumberResponse: ASDU {
    init(_ reader: inout ASDUReader) {
        serialNumber = reader.take(6)
        domain = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        reserved = UInt16(truncatingIfNeeded: reader.word(octets: 2))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(serialNumber)
        writer.put(UInt32(domain), octets: 2)
        writer.put(UInt32(reserved), octets: 2)
    }

    var fields: [Field] {
        [
            Field("serial_number", .octets(serialNumber)),
            Field("domain_address", .text("0x" + hexadecimal(domain, digits: 4))),
            Field("reserved", .integer(Int(reserved))),
        ]
    }
}

/// The ASDU of A_IndividualAddressSerialNumber_Write.
public struct SerialNumberAssignment: Hashable, Sendable {
    /// Manufacturer (2 octets) and number (4).
    public let serialNumber: [UInt8]
    /// The device with the serial number takes it.
    public let address: IndividualAddress
    /// Zero in the standard.
    public let reserved: UInt32

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(serialNumber: [UInt8], address: IndividualAddress, reserved: UInt32 = 0) {
        precondition(serialNumber.count == 6, "serialNumber has 6 octets")
        self.serialNumber = serialNumber
        self.address = address
        self.reserved = reserved
    }
}

extension SerialNumberAssignment: ASDU {
    init(_ reader: inout ASDUReader) {
        serialNumber = reader.take(6)
        address = IndividualAddress(raw: UInt16(truncatingIfNeeded: reader.word(octets: 2)))
        reserved = UInt32(truncatingIfNeeded: reader.word(octets: 4))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(serialNumber)
        writer.put(UInt32(address.raw), octets: 2)
        writer.put(UInt32(reserved), octets: 4)
    }

    var fields: [Field] {
        [
            Field("serial_number", .octets(serialNumber)),
            Field("new_address", .text(address.description)),
            Field("reserved", .integer(Int(reserved))),
        ]
    }
}

/// The ASDU of A_DomainAddress_Write and _Response.
public struct DomainAddress: Hashable, Sendable {
    /// 2 octets on power line, 6 on radio.
    public let domain: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(domain: [UInt8]) {
        precondition(domain.count == 2 || domain.count == 6, "domain has 2 or 6 octets")
        self.domain = domain
    }
}

extension DomainAddress: ASDU {
    init(_ reader: inout ASDUReader) {
        domain = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(domain)
    }

    var fields: [Field] {
        [
            Field("domain_address", .octets(domain))
        ]
    }
}

/// The ASDU of A_DomainAddressSelective_Read.
public struct DomainAddressSelection: Hashable, Sendable {
    /// The domain that is asked.
    public let domain: UInt16
    /// The first individual address that answers.
    public let first: IndividualAddress
    /// How many addresses behind it answer too.
    public let range: UInt8

    public init(domain: UInt16, first: IndividualAddress, range: UInt8) {
        self.domain = domain
        self.first = first
        self.range = range
    }
}

extension DomainAddressSelection: ASDU {
    init(_ reader: inout ASDUReader) {
        domain = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        first = IndividualAddress(raw: UInt16(truncatingIfNeeded: reader.word(octets: 2)))
        range = UInt8(truncatingIfNeeded: reader.word(octets: 1))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(domain), octets: 2)
        writer.put(UInt32(first.raw), octets: 2)
        writer.put(UInt32(range), octets: 1)
    }

    var fields: [Field] {
        [
            Field("domain_address", .text("0x" + hexadecimal(domain, digits: 4))),
            Field("start_address", .text(first.description)),
            Field("range", .integer(Int(range))),
        ]
    }
}

/// The ASDU of A_DomainAddressSerialNumber_Response.
public struct DomainReport: Hashable, Sendable {
    /// Manufacturer (2 octets) and number (4).
    public let serialNumber: [UInt8]
    /// 2 octets on power line, 6 on radio.
    public let domain: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(serialNumber: [UInt8], domain: [UInt8]) {
        precondition(serialNumber.count == 6, "serialNumber has 6 octets")
        precondition(domain.count == 2 || domain.count == 6, "domain has 2 or 6 octets")
        self.serialNumber = serialNumber
        self.domain = domain
    }
}

extension DomainReport: ASDU {
    init(_ reader: inout ASDUReader) {
        serialNumber = reader.take(6)
        domain = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(serialNumber)
        writer.put(domain)
    }

    var fields: [Field] {
        [
            Field("serial_number", .octets(serialNumber)),
            Field("domain_address", .octets(domain)),
        ]
    }
}

/// The ASDU of A_Link_Read.
public struct LinkRequest: Hashable, Sendable {
    /// The number of the group object.
    public let object: UInt8
    /// Zero in the standard.
    public let reserved: UInt8
    /// The first group address that is wanted, from 1.
    public let start: UInt8

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(object: UInt8, start: UInt8, reserved: UInt8 = 0) {
        precondition(reserved < 16, "reserved has 4 bits")
        precondition(start < 16, "start has 4 bits")
        self.object = object
        self.start = start
        self.reserved = reserved
    }
}

extension LinkRequest: ASDU {
    init(_ reader: inout ASDUReader) {
        object = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        let packed = reader.word(octets: 1)
        reserved = UInt8(truncatingIfNeeded: packed >> 4 & 0xF)
        start = UInt8(truncatingIfNeeded: packed & 0xF)
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(object), octets: 1)
        writer.put(UInt32(reserved) << 4 | UInt32(start), octets: 1)
    }

    var fields: [Field] {
        [
            Field("group_object", .integer(Int(object))),
            Field("reserved", .integer(Int(reserved))),
            Field("start", .integer(Int(start))),
        ]
    }
}
