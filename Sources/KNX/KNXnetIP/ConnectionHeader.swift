/// What precedes the data of a connection: `04`, channel, sequence counter, status (KNX standard 3/8/4). The status octet is 00 in
/// requests.
public struct ConnectionHeader: Hashable, Sendable {
    public static let length = 4

    public var channel: UInt8
    /// Counts acknowledged requests of one direction, modulo 256; nobody checks it on TCP.
    public var sequence: UInt8
    public var status: KNXnetIPStatus

    public init(channel: UInt8, sequence: UInt8, status: KNXnetIPStatus = .noError) {
        self.channel = channel
        self.sequence = sequence
        self.status = status
    }

    init(_ octets: Span<UInt8>, at offset: Int, before end: Int) throws(Fault) {
        guard offset < end else { throw Fault(.truncated, .knxnetip, at: offset) }
        guard octets[offset] == UInt8(Self.length) else {
            throw Fault(.connectionHeaderLength, .knxnetip, at: offset)
        }
        guard offset + Self.length <= end else { throw Fault(.truncated, .knxnetip, at: end) }
        channel = octets[offset + 1]
        sequence = octets[offset + 2]
        status = KNXnetIPStatus(octets[offset + 3])
    }

    public var octets: [UInt8] { [UInt8(Self.length), channel, sequence, status.octet] }
}
