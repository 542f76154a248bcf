public import Events
import Glibc

/// What a service tells the system's service manager (sd_notify(3)): one datagram to the socket that `NOTIFY_SOCKET` names. Without such a socket all of
/// this does nothing.
public struct ServiceNotices: Sendable {
    private let socket: String?
    /// How often it wants to hear that the service lives: half of what it waits; nil where it does not watch.
    public let beat: Instant.Span?

    public init(environment: [String: String] = Program.environment) {
        socket = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let patience = isMeant ? environment["WATCHDOG_USEC"].flatMap { Int64($0) } : nil
        // A manager that would wait for years does not watch.
        beat =
            socket == nil
            ? nil
            : patience.flatMap {
                (1...1_000_000_000_000_000).contains($0) ? Instant.Span(nanoseconds: $0 * 1_000 / 2) : nil
            }
    }

    /// It serves from now on.
    public func ready(_ status: String) { tell("READY=1\nSTATUS=\(status)") }
    public func lives() { tell("WATCHDOG=1") }
    public func stopping(_ status: String) { tell("STOPPING=1\nSTATUS=\(status)") }

    private func tell(_ text: String) {
        guard let socket else { return }
        let number = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return }
        defer { close(number) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var octets = Array(socket.utf8)
        // An abstract name begins with NUL, written as @.
        if octets.first == UInt8(ascii: "@") { octets[0] = 0 }
        guard octets.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: octets) }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + octets.count)
        let message = Array(text.utf8)
        _ = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(number, message, message.count, Int32(MSG_NOSIGNAL), $0, size)
            }
        }
    }
}
