/// What a client can ask of an interface or set in it: the features of tunnels (KNX standard 3/8/4) and, 01 to 05, of the bus access
/// server of USB interfaces (KNX standard 9/3). Any octet is one.
public struct InterfaceFeature: Hashable, Sendable {
    public let octet: UInt8

    public init(_ octet: UInt8) {
        self.octet = octet
    }

    public static let supportedEMITypes = InterfaceFeature(1)
    /// Device descriptor type 0: the mask version.
    public static let deviceDescriptor = InterfaceFeature(2)
    /// 00 says that bus voltage is gone.
    public static let busConnectionStatus = InterfaceFeature(3)
    public static let manufacturerCode = InterfaceFeature(4)
    public static let activeEMIType = InterfaceFeature(5)
    public static let individualAddress = InterfaceFeature(6)
    public static let longestApdu = InterfaceFeature(7)
    public static let informationServiceEnable = InterfaceFeature(8)

    /// Nil for a feature that the standard does not name.
    public var name: String? {
        switch self {
        case .supportedEMITypes: "supported EMI types"
        case .deviceDescriptor: "device descriptor type 0"
        case .busConnectionStatus: "bus connection status"
        case .manufacturerCode: "manufacturer code"
        case .activeEMIType: "active EMI type"
        case .individualAddress: "individual address"
        case .longestApdu: "longest APDU"
        case .informationServiceEnable: "information service enable"
        default: nil
        }
    }

    /// Octets of the value; nil when the feature is not known. Values of one octet may be padded with a second.
    public var valueLength: Int? {
        switch self {
        case .supportedEMITypes, .deviceDescriptor, .manufacturerCode, .individualAddress, .longestApdu: 2
        case .busConnectionStatus, .activeEMIType, .informationServiceEnable: 1
        default: nil
        }
    }

    /// A value with its meaning.
    public enum Value: Hashable, Sendable {
        case emiTypes(EMITypes)
        case number(UInt16)
        case boolean(Bool)
        case emiType(EMIType)
        case address(IndividualAddress)
    }

    /// Nil when the feature is not known or the octets are too few for it.
    public func value(_ octets: Span<UInt8>) -> Value? {
        guard let valueLength, octets.count >= valueLength else { return nil }
        return switch self {
        case .supportedEMITypes: .emiTypes(EMITypes(rawValue: octets.bigEndian16(at: 0)))
        case .deviceDescriptor, .manufacturerCode, .longestApdu: .number(octets.bigEndian16(at: 0))
        case .individualAddress: .address(IndividualAddress(raw: octets.bigEndian16(at: 0)))
        case .activeEMIType: .emiType(EMIType(octets[0]))
        default: .boolean(octets[0] & 1 != 0)
        }
    }
}

extension InterfaceFeature.Value {
    public var octets: [UInt8] {
        var octets: [UInt8] = []
        switch self {
        case .emiTypes(let types): octets.appendBigEndian(types.rawValue, octetCount: 2)
        case .number(let number): octets.appendBigEndian(number, octetCount: 2)
        case .address(let address): octets.appendBigEndian(address.raw, octetCount: 2)
        case .boolean(let isTrue): octets = [isTrue ? 1 : 0]
        case .emiType(let type): octets = [type.octet]
        }
        return octets
    }

    var field: Field.Value {
        switch self {
        case .emiTypes(let types): .list(types.names.map { .text($0) })
        case .number(let number): .integer(Int(number))
        case .boolean(let isTrue): .boolean(isTrue)
        case .emiType(let type): .text(type.description)
        case .address(let address): .text(address.description)
        }
    }
}

/// The external message interfaces that an interface speaks, as a set of two octets.
public struct EMITypes: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    public static let emi1 = EMITypes(rawValue: 1)
    public static let emi2 = EMITypes(rawValue: 2)
    public static let cemi = EMITypes(rawValue: 4)

    public var names: [String] {
        [(EMITypes.emi1, "EMI1"), (.emi2, "EMI2"), (.cemi, "cEMI")].compactMap { contains($0.0) ? $0.1 : nil }
    }
}

/// Which external message interface a frame speaks: 01 EMI1, 02 EMI2, 03 cEMI. Any octet is one.
public struct EMIType: Hashable, Sendable, CustomStringConvertible {
    public let octet: UInt8

    public init(_ octet: UInt8) {
        self.octet = octet
    }

    public static let emi1 = EMIType(1)
    public static let emi2 = EMIType(2)
    public static let cemi = EMIType(3)

    /// Nil for a type that the standard does not name.
    public var name: String? {
        switch self {
        case .emi1: "EMI1"
        case .emi2: "EMI2"
        case .cemi: "cEMI"
        default: nil
        }
    }

    public var description: String { name ?? "EMI(\(octet.hexadecimal))" }
}
