/// What a client says to knxd in its native (eibd) protocol: length (2), type (2), body; big endian, no checksum. One mode per connection.
///
/// | type | body | answer |
/// |---|---|---|
/// | 0012 OPEN_VBUSMONITOR | – | 0012; then 0014 packets |
/// | 0017 OPEN_VBUSMONITOR_TS | – | 0017, base time stamp (4); then 0015 packets |
/// | 0026 OPEN_GROUPCON | 0000, write-only (00, FF) | 0026 |
/// | 0027 GROUP_PACKET | group (2), APDU | none; knxd's own: source (2), group (2), APDU |
public enum KnxdRequest: Hashable, Sendable {
    /// Raw frames of every link as knxd routes them: re-created, without acknowledges, and late under load.
    case openVirtualBusmonitor
    case openVirtualBusmonitorWithTimestamps
    case openGroupConnection(isWriteOnly: Bool)
    /// The APDU begins with its TPCI octet, as `GroupService.transportUnit` does.
    case groupPacket(GroupAddress, apdu: [UInt8])

    /// Why a request must not be sent.
    public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        case apduLength(Int)

        public var description: String {
            switch self {
            case .apduLength(let count):
                "an APDU of \(count) octets ends knxd by a failed assertion: send 1 to \(KnxdRequest.longestApdu)"
            }
        }
    }

    /// knxd 0.14.54 aborts on an empty APDU and on 256 octets or more; 254 is the longest that TP1 carries behind its length octet.
    public static let longestApdu = 254

    /// The message with its length, as it goes over the socket.
    public var octets: [UInt8] {
        get throws(Refusal) {
            switch self {
            case .openVirtualBusmonitor: return Self.message(.openVirtualBusmonitor, [])
            case .openVirtualBusmonitorWithTimestamps: return Self.message(.openVirtualBusmonitorWithTimestamps, [])
            case .openGroupConnection(let isWriteOnly):
                return Self.message(.openGroupConnection, [0x00, 0x00, isWriteOnly ? 0xFF : 0x00])
            case .groupPacket(let group, let apdu):
                guard (1...Self.longestApdu).contains(apdu.count) else { throw .apduLength(apdu.count) }
                return Self.message(.groupPacket, [UInt8(group.raw >> 8), UInt8(group.raw & 0xFF)] + apdu)
            }
        }
    }

    private static func message(_ type: KnxdMessageType, _ body: [UInt8]) -> [UInt8] {
        let length = body.count + 2
        return [UInt8(length >> 8), UInt8(length & 0xFF), UInt8(type.rawValue >> 8), UInt8(type.rawValue & 0xFF)] + body
    }
}

enum KnxdMessageType: UInt16 {
    case openVirtualBusmonitor = 0x0012
    case busmonitorPacket = 0x0014
    case busmonitorPacketWithTimestamp = 0x0015
    case openVirtualBusmonitorWithTimestamps = 0x0017
    case openGroupConnection = 0x0026
    case groupPacket = 0x0027
}

/// What knxd says to its client.
public enum KnxdReply: Hashable, Sendable {
    /// The answers 0000…0004 that say no.
    public enum Failure: UInt16, Sendable {
        /// Unknown type, wrong length, or compiled out.
        case invalidRequest = 0
        case inUse = 1
        case processing = 2
        case closed = 3
        /// Without a request of ours: no client address is free, and knxd closes the connection.
        case reset = 4
    }

    /// The mode is open; `timestamp` is the base of a busmonitor with time stamps.
    case opened(timestamp: KnxdTimestamp?)
    case groupPacket(source: IndividualAddress, group: GroupAddress, apdu: [UInt8])
    case busmonitorPacket([UInt8])
    /// `status` is always 0 in 0.14.54.
    case busmonitorPacketWithTimestamp([UInt8], status: UInt8, timestamp: KnxdTimestamp)
    case failure(Failure)
    /// Another type, or a body that is too short for its type.
    case other(type: UInt16, body: [UInt8])
    /// A message of length 0 or 1, which has no type.
    case untyped([UInt8])

    init(content: [UInt8]) {
        guard content.count > 1 else {
            self = .untyped(content)
            return
        }
        let type = UInt16(content[0]) << 8 | UInt16(content[1])
        let body = Array(content.dropFirst(2))
        if let failure = Failure(rawValue: type) {
            self = .failure(failure)
            return
        }
        switch KnxdMessageType(rawValue: type) {
        case .openVirtualBusmonitor, .openGroupConnection: self = .opened(timestamp: nil)
        case .openVirtualBusmonitorWithTimestamps where body.count == 4:
            self = .opened(timestamp: KnxdTimestamp(body))
        case .groupPacket where body.count > 4:
            self = .groupPacket(
                source: IndividualAddress(raw: UInt16(body[0]) << 8 | UInt16(body[1])),
                group: GroupAddress(raw: UInt16(body[2]) << 8 | UInt16(body[3])), apdu: Array(body.dropFirst(4)))
        case .busmonitorPacket where !body.isEmpty: self = .busmonitorPacket(body)
        case .busmonitorPacketWithTimestamp where body.count > 5:
            self = .busmonitorPacketWithTimestamp(
                Array(body.dropFirst(5)), status: body[0], timestamp: KnxdTimestamp(body[1..<5]))
        default: self = .other(type: type, body: body)
        }
    }
}

/// knxd's clock on a packet: UTC seconds modulo 65 536 in the high half, units of 16 µs in the low.
public struct KnxdTimestamp: Hashable, Sendable {
    public var raw: UInt32

    public init(raw: UInt32) {
        self.raw = raw
    }

    init(_ octets: some Sequence<UInt8>) {
        raw = octets.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Seconds of UTC modulo 65 536.
    public var seconds: UInt32 { raw >> 16 }
    /// Microseconds of the second, in steps of 16.
    public var microseconds: UInt32 { (raw & 0xFFFF) * 16 }
}

/// Cuts what comes from knxd's socket into messages.
public struct KnxdStream: Sendable {
    private var pending: [UInt8] = []

    public init() {}

    /// Takes what a read gave, in pieces of any size; gives the messages that are whole.
    public mutating func feed(_ octets: some Sequence<UInt8>) -> [KnxdReply] {
        pending += octets
        var replies: [KnxdReply] = []
        var start = 0
        while pending.count - start >= 2 {
            let end = start + 2 + Int(pending[start]) << 8 + Int(pending[start + 1])
            guard pending.count >= end else { break }
            replies.append(KnxdReply(content: Array(pending[(start + 2)..<end])))
            start = end
        }
        pending.removeFirst(start)
        return replies
    }

    /// True when a message has begun and is not whole.
    public var isInsideMessage: Bool { !pending.isEmpty }
}
