/// What a group object holds, as a telegram carries it: values of at most six bits ride in the APCI octet, all others follow it.
public enum GroupValue: Hashable, Sendable {
    /// 0…63, in the low six bits of the APCI octet.
    case small(UInt8)
    /// 1…14 octets in a standard frame, to 253 in an extended one.
    case octets([UInt8])

    /// The value as evidence holds it: its octets, or for a small value one octet.
    public var raw: [UInt8] {
        switch self {
        case .small(let bits): [bits]
        case .octets(let octets): octets
        }
    }
}

/// The application services of group communication (KNX standard 3/3/7), from and to a transport unit `TPCI|APCI, APCI|value, value…`.
///
/// | APCI | service |
/// |---|---|
/// | 000 | A_GroupValue_Read, no data |
/// | 040 + v | A_GroupValue_Response |
/// | 080 + v | A_GroupValue_Write |
public enum GroupService: Hashable, Sendable {
    case read
    case response(GroupValue)
    case write(GroupValue)

    /// Why a transport unit is no group service.
    public enum Refusal: String, Error, Sendable {
        /// Control or numbered TPDU, or one with a reserved tag.
        case transport = "tpci-invalid-for-group"
        case apduTooShort = "apdu-too-short"
        /// The length doesn't fit the service: a read with data, or a value both in the APCI octet and after it.
        case apduLength = "apdu-length"
        /// Another service of the application layer.
        case otherService = "other-service"
        /// The frame has an extended format of its own (LTE-HEE or reserved), so its destination is no group address.
        case extendedFormatUnsupported = "eff-unsupported"
        case notGroupAddressed = "not-group-addressed"
    }

    /// Reads a TPDU that went to a group address (T_Data_Group or T_Data_Tag_Group).
    public init(transportUnit: [UInt8]) throws(Refusal) {
        guard let first = transportUnit.first, first & 0xF8 == 0 else { throw .transport }
        guard transportUnit.count > 1 else { throw .apduTooShort }
        let service = UInt16(first & 3) << 8 | UInt16(transportUnit[1] & 0xC0)
        let bits = transportUnit[1] & 0x3F
        let data = Array(transportUnit.dropFirst(2))
        guard service <= 0x080 else { throw .otherService }
        guard bits == 0 || data.isEmpty else { throw .apduLength }
        let value: GroupValue = data.isEmpty ? .small(bits) : .octets(data)
        switch service {
        case 0x000:
            guard data.isEmpty else { throw .apduLength }
            self = .read
        case 0x040: self = .response(value)
        default: self = .write(value)
        }
    }

    /// The group service that `frame` carries, with the address it is about. 0/0/0 is broadcast and no group.
    public static func of(_ frame: TP1Frame) throws(Refusal) -> (group: GroupAddress, service: GroupService) {
        guard frame.extendedFormat == 0 else { throw .extendedFormatUnsupported }
        guard case .group(let group) = frame.destination, group.raw != 0 else { throw .notGroupAddressed }
        return (group, try GroupService(transportUnit: frame.transportUnit))
    }

    /// The TPDU as T_Data_Group. A small value beyond six bits or octets beyond 253 are errors of the caller.
    public var transportUnit: [UInt8] {
        switch self {
        case .read: [0x00, 0x00]
        case .response(let value): Self.unit(0x40, value)
        case .write(let value): Self.unit(0x80, value)
        }
    }

    /// The value that a response or write carries.
    public var value: GroupValue? {
        switch self {
        case .read: nil
        case .response(let value), .write(let value): value
        }
    }

    /// The service's name in the standard, without its A_.
    public var name: String {
        switch self {
        case .read: "GroupValueRead"
        case .response: "GroupValueResponse"
        case .write: "GroupValueWrite"
        }
    }

    private static func unit(_ service: UInt8, _ value: GroupValue) -> [UInt8] {
        switch value {
        case .small(let bits):
            precondition(bits < 64, "a small group value has six bits")
            return [0x00, service | bits]
        case .octets(let octets):
            precondition((1...253).contains(octets.count), "a group value has 1 to 253 octets")
            return [0x00, service] + octets
        }
    }
}
