/// Elements of a property: the ASDU of A_PropertyValue_Read.
public struct PropertyRange: Hashable, Sendable {
    /// The place of the interface object in the device, 0 the device object.
    public let objectIndex: UInt8
    /// The property identifier (PID).
    public let property: UInt8
    /// The number of elements; 0 in a response is the negative answer.
    public let count: UInt8
    /// The first element, from 1; 0 is the current number of elements.
    public let start: UInt16

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(objectIndex: UInt8, property: UInt8, count: UInt8, start: UInt16) {
        precondition(count < 16, "count has 4 bits")
        precondition(start < 4096, "start has 12 bits")
        self.objectIndex = objectIndex
        self.property = property
        self.count = count
        self.start = start
    }
}

extension PropertyRange: ASDU {
    init(_ reader: inout ASDUReader) {
        objectIndex = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        property = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        let range = reader.word(octets: 2)
        count = UInt8(truncatingIfNeeded: range >> 12 & 0xF)
        start = UInt16(truncatingIfNeeded: range & 0xFFF)
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectIndex), octets: 1)
        writer.put(UInt32(property), octets: 1)
        writer.put(UInt32(count) << 12 | UInt32(start), octets: 2)
    }

    var fields: [Field] {
        [
            Field("object_index", .integer(Int(objectIndex))),
            Field("pid", .integer(Int(property))),
            Field("count", .integer(Int(count))),
            Field("start", .integer(Int(start))),
        ]
    }
}

/// Elements of a property with their values: the ASDU of A_PropertyValue_Response and _Write.
public struct PropertyData: Hashable, Sendable {
    /// The place of the interface object in the device, 0 the device object.
    public let objectIndex: UInt8
    /// The property identifier (PID).
    public let property: UInt8
    /// The number of elements; 0 in a response is the negative answer.
    public let count: UInt8
    /// The first element, from 1; 0 is the current number of elements.
    public let start: UInt16
    /// The elements one after the other.
    public let data: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(objectIndex: UInt8, property: UInt8, count: UInt8, start: UInt16, data: [UInt8]) {
        precondition(count < 16, "count has 4 bits")
        precondition(start < 4096, "start has 12 bits")
        self.objectIndex = objectIndex
        self.property = property
        self.count = count
        self.start = start
        self.data = data
    }
}

extension PropertyData: ASDU {
    init(_ reader: inout ASDUReader) {
        objectIndex = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        property = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        let range = reader.word(octets: 2)
        count = UInt8(truncatingIfNeeded: range >> 12 & 0xF)
        start = UInt16(truncatingIfNeeded: range & 0xFFF)
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectIndex), octets: 1)
        writer.put(UInt32(property), octets: 1)
        writer.put(UInt32(count) << 12 | UInt32(start), octets: 2)
        writer.put(data)
    }

    var fields: [Field] {
        [
            Field("object_index", .integer(Int(objectIndex))),
            Field("pid", .integer(Int(property))),
            Field("count", .integer(Int(count))),
            Field("start", .integer(Int(start))),
            Field("data", .octets(data)),
        ]
    }
}

/// The ASDU of A_PropertyDescription_Read.
public struct PropertyDescriptionRequest: Hashable, Sendable {
    /// The place of the interface object in the device, 0 the device object.
    public let objectIndex: UInt8
    /// The property identifier (PID).
    public let property: UInt8
    /// Counts where the property identifier is 0.
    public let propertyIndex: UInt8

    public init(objectIndex: UInt8, property: UInt8, propertyIndex: UInt8) {
        self.objectIndex = objectIndex
        self.property = property
        self.propertyIndex = propertyIndex
    }
}

extension PropertyDescriptionRequest: ASDU {
    init(_ reader: inout ASDUReader) {
        objectIndex = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        property = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        propertyIndex = UInt8(truncatingIfNeeded: reader.word(octets: 1))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectIndex), octets: 1)
        writer.put(UInt32(property), octets: 1)
        writer.put(UInt32(propertyIndex), octets: 1)
    }

    var fields: [Field] {
        [
            Field("object_index", .integer(Int(objectIndex))),
            Field("pid", .integer(Int(property))),
            Field("property_index", .integer(Int(propertyIndex))),
        ]
    }
}

/// The ASDU of A_PropertyDescription_Response. Type 0 with no elements says that there is no such property.
public struct PropertyDescription: Hashable, Sendable {
    /// The place of the interface object in the device, 0 the device object.
    public let objectIndex: UInt8
    /// The property identifier (PID).
    public let property: UInt8
    /// The place of the property in its object.
    public let propertyIndex: UInt8
    /// Whether it can be written at all.
    public let isWritable: Bool
    /// Zero in the standard.
    public let reserved: UInt8
    /// The property data type (PDT).
    public let dataType: UInt8
    /// Zero in the standard.
    public let reservedBits: UInt8
    /// The greatest number of elements.
    public let maximumElements: UInt16
    /// The access level that reading needs.
    public let readLevel: UInt8
    /// The access level that writing needs.
    public let writeLevel: UInt8

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(
        objectIndex: UInt8, property: UInt8, propertyIndex: UInt8, isWritable: Bool, dataType: UInt8,
        maximumElements: UInt16, readLevel: UInt8, writeLevel: UInt8, reserved: UInt8 = 0, reservedBits: UInt8 = 0
    ) {
        precondition(reserved < 2, "reserved is one bit")
        precondition(dataType < 64, "dataType has 6 bits")
        precondition(reservedBits < 16, "reservedBits has 4 bits")
        precondition(maximumElements < 4096, "maximumElements has 12 bits")
        precondition(readLevel < 16, "readLevel has 4 bits")
        precondition(writeLevel < 16, "writeLevel has 4 bits")
        self.objectIndex = objectIndex
        self.property = property
        self.propertyIndex = propertyIndex
        self.isWritable = isWritable
        self.dataType = dataType
        self.maximumElements = maximumElements
        self.readLevel = readLevel
        self.writeLevel = writeLevel
        self.reserved = reserved
        self.reservedBits = reservedBits
    }
}

extension PropertyDescription: ASDU {
    init(_ reader: inout ASDUReader) {
        objectIndex = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        property = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        propertyIndex = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        let kind = reader.word(octets: 1)
        isWritable = kind & 0x80 != 0
        reserved = UInt8(truncatingIfNeeded: kind >> 6 & 0x1)
        dataType = UInt8(truncatingIfNeeded: kind & 0x3F)
        let extent = reader.word(octets: 2)
        reservedBits = UInt8(truncatingIfNeeded: extent >> 12 & 0xF)
        maximumElements = UInt16(truncatingIfNeeded: extent & 0xFFF)
        let levels = reader.word(octets: 1)
        readLevel = UInt8(truncatingIfNeeded: levels >> 4 & 0xF)
        writeLevel = UInt8(truncatingIfNeeded: levels & 0xF)
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectIndex), octets: 1)
        writer.put(UInt32(property), octets: 1)
        writer.put(UInt32(propertyIndex), octets: 1)
        writer.put((isWritable ? 0x80 : 0) | UInt32(reserved) << 6 | UInt32(dataType), octets: 1)
        writer.put(UInt32(reservedBits) << 12 | UInt32(maximumElements), octets: 2)
        writer.put(UInt32(readLevel) << 4 | UInt32(writeLevel), octets: 1)
    }

    var fields: [Field] {
        [
            Field("object_index", .integer(Int(objectIndex))),
            Field("pid", .integer(Int(property))),
            Field("property_index", .integer(Int(propertyIndex))),
            Field("writable", .boolean(isWritable)),
            Field("reserved", .integer(Int(reserved))),
            Field("pdt", .integer(Int(dataType))),
            Field("reserved_bits", .integer(Int(reservedBits))),
            Field("maximum_elements", .integer(Int(maximumElements))),
            Field("read_level", .integer(Int(readLevel))),
            Field("write_level", .integer(Int(writeLevel))),
        ]
    }
}

/// The ASDU of A_FunctionPropertyCommand and A_FunctionPropertyState_Read.
public struct FunctionProperty: Hashable, Sendable {
    /// The place of the interface object in the device, 0 the device object.
    public let objectIndex: UInt8
    /// The property identifier (PID).
    public let property: UInt8
    /// What the function gets.
    public let data: [UInt8]

    public init(objectIndex: UInt8, property: UInt8, data: [UInt8]) {
        self.objectIndex = objectIndex
        self.property = property
        self.data = data
    }
}

extension FunctionProperty: ASDU {
    init(_ reader: inout ASDUReader) {
        objectIndex = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        property = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectIndex), octets: 1)
        writer.put(UInt32(property), octets: 1)
        writer.put(data)
    }

    var fields: [Field] {
        [
            Field("object_index", .integer(Int(objectIndex))),
            Field("pid", .integer(Int(property))),
            Field("data", .octets(data)),
        ]
    }
}

/// The ASDU of A_FunctionPropertyState_Response.
public struct FunctionPropertyResult: Hashable, Sendable {
    /// The place of the interface object in the device, 0 the device object.
    public let objectIndex: UInt8
    /// The property identifier (PID).
    public let property: UInt8
    /// Nil, with no data, where the property is no function.
    public let returnCode: ReturnCode?
    /// What the function gives.
    public let data: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(objectIndex: UInt8, property: UInt8, returnCode: ReturnCode?, data: [UInt8]) {
        precondition(returnCode != nil || data.isEmpty, "data follows a return code")
        self.objectIndex = objectIndex
        self.property = property
        self.returnCode = returnCode
        self.data = data
    }
}

extension FunctionPropertyResult: ASDU {
    init(_ reader: inout ASDUReader) {
        objectIndex = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        property = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        returnCode = reader.left == 0 ? nil : ReturnCode(rawValue: UInt8(truncatingIfNeeded: reader.word(octets: 1)))
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectIndex), octets: 1)
        writer.put(UInt32(property), octets: 1)
        if let returnCode { writer.put(UInt32(returnCode.rawValue), octets: 1) }
        writer.put(data)
    }

    var fields: [Field] {
        [
            Field("object_index", .integer(Int(objectIndex))),
            Field("pid", .integer(Int(property))),
            Field("return_code", returnCode.map { .text($0.description) } ?? .null),
            Field("data", .octets(data)),
        ]
    }
}

/// A property of an object in a group of devices: the ASDU of A_GroupPropValue_Read.
public struct GroupProperty: Hashable, Sendable {
    /// The type of the interface object.
    public let objectType: UInt16
    /// The instance of the object type.
    public let instance: UInt8
    /// The property identifier (PID).
    public let property: UInt8

    public init(objectType: UInt16, instance: UInt8, property: UInt8) {
        self.objectType = objectType
        self.instance = instance
        self.property = property
    }
}

extension GroupProperty: ASDU {
    init(_ reader: inout ASDUReader) {
        objectType = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        instance = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        property = UInt8(truncatingIfNeeded: reader.word(octets: 1))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectType), octets: 2)
        writer.put(UInt32(instance), octets: 1)
        writer.put(UInt32(property), octets: 1)
    }

    var fields: [Field] {
        [
            Field("object_type", .integer(Int(objectType))),
            Field("object_instance", .integer(Int(instance))),
            Field("pid", .integer(Int(property))),
        ]
    }
}

/// The ASDU of A_GroupPropValue_Response, _Write and _InfoReport.
public struct GroupPropertyData: Hashable, Sendable {
    /// The type of the interface object.
    public let objectType: UInt16
    /// The instance of the object type.
    public let instance: UInt8
    /// The property identifier (PID).
    public let property: UInt8
    /// The value of the property.
    public let data: [UInt8]

    public init(objectType: UInt16, instance: UInt8, property: UInt8, data: [UInt8]) {
        self.objectType = objectType
        self.instance = instance
        self.property = property
        self.data = data
    }
}

extension GroupPropertyData: ASDU {
    init(_ reader: inout ASDUReader) {
        objectType = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        instance = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        property = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectType), octets: 2)
        writer.put(UInt32(instance), octets: 1)
        writer.put(UInt32(property), octets: 1)
        writer.put(data)
    }

    var fields: [Field] {
        [
            Field("object_type", .integer(Int(objectType))),
            Field("object_instance", .integer(Int(instance))),
            Field("pid", .integer(Int(property))),
            Field("data", .octets(data)),
        ]
    }
}
