import Glibc

/// A group connection to knxd's Unix socket, opened and answered.
enum KnxdSocket {
    private static let openTimeoutNanoseconds: Int64 = 2_000_000_000

    /// Connects and opens the group connection; nil when knxd is not there yet, or does not answer within 2 s.
    ///
    /// - Parameter path: Of knxd's own socket, or of the bridge's before it.
    static func open(_ path: String, orderedToStop: () -> Bool) -> Int32? {
        let descriptor = streamSocket(AF_UNIX)
        guard descriptor >= 0 else { return nil }
        // Not blocking from the start: connecting to a stopped knxd waits for ever once its backlog is full.
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        guard LocalAddress.connect(descriptor, path), send(KnxdMessage.openGroupConnection, descriptor),
            awaitOpened(descriptor, orderedToStop: orderedToStop)
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func awaitOpened(_ descriptor: Int32, orderedToStop: () -> Bool) -> Bool {
        var decoder = KnxdMessageDecoder()
        let deadline = monotonicNanoseconds() + Self.openTimeoutNanoseconds
        while !orderedToStop(), monotonicNanoseconds() < deadline {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&entry, 1, 100) > 0 else { continue }
            // Octet by octet: whatever follows the answer belongs to the connection.
            var octet: [UInt8] = [0]
            guard unsafe read(descriptor, &octet, 1) == 1 else { return false }
            decoder.feed(octet)
            if let message = decoder.next() { return message == .groupConnectionOpened }
        }
        return false
    }

    private static func send(_ octets: [UInt8], _ descriptor: Int32) -> Bool {
        unsafe octets.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) } == octets.count
    }
}
