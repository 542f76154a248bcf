import Events
import Glibc
import Platform

/// Where one end of a link is found: a TCP port of the host's network, or the path of a Unix socket.
public enum LinkEnd: Hashable, Sendable, CustomStringConvertible {
    case tcp(UInt16)
    case unix(String)

    /// Connections over TCP from here are the rig's own (its probes).
    static let rigAddress = "127.0.0.2"

    public var description: String {
        switch self {
        case .tcp(let port): "port \(port)"
        case .unix(let path): path
        }
    }

    /// Its port; nil where it is a path.
    public var port: UInt16? { if case .tcp(let port) = self { port } else { nil } }

    func listen() throws(SystemFailure) -> Descriptor {
        switch self {
        case .tcp(let port): try Socket.listenTCP(port: port).listener
        case .unix(let path): try Socket.listenUnix(path: path)
        }
    }

    /// - Parameter asRig: told apart from a connection of the system's by `isRigs`.
    func connect(asRig: Bool, until deadline: Instant) throws(SystemFailure) -> Descriptor {
        switch self {
        case .tcp(let port):
            try Socket.connectTCP(
                host: "127.0.0.1", port: port, from: asRig ? Self.rigAddress : nil, until: deadline)
        case .unix(let path): try Socket.connectUnix(path: path, until: deadline)
        }
    }

    /// Whether a connection that was accepted here comes from the rig itself: over TCP from its own address, at a Unix socket from this process.
    func isRigs(_ accepted: Descriptor) -> Bool {
        switch self {
        case .tcp: Socket.peerAddress(accepted) == Self.rigAddress
        case .unix: (try? Socket.peerCredentials(accepted))?.process == getpid()
        }
    }
}
