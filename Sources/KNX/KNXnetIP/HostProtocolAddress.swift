/// A host protocol address information (HPAI): `08`, protocol, IPv4 address (4), port (2) (KNX standard 3/8/2).
public struct HostProtocolAddress: Hashable, Sendable, CustomStringConvertible {
    public enum TransportProtocol: UInt8, Sendable, CaseIterable {
        case udp = 1
        case tcp = 2

        public var name: String {
            switch self {
            case .udp: "udp"
            case .tcp: "tcp"
            }
        }
    }

    public static let length = 8

    public var transportProtocol: TransportProtocol
    public var address: InternetAddress
    public var port: UInt16

    public init(_ transportProtocol: TransportProtocol, _ address: InternetAddress, port: UInt16) {
        self.transportProtocol = transportProtocol
        self.address = address
        self.port = port
    }

    /// 0.0.0.0:0 says: answer to where the datagram came from (address translation), and is the only address on TCP.
    public static func routeBack(_ transportProtocol: TransportProtocol) -> HostProtocolAddress {
        HostProtocolAddress(transportProtocol, InternetAddress(raw: 0), port: 0)
    }

    public var isRouteBack: Bool { address.raw == 0 && port == 0 }

    /// Reads the structure that begins at `offset`.
    init(_ octets: Span<UInt8>, at offset: Int, before end: Int) throws(Fault) {
        guard offset < end else { throw Fault(.truncated, .knxnetip, at: offset) }
        guard octets[offset] == UInt8(Self.length) else { throw Fault(.hpaiLength, .knxnetip, at: offset) }
        guard offset + 1 < end else { throw Fault(.truncated, .knxnetip, at: end) }
        guard let transportProtocol = TransportProtocol(rawValue: octets[offset + 1]) else {
            throw Fault(.hpaiProtocol, .knxnetip, at: offset + 1)
        }
        guard offset + Self.length <= end else { throw Fault(.truncated, .knxnetip, at: end) }
        self.init(
            transportProtocol, InternetAddress(raw: octets.bigEndian32(at: offset + 2)),
            port: octets.bigEndian16(at: offset + 6))
    }

    public var octets: [UInt8] {
        var octets = [UInt8(Self.length), transportProtocol.rawValue]
        octets.appendBigEndian(address.raw, octetCount: 4)
        octets.appendBigEndian(port, octetCount: 2)
        return octets
    }

    public var description: String { "\(transportProtocol.name) \(address):\(port)" }
}

/// An IPv4 address as KNXnet/IP carries it.
public struct InternetAddress: Hashable, Sendable, CustomStringConvertible {
    /// The first of the four numbers in the high octet.
    public var raw: UInt32

    public init(raw: UInt32) {
        self.raw = raw
    }

    public init(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
        raw = UInt32(first) << 24 | UInt32(second) << 16 | UInt32(third) << 8 | UInt32(fourth)
    }

    /// 224.0.23.12, on which every KNXnet/IP device searches and routes unless it is configured otherwise.
    public static let systemSetupMulticast = InternetAddress(224, 0, 23, 12)

    public var description: String { "\(raw >> 24).\(raw >> 16 & 255).\(raw >> 8 & 255).\(raw & 255)" }
}
