public import Bus
import Documents

/// A knxd that a witness listens through: where it is found, and which of its busmonitors is asked for.
public struct RigDaemon: Sendable, Hashable {
    static let driver = "knxd"
    private static let forms = "local:PATH, ip:ADDRESS or ip:ADDRESS:PORT"

    public var server: KnxdGroupClient.Server
    /// `busmonitor` needs a knxd whose link is a monitor; `vbusmonitor` any.
    public var mode: KnxdWitness.Mode

    init(_ node: Node, _ role: RigLine.Attachment.Role) throws(DocumentFailure) {
        let driver = try node.required("driver")
        guard role == .witness else {
            throw driver.failure("only a witness goes through knxd: a \(role.rawValue) has the driver 'tpuart'")
        }
        if let device = node["device"] {
            throw device.failure("a witness through knxd has a 'url', \(Self.forms), and no 'device'")
        }
        guard let url = node["url"] else {
            throw driver.failure("a witness through knxd needs the 'url' of its socket: \(Self.forms)")
        }
        guard let server = KnxdGroupClient.Server(url: try url.text()) else {
            throw url.failure("'\(try url.text())' should be \(Self.forms)")
        }
        self.server = server
        mode = try node["mode"]?.choice("mode of a witness through knxd") ?? .busmonitor
    }
}

extension KnxdGroupClient.Server {
    /// Reads knxd's own form of an address: `local:PATH`, `ip:ADDRESS` or `ip:ADDRESS:PORT`, an IPv4 address and port 6720 unless another is named; nil
    /// for anything else.
    init?(url text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch parts.first {
        case "local":
            let path = String(text.dropFirst("local:".count))
            guard path.hasPrefix("/") else { return nil }
            self = .unix(path: path)
        case "ip":
            let numbers = parts.count > 1 ? parts[1].split(separator: ".", omittingEmptySubsequences: false) : []
            guard (2...3).contains(parts.count), numbers.count == 4, numbers.allSatisfy({ UInt8($0) != nil }) else {
                return nil
            }
            guard parts.count == 3 else {
                self = .tcp(host: parts[1])
                return
            }
            guard let port = UInt16(parts[2]), port > 0 else { return nil }
            self = .tcp(host: parts[1], port: port)
        default: return nil
        }
    }
}
