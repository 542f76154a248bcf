import Events
import Glibc
import Platform

/// One question for a name (RFC 1035) to a name server on 127.0.0.1, asked in the network of the calling thread.
enum NameQuery {
    private static let port: UInt16 = 53
    private static let patience = Instant.Span.milliseconds(400)

    /// `answered`: the server said something about it, also that there is no such name; `silent`: it said nothing in time.
    static func ask(_ name: String, number: UInt16) -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return "silent" }
        let socket = Descriptor(owning: descriptor)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected =
            unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(socket.number, $0, size)
                }
            } == 0
        let deadline = MonotonicClock.now() + patience
        guard isConnected, (try? socket.writeAll(message(name, number), until: deadline)) != nil else {
            return "silent"
        }
        while !Poll.wait([(socket, .readable)], until: deadline)[0].isEmpty {
            guard let answer = (try? socket.read(maximum: 512)) ?? nil else { return "silent" }
            if isAnswer(answer, to: number) { return "answered" }
        }
        return "silent"
    }

    /// A question for the IPv4 address of a name.
    static func message(_ name: String, _ number: UInt16) -> [UInt8] {
        var octets: [UInt8] = [UInt8(number >> 8), UInt8(number & 0xFF), 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]
        for label in name.split(separator: ".") {
            octets.append(UInt8(truncatingIfNeeded: min(63, label.utf8.count)))
            octets += Array(label.utf8.prefix(63))
        }
        return octets + [0, 0, 1, 0, 1]
    }

    /// With our number, and as a response.
    static func isAnswer(_ octets: [UInt8], to number: UInt16) -> Bool {
        octets.count >= 12 && octets[0] == UInt8(number >> 8) && octets[1] == UInt8(number & 0xFF)
            && octets[2] & 0x80 != 0
    }
}
