/// The header of the KNX USB transfer protocol, at the begin of the first or only report of a transfer (KNX standard 9/3).
///
/// | octets | |
/// |---|---|
/// | 00 | protocol version |
/// | 08 | length of this header |
/// | 2 | length of the body, in this report and those that continue it |
/// | 01, 0F | protocol: KNX tunnel, bus access server |
/// | 1 | tunnel: EMI type; bus access server: service |
/// | 2 | manufacturer code, 0000 for what the standard defines |
public struct USBTransferHeader: Hashable, Sendable {
    public static let length = 8
    public static let tunnelProtocol: UInt8 = 0x01
    public static let busAccessProtocol: UInt8 = 0x0F

    public var bodyLength: UInt16
    public var protocolIdentifier: UInt8
    /// What it says depends on the protocol.
    public var serviceIdentifier: UInt8
    public var manufacturer: UInt16

    public init(bodyLength: UInt16, protocolIdentifier: UInt8, serviceIdentifier: UInt8, manufacturer: UInt16 = 0) {
        self.bodyLength = bodyLength
        self.protocolIdentifier = protocolIdentifier
        self.serviceIdentifier = serviceIdentifier
        self.manufacturer = manufacturer
    }

    init(_ octets: Span<UInt8>, at offset: Int, before end: Int) throws(Fault) {
        guard offset + Self.length <= end else { throw Fault(.dataLength, .usb, at: 2) }
        guard octets[offset] == 0x00 else { throw Fault(.protocolVersion, .usb, at: offset) }
        guard octets[offset + 1] == UInt8(Self.length) else { throw Fault(.headerLength, .usb, at: offset + 1) }
        bodyLength = octets.bigEndian16(at: offset + 2)
        protocolIdentifier = octets[offset + 4]
        serviceIdentifier = octets[offset + 5]
        manufacturer = octets.bigEndian16(at: offset + 6)
    }

    public var octets: [UInt8] {
        var octets: [UInt8] = [0x00, UInt8(Self.length)]
        octets.appendBigEndian(bodyLength, octetCount: 2)
        octets += [protocolIdentifier, serviceIdentifier]
        octets.appendBigEndian(manufacturer, octetCount: 2)
        return octets
    }
}
