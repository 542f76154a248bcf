/// What a connection is for. The octet behind the length in a connection request or response information.
public enum ConnectionType: UInt8, Sendable, CaseIterable {
    case deviceManagement = 0x03
    case tunnelling = 0x04
    case remoteLogging = 0x06
    case remoteConfiguration = 0x07
    case objectServer = 0x08

    public var name: String {
        switch self {
        case .deviceManagement: "device management"
        case .tunnelling: "tunnelling"
        case .remoteLogging: "remote logging"
        case .remoteConfiguration: "remote configuration"
        case .objectServer: "object server"
        }
    }
}

/// At which layer a tunnel ends. Any octet is one, so that a server can answer an unknown layer with status 29.
public struct TunnellingLayer: Hashable, Sendable, CustomStringConvertible {
    public let octet: UInt8

    public init(_ octet: UInt8) {
        self.octet = octet
    }

    public static let link = TunnellingLayer(0x02)
    public static let raw = TunnellingLayer(0x04)
    public static let busmonitor = TunnellingLayer(0x80)

    /// Nil for a layer that the standard does not name.
    public var name: String? {
        switch self {
        case .link: "link"
        case .raw: "raw"
        case .busmonitor: "busmonitor"
        default: nil
        }
    }

    public var description: String { name ?? "layer(\(octet.hexadecimal))" }
}

/// The connection request information (CRI) at the end of a CONNECT_REQUEST (KNX standard 3/8/2 to 3/8/8).
///
/// | octets | connection |
/// |---|---|
/// | 02 03 | device management |
/// | 04 04 layer 00 | tunnelling |
/// | 06 04 layer 00, address (2) | tunnelling, version 2: asks for this individual address |
/// | 02 06, 02 07, 02 08 | remote logging, remote configuration, object server |
public struct ConnectionRequestInformation: Hashable, Sendable {
    public var type: ConnectionType
    /// Of tunnels only.
    public var layer: TunnellingLayer?
    /// Of tunnels only, nil in the short form.
    public var requestedAddress: IndividualAddress?

    private init(_ type: ConnectionType, layer: TunnellingLayer?, requestedAddress: IndividualAddress?) {
        self.type = type
        self.layer = layer
        self.requestedAddress = requestedAddress
    }

    public static func tunnelling(_ layer: TunnellingLayer, requesting address: IndividualAddress? = nil) -> Self {
        Self(.tunnelling, layer: layer, requestedAddress: address)
    }

    public static let deviceManagement = Self(.deviceManagement, layer: nil, requestedAddress: nil)
    public static let remoteLogging = Self(.remoteLogging, layer: nil, requestedAddress: nil)
    public static let remoteConfiguration = Self(.remoteConfiguration, layer: nil, requestedAddress: nil)
    public static let objectServer = Self(.objectServer, layer: nil, requestedAddress: nil)

    public var octets: [UInt8] {
        guard type == .tunnelling else { return [0x02, type.rawValue] }
        let length: UInt8 = requestedAddress == nil ? 4 : 6
        var octets = [length, type.rawValue, layer?.octet ?? TunnellingLayer.link.octet, 0x00]
        if let requestedAddress { octets.appendBigEndian(requestedAddress.raw, octetCount: 2) }
        return octets
    }
}

/// The connection response data block (CRD) at the end of a CONNECT_RESPONSE: `04 04 address (2)` for a tunnel, `02` and the type else.
public struct ConnectionResponseData: Hashable, Sendable {
    public var type: ConnectionType
    /// The individual address that belongs to this tunnel; of tunnels only.
    public var assignedAddress: IndividualAddress?

    private init(_ type: ConnectionType, assignedAddress: IndividualAddress?) {
        self.type = type
        self.assignedAddress = assignedAddress
    }

    public static func tunnelling(_ address: IndividualAddress) -> Self {
        Self(.tunnelling, assignedAddress: address)
    }

    public static let deviceManagement = Self(.deviceManagement, assignedAddress: nil)
    public static let remoteLogging = Self(.remoteLogging, assignedAddress: nil)
    public static let remoteConfiguration = Self(.remoteConfiguration, assignedAddress: nil)
    public static let objectServer = Self(.objectServer, assignedAddress: nil)

    public var octets: [UInt8] {
        guard type == .tunnelling else { return [0x02, type.rawValue] }
        var octets: [UInt8] = [0x04, type.rawValue]
        octets.appendBigEndian(assignedAddress?.raw ?? 0, octetCount: 2)
        return octets
    }
}

extension ConnectionType {
    /// Checks the length octet against the rest of the frame, which the structure fills, and reads the type.
    fileprivate init(_ octets: Span<UInt8>, at offset: Int, before end: Int) throws(Fault) {
        guard offset < end else { throw Fault(.truncated, .knxnetip, at: offset) }
        guard octets[offset] >= 2, Int(octets[offset]) == end - offset else {
            throw Fault(.criLength, .knxnetip, at: offset)
        }
        guard let type = ConnectionType(rawValue: octets[offset + 1]) else {
            throw Fault(.connectionTypeUnknown, .knxnetip, at: offset + 1)
        }
        self = type
    }
}

extension ConnectionRequestInformation {
    init(_ octets: Span<UInt8>, at offset: Int, before end: Int) throws(Fault) {
        let type = try ConnectionType(octets, at: offset, before: end)
        switch (type, octets[offset]) {
        case (.tunnelling, 4), (.tunnelling, 6):
            self = .tunnelling(
                TunnellingLayer(octets[offset + 2]),
                requesting: octets[offset] == 6
                    ? IndividualAddress(raw: octets.bigEndian16(at: offset + 4)) : nil)
        case (.tunnelling, _): throw Fault(.criLength, .knxnetip, at: offset)
        case (_, 2): self.init(type, layer: nil, requestedAddress: nil)
        default: throw Fault(.criLength, .knxnetip, at: offset)
        }
    }
}

extension ConnectionResponseData {
    init(_ octets: Span<UInt8>, at offset: Int, before end: Int) throws(Fault) {
        let type = try ConnectionType(octets, at: offset, before: end)
        switch (type, octets[offset]) {
        case (.tunnelling, 4): self = .tunnelling(IndividualAddress(raw: octets.bigEndian16(at: offset + 2)))
        case (.tunnelling, _): throw Fault(.criLength, .knxnetip, at: offset)
        case (_, 2): self.init(type, assignedAddress: nil)
        default: throw Fault(.criLength, .knxnetip, at: offset)
        }
    }
}
