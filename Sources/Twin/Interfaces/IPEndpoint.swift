public import KNX

/// An address and port of a client or of the interface.
public struct IPEndpoint: Hashable, Sendable, CustomStringConvertible {
    public var address: InternetAddress
    public var port: UInt16

    public init(_ address: InternetAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    public var description: String { "\(address):\(port)" }
}

/// Whom an interface talks to.
enum IPPeer: Hashable, Sendable {
    /// A client on UDP.
    case datagrams(IPEndpoint)
    /// The client at the other end of a TCP connection, by the number that its shell has given it.
    case stream(Int)

    /// What a client says about where to answer it: to where its datagram came from when it says 0.0.0.0:0. On TCP there is no other place than its
    /// connection.
    init(_ said: HostProtocolAddress, sender: IPPeer) {
        switch sender {
        case .stream: self = sender
        case .datagrams: self = said.isRouteBack ? sender : .datagrams(IPEndpoint(said.address, port: said.port))
        }
    }

    /// On a stream nothing is lost or doubled, so that nothing is acknowledged, and nobody checks the sequence numbers (KNXnet/IP version 2).
    var isStream: Bool { if case .stream = self { true } else { false } }

    /// What clients have to say as the protocol of their endpoints.
    var transportProtocol: HostProtocolAddress.TransportProtocol { isStream ? .tcp : .udp }
}
