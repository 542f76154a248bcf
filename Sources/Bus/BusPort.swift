import Events
import Platform

/// Where a transceiver is attached: a serial device (a pseudo-terminal is one), or a TCP server that passes its octets on; or where a KNXnet/IP
/// interface or a knxd is.
public enum BusPort: Hashable, Sendable, CustomStringConvertible {
    /// TP-UART: 19 200 baud, even parity. NCN51xx in its 8-bit mode: 38 400 baud, none.
    case serial(path: String, baudRate: Int = 19_200, evenParity: Bool = true)
    case tcp(host: String, port: UInt16)
    /// A daemon's Unix socket.
    case unix(path: String)
    /// Every read is one datagram, and so is every write.
    case udp(host: String, port: UInt16)

    public var description: String {
        switch self {
        case .serial(let path, _, _), .unix(let path): path
        case .tcp(let host, let port), .udp(let host, let port): "\(host):\(port)"
        }
    }

    /// How long one character takes between chip and host, nanoseconds: what each arrival is later than the line.
    var characterNanoseconds: Int64 {
        switch self {
        case .serial(_, let baudRate, let evenParity): (evenParity ? 11 : 10) * 1_000_000_000 / Int64(max(baudRate, 1))
        case .tcp: 11 * 1_000_000_000 / 19_200
        case .udp, .unix: 0
        }
    }

    /// Opens the port, non-blocking.
    func open() throws(SystemFailure) -> Descriptor {
        switch self {
        case .serial(let path, let baudRate, let evenParity):
            try SerialLine.open(path: path, baudRate: baudRate, evenParity: evenParity).descriptor
        case .tcp(let host, let port):
            try Socket.connectTCP(host: host, port: port, until: MonotonicClock.now() + .milliseconds(500))
        case .unix(let path):
            try Socket.connectUnix(path: path, until: MonotonicClock.now() + .milliseconds(500))
        case .udp(let host, let port): try DatagramSocket.connect(host: host, port: port)
        }
    }

    /// Whether what is written stays in pieces.
    var keepsPieces: Bool {
        if case .udp = self { true } else { false }
    }
}
