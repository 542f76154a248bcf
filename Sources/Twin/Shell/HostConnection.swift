import Events
import Glibc
import Platform

/// How a chip's host is joined to it.
enum HostConnection: Sendable {
    case terminal(HostTerminal)
    case server(HostServer)

    /// Where a chip's host finds it.
    static func open(_ place: Place) throws(SystemFailure) -> HostConnection {
        switch place {
        case .terminal(let symlink): .terminal(try HostTerminal(symlink: symlink))
        case .tcp(let port): .server(try HostServer(port: port))
        }
    }

    enum Place: Sendable {
        /// A pseudo-terminal under this symlink.
        case terminal(symlink: String)
        /// This TCP port on 127.0.0.1; 0 takes a free one.
        case tcp(port: UInt16)
    }

    func unplug() {
        switch self {
        case .terminal(let terminal): terminal.unplug()
        case .server(let server): server.close()
        }
    }
}

/// A pseudo-terminal as a host finds it.
struct HostTerminal: Sendable {
    let terminal: PseudoTerminal
    /// Open on the host's side, to throw away what no host has read.
    let hostSide: Descriptor

    /// A new terminal under `symlink`, in place of what stood there.
    init(symlink: String) throws(SystemFailure) {
        terminal = try PseudoTerminal()
        let number = unsafe open(terminal.path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard number >= 0 else { throw SystemFailure("open", terminal.path) }
        hostSide = Descriptor(owning: number)
        try terminal.publish(as: symlink)
    }

    /// The symlink goes and the host sees the hang-up.
    func unplug() {
        hostSide.close()
        terminal.unplug()
    }
}

/// A TCP server that passes the octets of a serial line on, to one host at a time: who comes while another is there is sent away.
struct HostServer: Sendable {
    let listener: Descriptor
    let port: UInt16
    private(set) var host: Descriptor?

    init(port: UInt16) throws(SystemFailure) {
        (listener, self.port) = try Socket.listenTCP(port: port)
    }

    /// Takes in whoever has come.
    mutating func accept() {
        while let connection = try? Socket.accept(listener, until: MonotonicClock.now()) {
            if host == nil { host = connection } else { connection.close() }
        }
    }

    /// What the host has written; nil when it has gone.
    mutating func read(maximum: Int) -> [UInt8]? {
        guard let host else { return [] }
        do throws(SystemFailure) {
            guard let octets = try host.read(maximum: maximum) else { return [] }
            return octets.isEmpty ? end() : octets
        } catch {
            return end()
        }
    }

    private mutating func end() -> [UInt8]? {
        host?.close()
        host = nil
        return nil
    }

    /// The host sees the end, and nobody gets in any more.
    func close() {
        host?.close()
        listener.close()
    }
}
