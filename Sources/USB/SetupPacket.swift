/// The eight octets that open every control transfer (USB 2.0, 9.3): what is asked, of whom, and how many octets follow which way.
///
/// | octet | field | |
/// |---|---|---|
/// | 0 | bmRequestType | bit 7 direction, bits 6–5 kind, bits 4–0 recipient |
/// | 1 | bRequest | |
/// | 2–3 | wValue | little endian, as all of USB |
/// | 4–5 | wIndex | |
/// | 6–7 | wLength | octets of the data stage |
public struct SetupPacket: Hashable, Sendable {
    public var requestType: UInt8
    public var request: UInt8
    public var value: UInt16
    public var index: UInt16
    /// Octets of the data stage: sent by the host, or at most taken from the device.
    public var length: UInt16

    public enum Kind: UInt8, Sendable {
        case standard, `class`, vendor, reserved
    }

    public init(requestType: UInt8, request: UInt8, value: UInt16, index: UInt16, length: UInt16) {
        self.requestType = requestType
        self.request = request
        self.value = value
        self.index = index
        self.length = length
    }

    /// Which way the data stage goes.
    public var direction: Direction { requestType & 0x80 == 0 ? .out : .in }

    public var kind: Kind { Kind(rawValue: requestType >> 5 & 3) ?? .reserved }

    /// - Returns: nil unless there are exactly eight octets.
    public init?(octets: some Collection<UInt8>) {
        guard octets.count == 8 else { return nil }
        let octets = Array(octets)
        self.init(
            requestType: octets[0], request: octets[1], value: UInt16(octets[2]) | UInt16(octets[3]) << 8,
            index: UInt16(octets[4]) | UInt16(octets[5]) << 8, length: UInt16(octets[6]) | UInt16(octets[7]) << 8)
    }

    public var octets: [UInt8] {
        [requestType, request] + [value, index, length].flatMap(\.littleEndianOctets)
    }
}

/// The way of a transfer, seen from the host.
public enum Direction: Hashable, Sendable {
    case out, `in`
}

extension SetupPacket {
    /// Asks for a descriptor (USB 2.0, 9.4.3). `language` matters for strings only.
    public static func getDescriptor(
        _ type: DescriptorType, index: UInt8 = 0, language: UInt16 = 0, length: UInt16
    ) -> SetupPacket {
        SetupPacket(
            requestType: 0x80, request: StandardRequest.getDescriptor.rawValue,
            value: UInt16(type.rawValue) << 8 | UInt16(index), index: language, length: length)
    }

    /// Has an endpoint forget that it refused a transfer (USB 2.0, 9.4.1).
    ///
    /// - Parameter endpoint: bEndpointAddress.
    public static func clearHalt(_ endpoint: UInt8) -> SetupPacket {
        SetupPacket(
            requestType: 0x02, request: StandardRequest.clearFeature.rawValue, value: 0, index: UInt16(endpoint),
            length: 0
        )
    }
}

/// The standard requests (USB 2.0, table 9-4) that a device of ours has to answer.
public enum StandardRequest: UInt8, Sendable {
    case getStatus = 0
    case clearFeature = 1
    case setFeature = 3
    case setAddress = 5
    case getDescriptor = 6
    case setDescriptor = 7
    case getConfiguration = 8
    case setConfiguration = 9
    case getInterface = 10
    case setInterface = 11
}

extension UInt16 {
    var littleEndianOctets: [UInt8] { [UInt8(truncatingIfNeeded: self), UInt8(truncatingIfNeeded: self >> 8)] }
}
