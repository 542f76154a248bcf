import Glibc

/// What a controller does that begins before it knows its configuration: it opens its port and writes to its data directory, and has to end then.
/// With the protections on it does neither.
enum HastyStart {
    /// Bringing up what lies behind a port takes a while.
    private static let bringUpMicroseconds: UInt32 = 50_000

    static func begin(besides configurationPath: String, _ protections: Set<Protection>) {
        let fallback = Configuration.fallback(besides: configurationPath)
        if !protections.contains(.configurationBeforeWriting) { note(in: fallback.data) }
        if !protections.contains(.configurationBeforeListening) { listen(on: fallback.http) }
    }

    /// One line more in the journal of its starts.
    private static func note(in directory: String) {
        let descriptor = unsafe open("\(directory)/starts.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return }
        writeAll("started\n", to: descriptor)
        close(descriptor)
    }

    /// For as long as it takes to come up; the real interface opens the port again.
    private static func listen(on endpoint: Configuration.Endpoint) {
        let descriptor = streamSocket(AF_INET)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(endpoint.port).bigEndian
        unsafe inet_pton(AF_INET, endpoint.host, &address.sin_addr)
        var reuse: Int32 = 1
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        let bound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, Glibc.listen(descriptor, 1) == 0 else { return }
        usleep(bringUpMicroseconds)
    }
}
