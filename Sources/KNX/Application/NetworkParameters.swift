/// The ASDU of A_NetworkParameter_Read, _Response and _Write.
public struct NetworkParameter: Hashable, Sendable {
    /// The type of the interface object.
    public let objectType: UInt16
    /// The property identifier (PID).
    public let property: UInt8
    /// Test information; in a response its result follows it. Only the request tells where.
    public let test: [UInt8]

    public init(objectType: UInt16, property: UInt8, test: [UInt8]) {
        self.objectType = objectType
        self.property = property
        self.test = test
    }
}

extension NetworkParameter: ASDU {
    init(_ reader: inout ASDUReader) {
        objectType = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        property = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        test = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectType), octets: 2)
        writer.put(UInt32(property), octets: 1)
        writer.put(test)
    }

    var fields: [Field] {
        [
            Field("object_type", .integer(Int(objectType))),
            Field("pid", .integer(Int(property))),
            Field("test_information", .octets(test)),
        ]
    }
}

/// The ASDU of A_SystemNetworkParameter_Read, _Response and _Write.
public struct SystemNetworkParameter: Hashable, Sendable {
    /// The type of the interface object.
    public let objectType: UInt16
    /// The property identifier (PID).
    public let property: UInt16
    /// Zero in the standard.
    public let reserved: UInt8
    /// Test information; in a response its result follows it. Only the request tells where.
    public let test: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(objectType: UInt16, property: UInt16, test: [UInt8], reserved: UInt8 = 0) {
        precondition(property < 4096, "property has 12 bits")
        precondition(reserved < 16, "reserved has 4 bits")
        self.objectType = objectType
        self.property = property
        self.test = test
        self.reserved = reserved
    }
}

extension SystemNetworkParameter: ASDU {
    init(_ reader: inout ASDUReader) {
        objectType = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        let packed = reader.word(octets: 2)
        property = UInt16(truncatingIfNeeded: packed >> 4 & 0xFFF)
        reserved = UInt8(truncatingIfNeeded: packed & 0xF)
        test = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectType), octets: 2)
        writer.put(UInt32(property) << 4 | UInt32(reserved), octets: 2)
        writer.put(test)
    }

    var fields: [Field] {
        [
            Field("object_type", .integer(Int(objectType))),
            Field("pid", .integer(Int(property))),
            Field("reserved", .integer(Int(reserved))),
            Field("test_information", .octets(test)),
        ]
    }
}
