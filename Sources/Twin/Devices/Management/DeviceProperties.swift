import KNX

/// The properties of a simulated device: object 0 is the device object, object 1 the application program (type 3). Every property has one element.
struct DeviceProperties: Sendable {
    /// Property identifiers (PID) of the device object that mean something to the device itself.
    static let deviceControl: UInt8 = 14
    static let programmingMode: UInt8 = 54

    /// Data types of properties, as recalled from the standard; nothing here depends on them.
    private enum DataType: UInt8 {
        case unsignedChar = 0x02
        case unsignedInt = 0x04
        case generic01 = 0x11
        case generic02 = 0x12
        case generic05 = 0x15
        case generic06 = 0x16
        case generic10 = 0x1A
        case bitSet8 = 0x33
    }

    private struct Property: Sendable {
        let identifier: UInt8
        let type: DataType
        var octets: [UInt8]
        var isWritable = false
    }

    private var objects: [[Property]]

    /// - Parameter longestAPDU: what PID 56 says.
    init(_ identity: DeviceIdentity, address: IndividualAddress, longestAPDU: UInt16) {
        let word = { (number: UInt16) in [UInt8(number >> 8), UInt8(number & 255)] }
        let order = Array(identity.order.utf8) + Array(repeating: 0, count: 10 - identity.order.utf8.count)
        let program =
            word(identity.manufacturer) + word(identity.application) + [identity.applicationVersion]
        objects = [
            [
                Property(identifier: 1, type: .unsignedInt, octets: [0, 0]),
                Property(identifier: 9, type: .unsignedChar, octets: [identity.firmware]),
                Property(identifier: 11, type: .generic06, octets: identity.serialOctets),
                Property(identifier: 12, type: .unsignedInt, octets: word(identity.manufacturer)),
                Property(identifier: Self.deviceControl, type: .bitSet8, octets: [0], isWritable: true),
                Property(identifier: 15, type: .generic10, octets: order),
                Property(
                    identifier: Self.programmingMode, type: .bitSet8, octets: [identity.isProgramming ? 1 : 0],
                    isWritable: true),
                Property(identifier: 56, type: .unsignedInt, octets: word(longestAPDU)),
                Property(identifier: 57, type: .unsignedChar, octets: [UInt8(address.raw >> 8)]),
                Property(identifier: 58, type: .unsignedChar, octets: [UInt8(address.raw & 255)]),
                Property(identifier: 83, type: .generic02, octets: word(identity.mask)),
            ],
            [
                Property(identifier: 1, type: .unsignedInt, octets: [0, 3]),
                // Loaded.
                Property(identifier: 5, type: .generic01, octets: [1]),
                // Running.
                Property(identifier: 6, type: .generic01, octets: [1]),
                Property(identifier: 13, type: .generic05, octets: program),
            ],
        ]
    }

    private func place(_ object: UInt8, _ identifier: UInt8) -> Int? {
        guard Int(object) < objects.count else { return nil }
        return objects[Int(object)].firstIndex { $0.identifier == identifier }
    }

    /// The octets of a property; nil where there is none.
    func value(object: UInt8, _ identifier: UInt8) -> [UInt8]? {
        place(object, identifier).map { objects[Int(object)][$0].octets }
    }

    /// Sets a property of the device itself.
    mutating func set(_ identifier: UInt8, _ octets: [UInt8]) {
        guard let place = place(0, identifier) else { return }
        objects[0][place].octets = octets
    }

    /// The answer to A_PropertyValue_Read; its count is 0 where nothing can be read.
    func read(_ range: PropertyRange) -> PropertyData {
        var count: UInt8 = 0
        var data: [UInt8] = []
        if let octets = value(object: range.objectIndex, range.property), range.count == 1, range.start <= 1 {
            count = 1
            // Element 0 is the number of elements.
            data = range.start == 0 ? [0, 1] : octets
        }
        return PropertyData(
            objectIndex: range.objectIndex, property: range.property, count: count, start: range.start, data: data)
    }

    /// The answer to A_PropertyValue_Write: what is there afterwards; its count is 0 where nothing could be written.
    mutating func write(_ data: PropertyData) -> PropertyData {
        let range = PropertyRange(
            objectIndex: data.objectIndex, property: data.property, count: data.count, start: data.start)
        if let place = place(data.objectIndex, data.property), data.count == 1, data.start == 1 {
            let property = objects[Int(data.objectIndex)][place]
            if property.isWritable, property.octets.count == data.data.count {
                objects[Int(data.objectIndex)][place].octets = data.data
                return read(range)
            }
        }
        return PropertyData(
            objectIndex: data.objectIndex, property: data.property, count: 0, start: data.start, data: [])
    }

    /// The answer to A_PropertyDescription_Read; type and elements are 0 where there is no such property.
    func describe(_ request: PropertyDescriptionRequest) -> PropertyDescription {
        let object = Int(request.objectIndex)
        let known = object < objects.count ? objects[object] : []
        let index =
            request.property != 0 ? place(request.objectIndex, request.property) : Int(request.propertyIndex)
        guard let index, known.indices.contains(index) else {
            return PropertyDescription(
                objectIndex: request.objectIndex, property: request.property, propertyIndex: request.propertyIndex,
                isWritable: false, dataType: 0, maximumElements: 0, readLevel: 0, writeLevel: 0)
        }
        // Level 3 is the lowest of four: anybody.
        return PropertyDescription(
            objectIndex: request.objectIndex, property: known[index].identifier, propertyIndex: UInt8(index),
            isWritable: known[index].isWritable, dataType: known[index].type.rawValue, maximumElements: 1, readLevel: 3,
            writeLevel: 3)
    }
}
