import Platform

/// Small send buffers for every TCP connection in the network of a host, so that a client that does not read is felt within seconds and not within
/// megabytes. For sockets that are made from then on; a listener hands its buffers on to the connections that it accepts.
enum SmallSendBuffers {
    private static let path = "/proc/sys/net/ipv4/tcp_wmem"
    /// Least, usual and most octets of a buffer, which the kernel rounds up to about 4.6 kB.
    private static let octets = "4096\t4096\t4096"

    /// - Parameter pid: a process of that network.
    /// - Throws: that the kernel did not take it.
    static func set(inNetworkOf pid: Int32) throws(SystemFault) {
        let taken: String
        do throws(SystemFailure) {
            taken = try HostNetwork.run(of: pid) {
                try? Files.write(Array(octets.utf8), to: path, atomically: false)
                return String(decoding: (try? Files.read(path, maximum: 64)) ?? [], as: UTF8.self)
            }
        } catch {
            throw SystemFault("the buffers of the system's network could not be made small: \(error)")
        }
        let words = taken.split { $0 == "\t" || $0 == "\n" || $0 == " " }
        guard words == ["4096", "4096", "4096"] else {
            throw SystemFault(
                "the buffers of the system's network could not be made small: \(path) says '\(words.joined(separator: " "))'"
            )
        }
    }
}
