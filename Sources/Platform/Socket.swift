import CPlatform
public import Events
import Glibc

/// Stream sockets, close-on-exec from birth. Listeners and connected sockets are non-blocking; waiting is `Poll`'s.
public enum Socket {
    /// Two sockets joined to each other.
    public static func pair() throws(SystemFailure) -> (Descriptor, Descriptor) {
        var numbers: [Int32] = [0, 0]
        guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &numbers) == 0 else {
            throw SystemFailure("make", "a socket pair")
        }
        let pair = (Descriptor(owning: numbers[0]), Descriptor(owning: numbers[1]))
        try pair.0.setNonblocking(true)
        try pair.1.setNonblocking(true)
        return pair
    }

    /// Gets a copy of every TCP segment that the network of the calling thread receives over IPv4, one packet a read; non-blocking.
    ///
    /// - Throws: EPERM where this program may not look.
    public static func receivedSegments() throws(SystemFailure) -> Descriptor {
        let kind = Int32(SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let number = socket(AF_INET, kind, Int32(IPPROTO_TCP))
        guard number >= 0 else { throw SystemFailure("look at", "the segments of the network") }
        return Descriptor(owning: number)
    }

    /// Listens on an IPv4 address. Port 0 takes a free one; the port taken is returned.
    public static func listenTCP(
        host: String = "127.0.0.1", port: UInt16 = 0
    ) throws(SystemFailure) -> (listener: Descriptor, port: UInt16) {
        let subject = "\(host):\(port)"
        let listener = try make(AF_INET, subject)
        var yes: Int32 = 1
        unsafe setsockopt(listener.number, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var address = try internetAddress(host, port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(listener.number, $0, size) }
        }
        guard bound == 0, listen(listener.number, 64) == 0 else { throw SystemFailure("listen on", subject) }
        var actualSize = size
        _ = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(listener.number, $0, &actualSize)
            }
        }
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    /// Connects to an IPv4 address without Nagle's delay.
    ///
    /// - Parameter source: the IPv4 address to come from; nil lets the system choose.
    /// - Parameter receiveBuffer: octets of SO_RCVBUF, of which the kernel keeps its own minimum (about 2 kB); nil leaves it to the kernel.
    /// - Throws: ETIMEDOUT at the deadline, ECONNREFUSED and the like as the system says them.
    public static func connectTCP(
        host: String, port: UInt16, from source: String? = nil, receiveBuffer: Int32? = nil, until deadline: Instant
    ) throws(SystemFailure) -> Descriptor {
        let subject = "\(host):\(port)"
        let socket = try make(AF_INET, subject)
        // Before the connection: the window that is offered first follows from it.
        if var receiveBuffer { unsafe setsockopt(socket.number, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4) }
        var address = try internetAddress(host, port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        if let source {
            var own = try internetAddress(source, 0)
            let bound = unsafe withUnsafePointer(to: &own) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(socket.number, $0, size)
                }
            }
            guard bound == 0 else { throw SystemFailure("come from", source) }
        }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(socket.number, $0, size) }
        }
        if result != 0 {
            guard errno == EINPROGRESS else { throw SystemFailure("connect to", subject) }
            try finishConnecting(socket, subject, deadline)
        }
        var yes: Int32 = 1
        unsafe setsockopt(socket.number, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
        return socket
    }

    /// Listens on a Unix socket path, taking the place of a stale socket file.
    public static func listenUnix(path: String) throws(SystemFailure) -> Descriptor {
        let listener = try make(AF_UNIX, path)
        var (address, size) = try unixAddress(path)
        unsafe unlink(path)
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(listener.number, $0, size) }
        }
        guard bound == 0, listen(listener.number, 16) == 0 else { throw SystemFailure("listen on", path) }
        return listener
    }

    /// Connects to a Unix socket path; waits while its listener has no room.
    ///
    /// - Throws: ETIMEDOUT at the deadline, ECONNREFUSED where nobody listens, ENOENT where there is no such socket.
    public static func connectUnix(path: String, until deadline: Instant) throws(SystemFailure) -> Descriptor {
        let socket = try make(AF_UNIX, path)
        var (address, size) = try unixAddress(path)
        while true {
            let result = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(socket.number, $0, size)
                }
            }
            if result == 0 { return socket }
            // A Unix socket whose listener has no room is not connecting meanwhile: it must be tried again.
            guard errno == EAGAIN else { throw SystemFailure("connect to", path) }
            guard MonotonicClock.now() < deadline else { throw SystemFailure("connect to", path, code: ETIMEDOUT) }
            MonotonicClock.sleep(for: .milliseconds(2))
        }
    }

    /// The next connection of a listener, non-blocking; nil at the deadline.
    public static func accept(_ listener: Descriptor, until deadline: Instant?) throws(SystemFailure) -> Descriptor? {
        while true {
            let number = platform_accept(listener.number)
            if number >= 0 {
                let connection = Descriptor(owning: number)
                try connection.setNonblocking(true)
                var yes: Int32 = 1
                unsafe setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
                return connection
            }
            guard errno == EAGAIN || errno == ECONNABORTED || errno == EINTR else {
                throw SystemFailure("accept on", "descriptor \(listener.number)")
            }
            if Poll.wait([(listener, .readable)], until: deadline)[0].isEmpty { return nil }
        }
    }

    /// Who is at the other end of a Unix socket.
    public static func peerCredentials(
        _ socket: Descriptor
    ) throws(SystemFailure) -> (process: Int32, user: UInt32, group: UInt32) {
        var process: pid_t = 0
        var user: uid_t = 0
        var group: gid_t = 0
        guard unsafe platform_peer(socket.number, &process, &user, &group) else {
            throw SystemFailure("ask who is at", "descriptor \(socket.number)")
        }
        return (process, user, group)
    }

    /// The supplementary groups of who is at the other end of a Unix socket, as they were when it connected.
    public static func peerGroups(_ socket: Descriptor) throws(SystemFailure) -> [UInt32] {
        // NGROUPS_MAX
        var groups = [gid_t](repeating: 0, count: 65_536)
        var size = socklen_t(groups.count * MemoryLayout<gid_t>.size)
        // SO_PEERGROUPS, which Glibc's module lacks.
        guard unsafe getsockopt(socket.number, SOL_SOCKET, 59, &groups, &size) == 0 else {
            throw SystemFailure("ask for the groups of who is at", "descriptor \(socket.number)")
        }
        return Array(groups.prefix(Int(size) / MemoryLayout<gid_t>.size))
    }

    /// The IPv4 address at the other end of a TCP socket; nil when it is not connected.
    public static func peerAddress(_ socket: Descriptor) -> String? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getpeername(socket.number, $0, &size)
            }
        }
        guard result == 0, Int32(address.sin_family) == AF_INET else { return nil }
        let octets = UInt32(bigEndian: address.sin_addr.s_addr)
        return [24, 16, 8, 0].map { String(octets >> $0 & 255) }.joined(separator: ".")
    }

    /// The local port of a TCP socket; nil when it has none.
    public static func localPort(_ socket: Descriptor) -> UInt16? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(socket.number, $0, &size)
            }
        }
        return result == 0 && Int32(address.sin_family) == AF_INET ? UInt16(bigEndian: address.sin_port) : nil
    }

    /// Makes the next `close()` of a TCP socket send RST instead of FIN.
    public static func resetOnClose(_ socket: Descriptor) {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(socket.number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Ends a connection in both directions, so that whoever reads it next finds its end.
    public static func shutDown(_ socket: Descriptor) {
        _ = shutdown(socket.number, Int32(SHUT_RDWR))
    }

    private static func make(_ family: Int32, _ subject: String) throws(SystemFailure) -> Descriptor {
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let number = socket(family, Int32(kind), 0)
        guard number >= 0 else { throw SystemFailure("make a socket for", subject) }
        return Descriptor(owning: number)
    }

    private static func finishConnecting(
        _ socket: Descriptor, _ subject: String, _ deadline: Instant
    ) throws(SystemFailure) {
        if Poll.wait([(socket, .writable)], until: deadline)[0].isEmpty {
            throw SystemFailure("connect to", subject, code: ETIMEDOUT)
        }
        var code: Int32 = 0
        var size = socklen_t(4)
        unsafe getsockopt(socket.number, SOL_SOCKET, SO_ERROR, &code, &size)
        guard code == 0 else { throw SystemFailure("connect to", subject, code: code) }
    }

    private static func internetAddress(_ host: String, _ port: UInt16) throws(SystemFailure) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard unsafe inet_pton(AF_INET, host, &address.sin_addr) == 1 else {
            throw SystemFailure("use as an IPv4 address", host, code: EINVAL)
        }
        return address
    }

    private static func unixAddress(_ path: String) throws(SystemFailure) -> (sockaddr_un, socklen_t) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let octets = Array(path.utf8)
        guard octets.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemFailure("use as a socket path", path, code: ENAMETOOLONG)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        return (address, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
}
