import Glibc

/// A UDP socket over IPv4, non-blocking: what it takes and gives are whole datagrams. Waiting is `Poll`'s.
public final class DatagramSocket: Sendable {
    /// Where a datagram came from or goes to.
    public struct Endpoint: Hashable, Sendable {
        /// The first of the four numbers in the high octet.
        public var address: UInt32
        public var port: UInt16

        public init(address: UInt32, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// The longest that UDP carries over IPv4, octets.
    private static let longestDatagram = 65_507

    public let descriptor: Descriptor
    /// The address and port that it was bound to.
    public let endpoint: Endpoint

    /// Binds to an IPv4 address. Port 0 takes a free one.
    public init(host: String = "127.0.0.1", port: UInt16 = 0) throws(SystemFailure) {
        let subject = "\(host):\(port)"
        descriptor = try Self.make(subject)
        var address = try Self.address(host, port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let number = descriptor.number
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(number, $0, size) }
        }
        guard bound == 0 else { throw SystemFailure("bind to UDP", subject) }
        var actualSize = size
        _ = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(number, $0, &actualSize)
            }
        }
        endpoint = Endpoint(
            address: UInt32(bigEndian: address.sin_addr.s_addr), port: UInt16(bigEndian: address.sin_port))
    }

    /// Hears what is sent to a multicast address on one network, beside any number of others on this computer; nothing else, and not what is sent to
    /// one of them alone.
    ///
    /// - Parameter host: the IPv4 address of this computer on that network.
    public init(multicast group: String, port: UInt16, on host: String) throws(SystemFailure) {
        let subject = "\(group):\(port) on \(host)"
        descriptor = try Self.make(subject)
        let number = descriptor.number
        var yes: Int32 = 1
        unsafe setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, 4)
        var address = try Self.address(group, port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(number, $0, size) }
        }
        guard bound == 0 else { throw SystemFailure("bind to UDP", subject) }
        var membership = ip_mreq(imr_multiaddr: address.sin_addr, imr_interface: try Self.address(host, 0).sin_addr)
        let joined = unsafe setsockopt(
            number, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, &membership, socklen_t(MemoryLayout<ip_mreq>.size))
        // Otherwise it would hear what others on this computer have joined on other networks: a real installation, perhaps.
        var no: Int32 = 0
        let isAlone = unsafe setsockopt(number, Int32(IPPROTO_IP), IP_MULTICAST_ALL, &no, 4)
        guard joined == 0, isAlone == 0 else { throw SystemFailure("join multicast", subject) }
        endpoint = Endpoint(address: UInt32(bigEndian: address.sin_addr.s_addr), port: port)
    }

    /// What it sends to multicast addresses goes out on the network of the address that it is bound to, so many hops far, and to others on this computer
    /// too.
    public func sendMulticast(hops: UInt8) throws(SystemFailure) {
        let number = descriptor.number
        var own = in_addr(s_addr: endpoint.address.bigEndian)
        var (hops, yes) = (Int32(hops), Int32(1))
        let isSet = unsafe [
            setsockopt(
                number, Int32(IPPROTO_IP), IP_MULTICAST_IF, &own, socklen_t(MemoryLayout<in_addr>.size)),
            setsockopt(number, Int32(IPPROTO_IP), IP_MULTICAST_TTL, &hops, 4),
            setsockopt(number, Int32(IPPROTO_IP), IP_MULTICAST_LOOP, &yes, 4),
        ]
        guard isSet.allSatisfy({ $0 == 0 }) else { throw SystemFailure("send multicast by", "port \(endpoint.port)") }
    }

    /// A descriptor that sends to one server and hears only that; each read is one datagram, each write is one. Nothing is sent by it, so that a
    /// server that is not there shows with the first datagram (ECONNREFUSED).
    public static func connect(host: String, port: UInt16) throws(SystemFailure) -> Descriptor {
        let subject = "\(host):\(port)"
        let descriptor = try make(subject)
        var address = try self.address(host, port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor.number, $0, size)
            }
        }
        guard result == 0 else { throw SystemFailure("connect to UDP", subject) }
        return descriptor
    }

    /// The next datagram; nil when none is there, or only the news that an earlier one was not taken.
    public func receive() -> (octets: [UInt8], from: Endpoint)? {
        var sender = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        var count = -1
        let octets = unsafe [UInt8](unsafeUninitializedCapacity: Self.longestDatagram) { buffer, initialized in
            count = unsafe withUnsafeMutablePointer(to: &sender) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe recvfrom(descriptor.number, buffer.baseAddress, buffer.count, 0, $0, &size)
                }
            }
            initialized = max(0, count)
        }
        guard count >= 0 else { return nil }
        return (
            octets,
            Endpoint(address: UInt32(bigEndian: sender.sin_addr.s_addr), port: UInt16(bigEndian: sender.sin_port))
        )
    }

    /// Sends a datagram. What the system does not take is lost, as on any network.
    public func send(_ octets: [UInt8], to endpoint: Endpoint) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = endpoint.port.bigEndian
        address.sin_addr.s_addr = endpoint.address.bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(descriptor.number, octets, octets.count, 0, $0, size)
            }
        }
    }

    private static func make(_ subject: String) throws(SystemFailure) -> Descriptor {
        let kind = SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let number = socket(AF_INET, Int32(kind), 0)
        guard number >= 0 else { throw SystemFailure("make a socket for", subject) }
        return Descriptor(owning: number)
    }

    private static func address(_ host: String, _ port: UInt16) throws(SystemFailure) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard unsafe inet_pton(AF_INET, host, &address.sin_addr) == 1 else {
            throw SystemFailure("use as an IPv4 address", host, code: EINVAL)
        }
        return address
    }
}
