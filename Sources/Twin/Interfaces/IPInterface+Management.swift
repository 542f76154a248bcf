import KNX

/// Local device management (KNX standard 3/8/3): a client reads and writes properties of the interface's own objects, and restarts it.
///
/// It has the device object (0), the cEMI server object (8) and the KNXnet/IP parameter object (11), each with the properties that clients read. What
/// others products have beyond is no property here.
extension IPInterface {
    private enum ObjectType {
        static let device: UInt16 = 0
        static let server: UInt16 = 8
        static let parameters: UInt16 = 11
    }

    /// Properties of the KNXnet/IP parameter object that are named twice here.
    private enum Property {
        static let deviceState: UInt8 = 69
        static let friendlyName: UInt8 = 76
    }

    /// Executes what a client asks in a connection for management.
    mutating func manage(_ cemi: [UInt8]) -> Execution {
        guard let message = try? CEMIMessage(cemi.span) else { return .refused }
        switch message {
        case .property(let request): return answer(to: request).map { .answer(.cemi($0.octets)) } ?? .nothing
        case .resetRequest: return .reset
        default: return .nothing
        }
    }

    /// Tells the clients of the management that the state of the device has changed (property 69 of object 11).
    mutating func informOfState() {
        let header = PropertyHeader(objectType: ObjectType.parameters, property: Property.deviceState)
        guard let news = try? PropertyMessage(.propertyInformationIndication, header, data: [deviceState]) else {
            return
        }
        for connection in channels where connection.purpose == .management {
            say(.cemi(news.octets), channel: connection.channel)
        }
    }

    /// b0: the line has no voltage.
    private var deviceState: UInt8 { hasBus ? 0 : 1 }

    // MARK: Requests

    private mutating func answer(to request: PropertyMessage) -> PropertyMessage? {
        let header = request.header
        switch request.code {
        case .propertyReadRequest:
            do throws(PropertyError) {
                return confirmation(.propertyReadConfirmation, of: header, try read(header))
            } catch {
                return refusal(.propertyReadConfirmation, of: header, error)
            }
        case .propertyWriteRequest:
            do throws(PropertyError) {
                try write(header, request.data)
                return confirmation(.propertyWriteConfirmation, of: header, [])
            } catch {
                return refusal(.propertyWriteConfirmation, of: header, error)
            }
        // None of its properties is a function, which is said by saying nothing of it.
        case .functionPropertyCommandRequest, .functionPropertyStateReadRequest:
            return confirmation(.functionPropertyConfirmation, of: header, [])
        default: return nil
        }
    }

    private func confirmation(_ code: MessageCode, of header: PropertyHeader, _ data: [UInt8]) -> PropertyMessage? {
        try? PropertyMessage(code, header, data: data)
    }

    private func refusal(
        _ code: MessageCode, of header: PropertyHeader, _ error: PropertyError
    ) -> PropertyMessage? {
        var header = header
        header.elements = 0
        return try? PropertyMessage(code, header, data: [error.rawValue])
    }

    /// Where the elements that a header names lie among the octets of a property.
    private func range(_ header: PropertyHeader, of property: InterfaceProperty) -> Range<Int>? {
        guard let elements = header.elements, let start = header.start, elements > 0, start > 0 else { return nil }
        let first = Int(start) - 1
        guard first + Int(elements) <= property.count else { return nil }
        return first * property.elementSize..<(first + Int(elements)) * property.elementSize
    }

    private func property(_ header: PropertyHeader) -> InterfaceProperty? {
        guard header.objectInstance == 1 else { return nil }
        return switch header.objectType {
        case ObjectType.device: deviceProperty(header.property)
        case ObjectType.server: serverProperty(header.property)
        case ObjectType.parameters: parameterProperty(header.property)
        default: nil
        }
    }

    private func read(_ header: PropertyHeader) throws(PropertyError) -> [UInt8] {
        guard let property = property(header) else { throw .voidDatapoint }
        if header.start == 0, header.elements == 1 {
            return InterfaceProperty.number(UInt16(property.count)).octets
        }
        guard let range = range(header, of: property) else { throw .indexRange }
        return Array(property.octets[range])
    }

    private mutating func write(_ header: PropertyHeader, _ data: [UInt8]) throws(PropertyError) {
        guard let property = property(header) else { throw .voidDatapoint }
        guard let range = range(header, of: property) else { throw .indexRange }
        guard data.count == range.count else { throw .typeConflict }
        switch (header.objectType, header.property) {
        case (ObjectType.device, 54):
            guard data[0] < 2 else { throw .outOfRange }
            objects.isInProgrammingMode = data[0] == 1
        case (ObjectType.parameters, Property.friendlyName): objects.name.replaceSubrange(range, with: data)
        // Each tunnel brings its own layer: link layer is all that can be set beside them.
        case (ObjectType.server, 52):
            guard data[0] == CommunicationMode.linkLayer.rawValue else { throw .outOfRange }
        default: throw .readOnly
        }
    }

    // MARK: Properties

    private func deviceProperty(_ property: UInt8) -> InterfaceProperty? {
        switch property {
        case 1: .number(ObjectType.device)
        case 9: .number(UInt8(1))
        case 11: .number48(parameters.serialNumber)
        case 12: .number(parameters.manufacturer)
        case 54: .number(UInt8(objects.isInProgrammingMode ? 1 : 0))
        case 56: .number(parameters.longestAPDU)
        case 57: .number(UInt8(parameters.address.raw >> 8))
        case 58: .number(UInt8(parameters.address.raw & 255))
        case 83: .number(parameters.mask)
        default: nil
        }
    }

    private func serverProperty(_ property: UInt8) -> InterfaceProperty? {
        let isMonitored = channels.contains { $0.layer == .busmonitor }
        let mode = isMonitored ? CommunicationMode.busmonitor : .linkLayer
        return switch property {
        case 1: .number(ObjectType.server)
        // TP1.
        case 51: .number(UInt16(0x0002))
        case 52: .number(mode.rawValue)
        case 53: .number(UInt16(hasBus ? 0x0002 : 0))
        // Status and extended timestamp, as its busmonitor has them.
        case 54: InterfaceProperty(elementSize: 1, octets: [0x03, 0x06])
        case 68: .number(parameters.longestAPDU)
        default: nil
        }
    }

    private func parameterProperty(_ property: UInt8) -> InterfaceProperty? {
        switch property {
        case 1: .number(ObjectType.parameters)
        case 51: .number(UInt16(0))
        case 52: .number(parameters.address.raw)
        case 53: .list(parameters.slots.map(\.raw))
        // Its address was given to it by hand, and there is no other way.
        case 54, 55: .number(UInt8(0x01))
        case 56: .number(UInt8(0))
        case 57, 60: .number(endpoint.address.raw)
        case 58, 61: .number(UInt32(0xFF00_0000))
        case 59, 62: .number(UInt32(0))
        case 64: .number48(parameters.serialNumber)
        case 65: .number(InternetAddress.systemSetupMulticast.raw)
        // Of a device that does not route it is 0.
        case 66: .number(routing == nil ? UInt32(0) : parameters.multicast.address.raw)
        case 67: .number(parameters.routing?.timeToLive ?? 16)
        // b0 device management, b1 tunnelling, b2 routing.
        case 68: .number(UInt16(0x0001 | (parameters.slots.isEmpty ? 0 : 0x0002) | (routing == nil ? 0 : 0x0004)))
        case Property.deviceState: .number(deviceState)
        case 72: routing.map { .number($0.counts.lostToNetwork) }
        case 73: routing.map { .number($0.counts.lostToLine) }
        case 74: routing.map { .number($0.counts.sentToNetwork) }
        case 75: routing.map { .number($0.counts.sentToLine) }
        case Property.friendlyName: InterfaceProperty(elementSize: 1, octets: objects.name)
        case 78: routing.map { .number($0.parameters.busyWaitMilliseconds) }
        default: nil
        }
    }
}
