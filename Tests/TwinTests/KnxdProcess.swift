import Events
import Glibc
import KNX
import Platform

/// A real knxd on one attachment, with a Unix socket for clients.
final class KnxdProcess {
    let child: ChildProcess
    let socket: String
    private let directory: TemporaryDirectory

    static var isInstalled: Bool { Program.find("knxd") != nil }

    /// - Parameters:
    ///   - single: with the filter `single` knxd sets the chip's address, and the chip acknowledges by itself.
    ///   - driver: `tpuart` or `ncn5120`.
    convenience init(device: String, single: Bool = false, driver: String = "tpuart") throws(SystemFailure) {
        try self.init(driver: driver, place: "device=\(device)", single: single)
    }

    /// On a chip behind a TCP server on 127.0.0.1.
    convenience init(tcp port: UInt16, driver: String = "tpuart") throws(SystemFailure) {
        try self.init(driver: driver, place: "ip-address=127.0.0.1\ndest-port=\(port)", single: false)
    }

    private init(driver: String, place: String, single: Bool) throws(SystemFailure) {
        directory = try TemporaryDirectory(prefix: "knxd-")
        socket = directory.path + "/knx"
        let configuration = """
            [main]
            addr=1.1.200
            client-addrs=1.1.201:10
            connections=A.unix,B.tp
            [A.unix]
            server=knxd_unix
            path=\(socket)
            [B.tp]
            driver=\(driver)
            \(place)
            filters=\(single ? "single,q" : "q")
            [q]
            filter=queue

            """
        let path = directory.path + "/knxd.ini"
        try Files.write(Array(configuration.utf8), to: path)
        child = try ChildProcess.spawn(ChildProcess.Request(path: "knxd", arguments: [path]))
    }

    /// On a tunnel of a KNXnet/IP interface on 127.0.0.1, as a person starts it.
    ///
    /// - Parameter arguments: what stands before the interface.
    convenience init(tunnel port: UInt16, arguments: [String] = []) throws(SystemFailure) {
        try self.init(backend: "ipt:127.0.0.1:\(port)", arguments: arguments)
    }

    /// On any interface that its option `-b` can name.
    init(backend: String, arguments: [String] = []) throws(SystemFailure) {
        directory = try TemporaryDirectory(prefix: "knxd-")
        socket = directory.path + "/knx"
        child = try ChildProcess.spawn(
            ChildProcess.Request(
                path: "knxd",
                arguments: ["-e", "1.1.200", "-E", "1.1.201:8", "-u", socket] + arguments + ["-b", backend]))
    }

    /// Connects a client to knxd's group socket once knxd is up.
    func groupClient(until deadline: Instant) throws -> KnxdGroupSocket {
        while true {
            if let descriptor = try? Socket.connectUnix(path: socket, until: deadline) {
                return try KnxdGroupSocket(descriptor, until: deadline)
            }
            guard MonotonicClock.now() < deadline, child.wait(until: MonotonicClock.now() + .milliseconds(20)) == nil
            else { throw SystemFailure("reach", socket, code: ETIMEDOUT) }
        }
    }

    func end() {
        child.send(signal: SIGTERM)
        if child.wait(until: MonotonicClock.now() + .seconds(3)) == nil {
            child.send(signal: SIGKILL)
            _ = child.wait()
        }
        directory.remove()
    }
}

/// A group socket of knxd: type 0026 opens it, 0027 carries telegrams.
final class KnxdGroupSocket {
    let descriptor: Descriptor
    private var received: [UInt8] = []

    init(_ descriptor: Descriptor, until deadline: Instant) throws {
        self.descriptor = descriptor
        try send([0x00, 0x26, 0x00, 0x00, 0x00])
        guard try message(until: deadline)?.starts(with: [0x00, 0x26]) == true else {
            throw SystemFailure("open", "a group socket of knxd", code: EPROTO)
        }
    }

    func write(_ group: UInt16, _ data: [UInt8]) throws {
        try send([0x00, 0x27, UInt8(group >> 8), UInt8(group & 255), 0x00] + data)
    }

    private func send(_ body: [UInt8]) throws {
        try descriptor.writeAll([0, UInt8(body.count)] + body, until: MonotonicClock.now() + .seconds(2))
    }

    /// The next telegram as group and APDU without its first octet; nil at the deadline.
    func telegram(until deadline: Instant) throws -> (group: UInt16, data: [UInt8])? {
        while let message = try message(until: deadline) {
            guard message.count > 7, message[1] == 0x27 else { continue }
            return (UInt16(message[4]) << 8 | UInt16(message[5]), Array(message[7...]))
        }
        return nil
    }

    private func message(until deadline: Instant) throws -> [UInt8]? {
        while true {
            if received.count >= 2, received.count >= 2 + Int(received[1]) {
                let length = Int(received[1])
                defer { received.removeFirst(2 + length) }
                return Array(received[2..<2 + length])
            }
            if Poll.wait([(descriptor, .readable)], until: deadline)[0].isEmpty { return nil }
            guard let octets = try descriptor.read(maximum: 4_096) else { continue }
            guard !octets.isEmpty else { throw SystemFailure("read from", "knxd", code: ECONNRESET) }
            received += octets
        }
    }
}
