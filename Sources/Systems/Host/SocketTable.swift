import Platform

/// The kernel's table of TCP sockets in the network of a process (/proc/PID/net/tcp and tcp6): what neither end can say wrongly.
struct SocketTable {
    struct Entry: Hashable, Sendable {
        var localPort: UInt16
        var remotePort: UInt16
        var state: State
        /// Octets that were written and that the other side has not acknowledged.
        var sendQueue: Int64
        /// Octets that were received and not read.
        var receiveQueue: Int64
    }

    /// As the kernel numbers them (include/net/tcp_states.h); the ones that a process's own end holds open, and all others.
    enum State: Hashable, Sendable {
        case established
        /// The other side has said its last; this one has not.
        case closeWait
        /// Whoever comes is taken.
        case listening
        case other

        init(_ number: UInt8) {
            switch number {
            case 1: self = .established
            case 8: self = .closeWait
            case 10: self = .listening
            default: self = .other
            }
        }

        /// A connection that nobody has ended on this side.
        var isHeld: Bool { self == .established || self == .closeWait }
    }

    var entries: [Entry] = []

    static func read(ofProcess pid: Int32) -> SocketTable {
        var table = SocketTable()
        for name in ["tcp", "tcp6"] {
            let text = String(decoding: (try? Files.read("/proc/\(pid)/net/\(name)")) ?? [], as: UTF8.self)
            table.entries += parse(text)
        }
        return table
    }

    /// Ports on which somebody listens.
    var listening: Set<UInt16> { Set(entries.filter { $0.state == .listening }.map(\.localPort)) }

    /// Columns: number, local address, remote address (hex, port after the colon), state, send and receive queue.
    static func parse(_ text: String) -> [Entry] {
        text.split(separator: "\n").dropFirst().compactMap { line in
            let words = line.split(separator: " ")
            guard words.count > 4, let local = port(words[1]), let remote = port(words[2]),
                let state = UInt8(words[3], radix: 16)
            else { return nil }
            let queues = words[4].split(separator: ":")
            guard queues.count == 2, let send = Int64(queues[0], radix: 16), let receive = Int64(queues[1], radix: 16)
            else { return nil }
            return Entry(
                localPort: local, remotePort: remote, state: State(state), sendQueue: send, receiveQueue: receive)
        }
    }

    private static func port(_ address: Substring) -> UInt16? {
        address.split(separator: ":").last.flatMap { UInt16($0, radix: 16) }
    }
}
