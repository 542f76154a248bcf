public import KNX

/// An address and port of a client or of the interface.
public struct IPEndpoint: Hashable, Sendable, CustomStringConvertible {
    public var address: InternetAddress
    public var port: UInt16

    public init(_ address: InternetAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// What a client says about where to answer it: to where its datagram came from when it says 0.0.0.0:0.
    init(_ said: HostProtocolAddress, sender: IPEndpoint) {
        self = said.isRouteBack ? sender : IPEndpoint(said.address, port: said.port)
    }

    public var description: String { "\(address):\(port)" }
}
