/// A TCP segment that asks for a connection, from the octets of its IPv4 packet.
struct ConnectionAttempt: Hashable, Sendable {
    /// IPv4 address it comes from, in the usual notation.
    var source: String
    /// Port it goes to.
    var port: UInt16

    private static let leastHeader = 20
    private static let tcp: UInt8 = 6
    private static let synchronise: UInt8 = 0x02
    private static let acknowledge: UInt8 = 0x10

    /// nil for whatever else it is, and for a packet that is cut short.
    init?(packet: [UInt8]) {
        guard let first = packet.first, first >> 4 == 4, packet.count >= Self.leastHeader, packet[9] == Self.tcp else {
            return nil
        }
        let header = Int(first & 0x0F) * 4
        guard header >= Self.leastHeader, packet.count >= header + 14 else { return nil }
        let flags = packet[header + 13]
        guard flags & Self.synchronise != 0, flags & Self.acknowledge == 0 else { return nil }
        source = packet[12..<16].map(String.init).joined(separator: ".")
        port = UInt16(packet[header + 2]) << 8 | UInt16(packet[header + 3])
    }
}
