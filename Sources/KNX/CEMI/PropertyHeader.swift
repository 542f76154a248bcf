/// What the messages of local device management are about (KNX standard 3/6/3): a property of an interface object.
///
/// M_Prop*: object type (2), object instance (1), property (1), number of elements (4 bits) with start index (12 bits), data.
/// M_FuncProp*: object type (2), object instance (1), property (1), data.
public struct PropertyHeader: Hashable, Sendable {
    public var objectType: UInt16
    /// 1 is the first.
    public var objectInstance: UInt8
    public var property: UInt8
    /// 0…15. 0 in a confirmation says that the service failed. Nil in function properties.
    public var elements: UInt8?
    /// 1…4095; 0 reads or writes the number of elements. Nil in function properties.
    public var start: UInt16?

    public init(objectType: UInt16, objectInstance: UInt8 = 1, property: UInt8, elements: UInt8 = 1, start: UInt16 = 1)
    {
        precondition(elements < 16 && start < 4096, "the number of elements has 4 bits, the start index 12")
        self.objectType = objectType
        self.objectInstance = objectInstance
        self.property = property
        self.elements = elements
        self.start = start
    }

    /// The header of a function property's message.
    public init(functionOfObjectType objectType: UInt16, objectInstance: UInt8 = 1, property: UInt8) {
        self.objectType = objectType
        self.objectInstance = objectInstance
        self.property = property
    }

    /// Nil when `frame` is no message about a property, or ends before its header does. `octets` are those of which it was decoded.
    public init?(_ frame: CEMIFrame, _ octets: Span<UInt8>) {
        guard let code = frame.code, frame.depth >= .header, octets.count >= 5 else { return nil }
        switch code.family {
        case .property:
            guard octets.count >= 7 else { return nil }
            elements = octets[5] >> 4
            start = UInt16(octets[5] & 15) << 8 | UInt16(octets[6])
        case .functionProperty: break
        default: return nil
        }
        objectType = UInt16(octets[1]) << 8 | UInt16(octets[2])
        objectInstance = octets[3]
        property = octets[4]
    }

    /// How many octets the header has: 6, or 4 in function properties.
    public var count: Int { elements == nil ? 4 : 6 }

    public var octets: [UInt8] {
        let object = [UInt8(objectType >> 8), UInt8(objectType & 255), objectInstance, property]
        guard let elements, let start else { return object }
        return object + [elements << 4 | UInt8(start >> 8), UInt8(start & 255)]
    }
}

/// Why a property service of local device management failed: the octet behind the header of a negative confirmation.
public enum PropertyError: UInt8, Error, CaseIterable, Sendable {
    case unspecified = 0x00
    case outOfRange = 0x01
    case aboveMaximum = 0x02
    case belowMinimum = 0x03
    case memory = 0x04
    case readOnly = 0x05
    case illegalCommand = 0x06
    /// The property does not exist.
    case voidDatapoint = 0x07
    case typeConflict = 0x08
    case indexRange = 0x09
    case temporarilyNotWritable = 0x0A
    /// For reasons of security.
    case accessDenied = 0x0B

    public var name: String {
        switch self {
        case .unspecified: "unspecified error"
        case .outOfRange: "out of range"
        case .aboveMaximum: "above the maximum"
        case .belowMinimum: "below the minimum"
        case .memory: "memory error"
        case .readOnly: "read only"
        case .illegalCommand: "illegal command"
        case .voidDatapoint: "no such property"
        case .typeConflict: "type conflict"
        case .indexRange: "index out of range"
        case .temporarilyNotWritable: "temporarily not writable"
        case .accessDenied: "access denied"
        }
    }
}
