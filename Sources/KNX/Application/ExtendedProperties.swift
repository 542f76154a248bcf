/// Elements of a property addressed by object type and instance: the ASDU of A_PropertyExtValue_Read.
public struct ExtendedPropertyRange: Hashable, Sendable {
    /// The type of the interface object.
    public let objectType: UInt16
    /// The instance of the object type, from 1.
    public let instance: UInt16
    /// The property identifier (PID).
    public let property: UInt16
    /// The number of elements.
    public let count: UInt8
    /// The first element, from 1; 0 is the current number of elements.
    public let start: UInt16

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(objectType: UInt16, instance: UInt16, property: UInt16, count: UInt8, start: UInt16) {
        precondition(instance < 4096, "instance has 12 bits")
        precondition(property < 4096, "property has 12 bits")
        self.objectType = objectType
        self.instance = instance
        self.property = property
        self.count = count
        self.start = start
    }
}

extension ExtendedPropertyRange: ASDU {
    init(_ reader: inout ASDUReader) {
        objectType = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        let identity = reader.word(octets: 3)
        instance = UInt16(truncatingIfNeeded: identity >> 12 & 0xFFF)
        property = UInt16(truncatingIfNeeded: identity & 0xFFF)
        count = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        start = UInt16(truncatingIfNeeded: reader.word(octets: 2))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectType), octets: 2)
        writer.put(UInt32(instance) << 12 | UInt32(property), octets: 3)
        writer.put(UInt32(count), octets: 1)
        writer.put(UInt32(start), octets: 2)
    }

    var fields: [Field] {
        [
            Field("object_type", .integer(Int(objectType))),
            Field("object_instance", .integer(Int(instance))),
            Field("pid", .integer(Int(property))),
            Field("count", .integer(Int(count))),
            Field("start", .integer(Int(start))),
        ]
    }
}

/// Elements of a property with their values: the ASDU of A_PropertyExtValue_Response, _WriteCon, _WriteUnCon and
/// _InfoReport.
public struct ExtendedPropertyData: Hashable, Sendable {
    /// The type of the interface object.
    public let objectType: UInt16
    /// The instance of the object type, from 1.
    public let instance: UInt16
    /// The property identifier (PID).
    public let property: UInt16
    /// The number of elements.
    public let count: UInt8
    /// The first element, from 1; 0 is the current number of elements.
    public let start: UInt16
    /// The elements one after the other; where `count` is 0 in a response, the return code or nothing.
    public let data: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(objectType: UInt16, instance: UInt16, property: UInt16, count: UInt8, start: UInt16, data: [UInt8]) {
        precondition(instance < 4096, "instance has 12 bits")
        precondition(property < 4096, "property has 12 bits")
        self.objectType = objectType
        self.instance = instance
        self.property = property
        self.count = count
        self.start = start
        self.data = data
    }
}

extension ExtendedPropertyData: ASDU {
    init(_ reader: inout ASDUReader) {
        objectType = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        let identity = reader.word(octets: 3)
        instance = UInt16(truncatingIfNeeded: identity >> 12 & 0xFFF)
        property = UInt16(truncatingIfNeeded: identity & 0xFFF)
        count = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        start = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectType), octets: 2)
        writer.put(UInt32(instance) << 12 | UInt32(property), octets: 3)
        writer.put(UInt32(count), octets: 1)
        writer.put(UInt32(start), octets: 2)
        writer.put(data)
    }

    var fields: [Field] {
        [
            Field("object_type", .integer(Int(objectType))),
            Field("object_instance", .integer(Int(instance))),
            Field("pid", .integer(Int(property))),
            Field("count", .integer(Int(count))),
            Field("start", .integer(Int(start))),
            Field("data", .octets(data)),
        ]
    }
}

/// What became of a confirmed write: the ASDU of A_PropertyExtValue_WriteConRes.
public struct ExtendedPropertyResult: Hashable, Sendable {
    /// The type of the interface object.
    public let objectType: UInt16
    /// The instance of the object type, from 1.
    public let instance: UInt16
    /// The property identifier (PID).
    public let property: UInt16
    /// The number of elements.
    public let count: UInt8
    /// The first element, from 1; 0 is the current number of elements.
    public let start: UInt16
    /// What became of it.
    public let returnCode: ReturnCode

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(
        objectType: UInt16, instance: UInt16, property: UInt16, count: UInt8, start: UInt16, returnCode: ReturnCode
    ) {
        precondition(instance < 4096, "instance has 12 bits")
        precondition(property < 4096, "property has 12 bits")
        self.objectType = objectType
        self.instance = instance
        self.property = property
        self.count = count
        self.start = start
        self.returnCode = returnCode
    }
}

extension ExtendedPropertyResult: ASDU {
    init(_ reader: inout ASDUReader) {
        objectType = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        let identity = reader.word(octets: 3)
        instance = UInt16(truncatingIfNeeded: identity >> 12 & 0xFFF)
        property = UInt16(truncatingIfNeeded: identity & 0xFFF)
        count = UInt8(truncatingIfNeeded: reader.word(octets: 1))
        start = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        returnCode = ReturnCode(rawValue: UInt8(truncatingIfNeeded: reader.word(octets: 1)))
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectType), octets: 2)
        writer.put(UInt32(instance) << 12 | UInt32(property), octets: 3)
        writer.put(UInt32(count), octets: 1)
        writer.put(UInt32(start), octets: 2)
        writer.put(UInt32(returnCode.rawValue), octets: 1)
    }

    var fields: [Field] {
        [
            Field("object_type", .integer(Int(objectType))),
            Field("object_instance", .integer(Int(instance))),
            Field("pid", .integer(Int(property))),
            Field("count", .integer(Int(count))),
            Field("start", .integer(Int(start))),
            Field("return_code", .text(returnCode.description)),
        ]
    }
}

/// The ASDU of A_PropertyExtDescription_Read.
public struct ExtendedPropertyDescriptionRequest: Hashable, Sendable {
    /// The type of the interface object.
    public let objectType: UInt16
    /// The instance of the object type, from 1.
    public let instance: UInt16
    /// The property identifier (PID).
    public let property: UInt16
    /// Which description is wanted.
    public let descriptionType: UInt8
    /// Counts where the property identifier is 0.
    public let propertyIndex: UInt16

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(objectType: UInt16, instance: UInt16, property: UInt16, descriptionType: UInt8, propertyIndex: UInt16) {
        precondition(instance < 4096, "instance has 12 bits")
        precondition(property < 4096, "property has 12 bits")
        precondition(descriptionType < 16, "descriptionType has 4 bits")
        precondition(propertyIndex < 4096, "propertyIndex has 12 bits")
        self.objectType = objectType
        self.instance = instance
        self.property = property
        self.descriptionType = descriptionType
        self.propertyIndex = propertyIndex
    }
}

extension ExtendedPropertyDescriptionRequest: ASDU {
    init(_ reader: inout ASDUReader) {
        objectType = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        let identity = reader.word(octets: 3)
        instance = UInt16(truncatingIfNeeded: identity >> 12 & 0xFFF)
        property = UInt16(truncatingIfNeeded: identity & 0xFFF)
        let index = reader.word(octets: 2)
        descriptionType = UInt8(truncatingIfNeeded: index >> 12 & 0xF)
        propertyIndex = UInt16(truncatingIfNeeded: index & 0xFFF)
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectType), octets: 2)
        writer.put(UInt32(instance) << 12 | UInt32(property), octets: 3)
        writer.put(UInt32(descriptionType) << 12 | UInt32(propertyIndex), octets: 2)
    }

    var fields: [Field] {
        [
            Field("object_type", .integer(Int(objectType))),
            Field("object_instance", .integer(Int(instance))),
            Field("pid", .integer(Int(property))),
            Field("description_type", .integer(Int(descriptionType))),
            Field("property_index", .integer(Int(propertyIndex))),
        ]
    }
}

/// The ASDU of A_PropertyExtDescription_Response.
public struct ExtendedPropertyDescription: Hashable, Sendable {
    /// The type of the interface object.
    public let objectType: UInt16
    /// The instance of the object type, from 1.
    public let instance: UInt16
    /// The property identifier (PID).
    public let property: UInt16
    /// Which description it is.
    public let descriptionType: UInt8
    /// The place of the property in its object.
    public let propertyIndex: UInt16
    /// The main number of the datapoint type.
    public let datapointMain: UInt16
    /// The sub number of the datapoint type.
    public let datapointSub: UInt16
    /// Whether it can be written at all.
    public let isWritable: Bool
    /// Zero in the standard.
    public let reserved: UInt8
    /// The property data type (PDT).
    public let dataType: UInt8
    /// The greatest number of elements.
    public let maximumElements: UInt16
    /// The access level that reading needs.
    public let readLevel: UInt8
    /// The access level that writing needs.
    public let writeLevel: UInt8

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(
        objectType: UInt16, instance: UInt16, property: UInt16, descriptionType: UInt8, propertyIndex: UInt16,
        datapointMain: UInt16, datapointSub: UInt16, isWritable: Bool, dataType: UInt8, maximumElements: UInt16,
        readLevel: UInt8, writeLevel: UInt8, reserved: UInt8 = 0
    ) {
        precondition(instance < 4096, "instance has 12 bits")
        precondition(property < 4096, "property has 12 bits")
        precondition(descriptionType < 16, "descriptionType has 4 bits")
        precondition(propertyIndex < 4096, "propertyIndex has 12 bits")
        precondition(reserved < 2, "reserved is one bit")
        precondition(dataType < 64, "dataType has 6 bits")
        precondition(readLevel < 16, "readLevel has 4 bits")
        precondition(writeLevel < 16, "writeLevel has 4 bits")
        self.objectType = objectType
        self.instance = instance
        self.property = property
        self.descriptionType = descriptionType
        self.propertyIndex = propertyIndex
        self.datapointMain = datapointMain
        self.datapointSub = datapointSub
        self.isWritable = isWritable
        self.dataType = dataType
        self.maximumElements = maximumElements
        self.readLevel = readLevel
        self.writeLevel = writeLevel
        self.reserved = reserved
    }
}

extension ExtendedPropertyDescription: ASDU {
    init(_ reader: inout ASDUReader) {
        objectType = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        let identity = reader.word(octets: 3)
        instance = UInt16(truncatingIfNeeded: identity >> 12 & 0xFFF)
        property = UInt16(truncatingIfNeeded: identity & 0xFFF)
        let index = reader.word(octets: 2)
        descriptionType = UInt8(truncatingIfNeeded: index >> 12 & 0xF)
        propertyIndex = UInt16(truncatingIfNeeded: index & 0xFFF)
        datapointMain = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        datapointSub = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        let kind = reader.word(octets: 1)
        isWritable = kind & 0x80 != 0
        reserved = UInt8(truncatingIfNeeded: kind >> 6 & 0x1)
        dataType = UInt8(truncatingIfNeeded: kind & 0x3F)
        maximumElements = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        let levels = reader.word(octets: 1)
        readLevel = UInt8(truncatingIfNeeded: levels >> 4 & 0xF)
        writeLevel = UInt8(truncatingIfNeeded: levels & 0xF)
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectType), octets: 2)
        writer.put(UInt32(instance) << 12 | UInt32(property), octets: 3)
        writer.put(UInt32(descriptionType) << 12 | UInt32(propertyIndex), octets: 2)
        writer.put(UInt32(datapointMain), octets: 2)
        writer.put(UInt32(datapointSub), octets: 2)
        writer.put((isWritable ? 0x80 : 0) | UInt32(reserved) << 6 | UInt32(dataType), octets: 1)
        writer.put(UInt32(maximumElements), octets: 2)
        writer.put(UInt32(readLevel) << 4 | UInt32(writeLevel), octets: 1)
    }

    var fields: [Field] {
        [
            Field("object_type", .integer(Int(objectType))),
            Field("object_instance", .integer(Int(instance))),
            Field("pid", .integer(Int(property))),
            Field("description_type", .integer(Int(descriptionType))),
            Field("property_index", .integer(Int(propertyIndex))),
            Field("dpt_main", .integer(Int(datapointMain))),
            Field("dpt_sub", .integer(Int(datapointSub))),
            Field("writable", .boolean(isWritable)),
            Field("reserved", .integer(Int(reserved))),
            Field("pdt", .integer(Int(dataType))),
            Field("maximum_elements", .integer(Int(maximumElements))),
            Field("read_level", .integer(Int(readLevel))),
            Field("write_level", .integer(Int(writeLevel))),
        ]
    }
}

/// The ASDU of A_FunctionPropertyExtCommand and A_FunctionPropertyExtState_Read.
public struct ExtendedFunctionProperty: Hashable, Sendable {
    /// The type of the interface object.
    public let objectType: UInt16
    /// The instance of the object type, from 1.
    public let instance: UInt16
    /// The property identifier (PID).
    public let property: UInt16
    /// What the function gets.
    public let data: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(objectType: UInt16, instance: UInt16, property: UInt16, data: [UInt8]) {
        precondition(instance < 4096, "instance has 12 bits")
        precondition(property < 4096, "property has 12 bits")
        self.objectType = objectType
        self.instance = instance
        self.property = property
        self.data = data
    }
}

extension ExtendedFunctionProperty: ASDU {
    init(_ reader: inout ASDUReader) {
        objectType = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        let identity = reader.word(octets: 3)
        instance = UInt16(truncatingIfNeeded: identity >> 12 & 0xFFF)
        property = UInt16(truncatingIfNeeded: identity & 0xFFF)
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectType), octets: 2)
        writer.put(UInt32(instance) << 12 | UInt32(property), octets: 3)
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

/// The ASDU of A_FunctionPropertyExtState_Response.
public struct ExtendedFunctionPropertyResult: Hashable, Sendable {
    /// The type of the interface object.
    public let objectType: UInt16
    /// The instance of the object type, from 1.
    public let instance: UInt16
    /// The property identifier (PID).
    public let property: UInt16
    /// What became of it.
    public let returnCode: ReturnCode
    /// What the function gives.
    public let data: [UInt8]

    /// Values beyond the ranges of the fields are errors of the caller.
    public init(objectType: UInt16, instance: UInt16, property: UInt16, returnCode: ReturnCode, data: [UInt8]) {
        precondition(instance < 4096, "instance has 12 bits")
        precondition(property < 4096, "property has 12 bits")
        self.objectType = objectType
        self.instance = instance
        self.property = property
        self.returnCode = returnCode
        self.data = data
    }
}

extension ExtendedFunctionPropertyResult: ASDU {
    init(_ reader: inout ASDUReader) {
        objectType = UInt16(truncatingIfNeeded: reader.word(octets: 2))
        let identity = reader.word(octets: 3)
        instance = UInt16(truncatingIfNeeded: identity >> 12 & 0xFFF)
        property = UInt16(truncatingIfNeeded: identity & 0xFFF)
        returnCode = ReturnCode(rawValue: UInt8(truncatingIfNeeded: reader.word(octets: 1)))
        data = reader.rest()
    }

    func write(_ writer: inout ASDUWriter) {
        writer.put(UInt32(objectType), octets: 2)
        writer.put(UInt32(instance) << 12 | UInt32(property), octets: 3)
        writer.put(UInt32(returnCode.rawValue), octets: 1)
        writer.put(data)
    }

    var fields: [Field] {
        [
            Field("object_type", .integer(Int(objectType))),
            Field("object_instance", .integer(Int(instance))),
            Field("pid", .integer(Int(property))),
            Field("return_code", .text(returnCode.description)),
            Field("data", .octets(data)),
        ]
    }
}
