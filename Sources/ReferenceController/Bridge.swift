import Glibc

/// The bridge to the bus as a process of its own, `reference-controller --bridge SOCKET`: whoever connects to its Unix socket gets a connection to knxd's, and octets go both
/// ways as they are. What happens to it happens to the connection alone.
///
/// It ends when its standard output has no reader any more, that is with the controller that started it, however that ended.
enum Bridge {
    /// Names within the data directory, which is the working directory: a path to a Unix socket must be short.
    static let socketPath = "bridge.sock"
    /// The name that `ps` shows.
    static let processName = "knx-bridge"

    private static let greatestConnections = 8
    private static let part = 4096

    /// A connection with its counterpart at knxd. What one side does not take yet is not read from the other.
    private struct Pair {
        let client: Int32
        let daemon: Int32
        var toDaemon: [UInt8] = []
        var toClient: [UInt8] = []
    }

    /// The whole life of the process; returns its exit status.
    ///
    /// - Parameter daemon: The path of knxd's socket, or of what stands before it.
    static func run(daemon: String) -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        let comm = unsafe open("/proc/self/comm", O_WRONLY | O_CLOEXEC)
        if comm >= 0 {
            writeAll(processName, to: comm)
            close(comm)
        }
        unsafe unlink(socketPath)
        let listener = streamSocket(AF_UNIX)
        guard listener >= 0, LocalAddress.bind(listener, socketPath), listen(listener, 4) == 0 else {
            writeAll("knx-bridge: \(socketPath): \(systemError())\n", to: STDERR_FILENO)
            return 1
        }
        var pairs: [Pair] = []
        while true {
            var entries = [
                pollfd(fd: STDOUT_FILENO, events: 0, revents: 0),
                pollfd(fd: listener, events: Int16(pairs.count < greatestConnections ? POLLIN : 0), revents: 0),
            ]
            for pair in pairs {
                entries.append(entry(pair.client, reads: pair.toDaemon.isEmpty, writes: !pair.toClient.isEmpty))
                entries.append(entry(pair.daemon, reads: pair.toClient.isEmpty, writes: !pair.toDaemon.isEmpty))
            }
            guard unsafe poll(&entries, nfds_t(entries.count), -1) > 0 else { continue }
            if entries[0].revents != 0 { return 0 }
            for index in pairs.indices.reversed() {
                let client = entries[2 + 2 * index].revents
                let daemon = entries[3 + 2 * index].revents
                let goesOn =
                    move(client, from: pairs[index].client, into: &pairs[index].toDaemon)
                    && move(daemon, from: pairs[index].daemon, into: &pairs[index].toClient)
                    && flush(&pairs[index].toDaemon, to: pairs[index].daemon)
                    && flush(&pairs[index].toClient, to: pairs[index].client)
                guard !goesOn else { continue }
                close(pairs[index].client)
                close(pairs[index].daemon)
                pairs.remove(at: index)
            }
            if entries[1].revents & Int16(POLLIN) != 0, let pair = accept(listener, daemon: daemon) {
                pairs.append(pair)
            }
        }
    }

    private static func entry(_ descriptor: Int32, reads: Bool, writes: Bool) -> pollfd {
        pollfd(fd: descriptor, events: Int16((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)), revents: 0)
    }

    /// A client whose knxd is not there is closed at once: that is how knxd itself would not be there.
    private static func accept(_ listener: Int32, daemon path: String) -> Pair? {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return nil }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        _ = fcntl(client, F_SETFL, O_NONBLOCK)
        let daemon = streamSocket(AF_UNIX)
        _ = fcntl(daemon, F_SETFL, O_NONBLOCK)
        guard daemon >= 0, LocalAddress.connect(daemon, path) else {
            if daemon >= 0 { close(daemon) }
            close(client)
            return nil
        }
        return Pair(client: client, daemon: daemon)
    }

    /// Reads what is there; false at the end of the connection.
    private static func move(_ events: Int16, from descriptor: Int32, into pending: inout [UInt8]) -> Bool {
        guard events != 0, pending.isEmpty else { return events & Int16(POLLERR | POLLNVAL) == 0 }
        var octets = [UInt8](repeating: 0, count: part)
        let count = unsafe read(descriptor, &octets, octets.count)
        if count > 0 { pending = Array(octets[..<count]) }
        return count > 0 || count < 0 && (errno == EAGAIN || errno == EINTR)
    }

    private static func flush(_ pending: inout [UInt8], to descriptor: Int32) -> Bool {
        guard !pending.isEmpty else { return true }
        let written = unsafe pending.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        if written > 0 { pending.removeFirst(written) }
        return written > 0 || errno == EAGAIN || errno == EINTR
    }
}

/// Addresses of Unix sockets.
enum LocalAddress {
    static func connect(_ descriptor: Int32, _ path: String) -> Bool {
        unsafe with(path) { unsafe Glibc.connect(descriptor, $0, $1) } == 0
    }

    static func bind(_ descriptor: Int32, _ path: String) -> Bool {
        unsafe with(path) { unsafe Glibc.bind(descriptor, $0, $1) } == 0
    }

    private static func with(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        return unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, size) }
        }
    }
}
