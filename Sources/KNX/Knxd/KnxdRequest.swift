/// What a client says to knxd in its native (eibd) protocol: length (2), type (2), body; big endian, no checksum. One mode per connection.
///
/// | type | body | answer |
/// |---|---|---|
/// | 0010, 0012 OPEN_(V)BUSMONITOR | – | echo; then 0014 packets |
/// | 0011, 0013 OPEN_(V)BUSMONITOR_TEXT | – | echo; then 0014 packets of text |
/// | 0016, 0017 OPEN_(V)BUSMONITOR_TS | – | echo with base time stamp (4); then 0015 packets |
/// | 0020 OPEN_T_CONNECTION, 0024 OPEN_T_TPDU | address (2), 00 | echo |
/// | 0021 OPEN_T_INDIVIDUAL | address (2), write-only (00, FF) | echo |
/// | 0022 OPEN_T_GROUP | group (2), write-only | echo |
/// | 0023 OPEN_T_BROADCAST, 0026 OPEN_GROUPCON | 0000, write-only | echo |
/// | 0025 APDU_PACKET | APDU; on T_TPDU address (2), TPDU | none |
/// | 0027 GROUP_PACKET | group (2), APDU | none; knxd's own: source (2), group (2), APDU |
/// | 0070, 0071, 0072 CACHE_ENABLE, _DISABLE, _CLEAR | – | echo |
/// | 0073 CACHE_REMOVE | group (2) | echo |
/// | 0074 CACHE_READ | group (2), greatest age in seconds (2; 0 any) | source (2), group (2), APDU |
/// | 0075 CACHE_READ_NOWAIT | group (2) | as 0074 |
/// | 0076, 0077 LAST_UPDATES(_2) | start (2, 4), seconds to wait (1) | next start (2, 4), groups (2 each) |
/// | 0004 RESET_CONNECTION | – | echo; the mode is closed |
///
/// APDUs begin with their TPCI octet, as `GroupService.transportUnit` does.
public enum KnxdRequest: Hashable, Sendable {
    /// The real line, of a link that knxd runs as its monitor.
    case openBusmonitor
    case openBusmonitorText
    case openBusmonitorWithTimestamps
    /// Raw frames of every link as knxd routes them: re-created, without acknowledges, and late under load.
    case openVirtualBusmonitor
    case openVirtualBusmonitorText
    case openVirtualBusmonitorWithTimestamps
    /// knxd 0.14.54 opens it and never sends anything on it.
    case openTransportConnection(IndividualAddress)
    case openTransportIndividual(IndividualAddress, isWriteOnly: Bool)
    case openTransportGroup(GroupAddress, isWriteOnly: Bool)
    case openTransportBroadcast(isWriteOnly: Bool)
    case openTransportUnits(IndividualAddress)
    /// For the destination that the mode was opened with.
    case apduPacket([UInt8])
    /// In mode `transportUnits`: a TPDU with its TPCI to one device.
    case transportUnit(IndividualAddress, [UInt8])
    case openGroupConnection(isWriteOnly: Bool)
    /// The APDU begins with its TPCI octet, as `GroupService.transportUnit` does.
    case groupPacket(GroupAddress, apdu: [UInt8])
    case cacheEnable
    case cacheDisable
    case cacheClear
    case cacheRemove(GroupAddress)
    /// knxd asks the group first and waits 75 ms only: an empty answer does not say that nobody would have answered.
    case cacheRead(GroupAddress, greatestAgeSeconds: UInt16 = 0)
    case cacheReadWithoutWaiting(GroupAddress)
    case lastUpdates(start: UInt16, timeoutSeconds: UInt8)
    case lastUpdatesWide(start: UInt32, timeoutSeconds: UInt8)
    case resetConnection
    /// Another type, or a body that does not fit its type or mode.
    case other(type: UInt16, body: [UInt8])
    /// A message of length 0 or 1, which has no type.
    case untyped([UInt8])

    /// Why a request must not be sent.
    public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        case apduLength(Int)
        /// A body of this many octets does not fit the message's length of 16 bits, or the message should have no type and has room for
        /// one.
        case bodyLength(Int)

        public var description: String {
            switch self {
            case .apduLength(let count):
                "an APDU of \(count) octets ends knxd by a failed assertion: send 1 to \(KnxdRequest.longestApdu)"
            case .bodyLength(let count): "a message cannot have a body of \(count) octets"
            }
        }
    }

    /// knxd 0.14.54 aborts on an empty APDU and on 256 octets or more; 254 is the longest that TP1 carries behind its length octet.
    public static let longestApdu = 254

    /// The message with its length, as it goes over the socket.
    public var octets: [UInt8] {
        get throws(Refusal) {
            switch self {
            case .openBusmonitor: return KnxdMessageType.openBusmonitor.message([])
            case .openBusmonitorText: return KnxdMessageType.openBusmonitorText.message([])
            case .openBusmonitorWithTimestamps: return KnxdMessageType.openBusmonitorWithTimestamps.message([])
            case .openVirtualBusmonitor: return KnxdMessageType.openVirtualBusmonitor.message([])
            case .openVirtualBusmonitorText: return KnxdMessageType.openVirtualBusmonitorText.message([])
            case .openVirtualBusmonitorWithTimestamps:
                return KnxdMessageType.openVirtualBusmonitorWithTimestamps.message([])
            case .openTransportConnection(let address): return Self.open(.openTransportConnection, address.raw, false)
            case .openTransportIndividual(let address, let isWriteOnly):
                return Self.open(.openTransportIndividual, address.raw, isWriteOnly)
            case .openTransportGroup(let group, let isWriteOnly):
                return Self.open(.openTransportGroup, group.raw, isWriteOnly)
            case .openTransportBroadcast(let isWriteOnly): return Self.open(.openTransportBroadcast, 0, isWriteOnly)
            case .openTransportUnits(let address): return Self.open(.openTransportUnits, address.raw, false)
            case .apduPacket(let apdu): return try KnxdMessageType.apduPacket.message(Self.sound(apdu))
            case .transportUnit(let address, let unit):
                return try KnxdMessageType.apduPacket.message(Self.octets(address.raw) + Self.sound(unit))
            case .openGroupConnection(let isWriteOnly): return Self.open(.openGroupConnection, 0, isWriteOnly)
            case .groupPacket(let group, let apdu):
                return try KnxdMessageType.groupPacket.message(Self.octets(group.raw) + Self.sound(apdu))
            case .cacheEnable: return KnxdMessageType.cacheEnable.message([])
            case .cacheDisable: return KnxdMessageType.cacheDisable.message([])
            case .cacheClear: return KnxdMessageType.cacheClear.message([])
            case .cacheRemove(let group): return KnxdMessageType.cacheRemove.message(Self.octets(group.raw))
            case .cacheRead(let group, let age):
                return KnxdMessageType.cacheRead.message(Self.octets(group.raw) + Self.octets(age))
            case .cacheReadWithoutWaiting(let group):
                return KnxdMessageType.cacheReadWithoutWaiting.message(Self.octets(group.raw))
            case .lastUpdates(let start, let timeout):
                return KnxdMessageType.lastUpdates.message(Self.octets(start) + [timeout])
            case .lastUpdatesWide(let start, let timeout):
                return KnxdMessageType.lastUpdatesWide.message(Self.octets(start) + [timeout])
            case .resetConnection: return KnxdMessageType.resetConnection.message([])
            case .other(let type, let body): return try Self.other(type, body)
            case .untyped(let content):
                guard content.count < 2 else { throw .bodyLength(content.count) }
                return [0x00, UInt8(content.count)] + content
            }
        }
    }

    private static func octets(_ number: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
        var octets: [UInt8] = []
        octets.appendBigEndian(number, octetCount: number.bitWidth / 8)
        return octets
    }

    private static func open(_ type: KnxdMessageType, _ address: UInt16, _ isWriteOnly: Bool) -> [UInt8] {
        type.message(octets(address) + [isWriteOnly ? 0xFF : 0x00])
    }

    private static func sound(_ apdu: [UInt8]) throws(Refusal) -> [UInt8] {
        guard (1...longestApdu).contains(apdu.count) else { throw .apduLength(apdu.count) }
        return apdu
    }

    /// Any type and body, but not the packets that end knxd.
    private static func other(_ type: UInt16, _ body: [UInt8]) throws(Refusal) -> [UInt8] {
        guard body.count <= 0xFFFF - 2 else { throw .bodyLength(body.count) }
        switch KnxdMessageType(rawValue: type) {
        // With two octets of address in some modes and none in others: no body may be an empty APDU or too long a one in either.
        case .apduPacket where !(3...longestApdu).contains(body.count): throw .apduLength(body.count)
        case .groupPacket where !(3...(longestApdu + 2)).contains(body.count): throw .apduLength(max(body.count - 2, 0))
        default: return octets(UInt16(body.count + 2)) + octets(type) + body
        }
    }
}

extension KnxdRequest {
    /// Reads the content of a message (what follows its length), as knxd does in `mode`.
    init(content: [UInt8], mode: KnxdMode?) {
        guard content.count > 1 else {
            self = .untyped(content)
            return
        }
        let code = UInt16(content[0]) << 8 | UInt16(content[1])
        let body = Array(content.dropFirst(2))
        let request = KnxdMessageType(rawValue: code).flatMap { type in
            body.isEmpty ? Self.bare(type) : Self.filled(type, body, mode)
        }
        self = request ?? .other(type: code, body: body)
    }

    private static func bare(_ type: KnxdMessageType) -> KnxdRequest? {
        switch type {
        case .openBusmonitor: .openBusmonitor
        case .openBusmonitorText: .openBusmonitorText
        case .openBusmonitorWithTimestamps: .openBusmonitorWithTimestamps
        case .openVirtualBusmonitor: .openVirtualBusmonitor
        case .openVirtualBusmonitorText: .openVirtualBusmonitorText
        case .openVirtualBusmonitorWithTimestamps: .openVirtualBusmonitorWithTimestamps
        case .cacheEnable: .cacheEnable
        case .cacheDisable: .cacheDisable
        case .cacheClear: .cacheClear
        case .resetConnection: .resetConnection
        default: nil
        }
    }

    private static func filled(_ type: KnxdMessageType, _ body: [UInt8], _ mode: KnxdMode?) -> KnxdRequest? {
        let first = body.count > 1 ? body.span.bigEndian16(at: 0) : 0
        let address = IndividualAddress(raw: first)
        let group = GroupAddress(raw: first)
        switch (type, body.count) {
        case (.openTransportConnection, 3): return .openTransportConnection(address)
        case (.openTransportIndividual, 3): return .openTransportIndividual(address, isWriteOnly: body[2] != 0)
        case (.openTransportGroup, 3): return .openTransportGroup(group, isWriteOnly: body[2] != 0)
        case (.openTransportBroadcast, 3): return .openTransportBroadcast(isWriteOnly: body[2] != 0)
        case (.openTransportUnits, 3): return .openTransportUnits(address)
        case (.openGroupConnection, 3): return .openGroupConnection(isWriteOnly: body[2] != 0)
        case (.apduPacket, 3...) where mode == .transportUnits: return .transportUnit(address, Array(body.dropFirst(2)))
        case (.apduPacket, 1...) where mode?.isTransport == true && mode != .transportUnits: return .apduPacket(body)
        case (.groupPacket, 3...): return .groupPacket(group, apdu: Array(body.dropFirst(2)))
        case (.cacheRemove, 2): return .cacheRemove(group)
        case (.cacheRead, 4): return .cacheRead(group, greatestAgeSeconds: body.span.bigEndian16(at: 2))
        case (.cacheReadWithoutWaiting, 2): return .cacheReadWithoutWaiting(group)
        case (.lastUpdates, 3): return .lastUpdates(start: first, timeoutSeconds: body[2])
        case (.lastUpdatesWide, 5):
            return .lastUpdatesWide(start: body.span.bigEndian32(at: 0), timeoutSeconds: body[4])
        default: return nil
        }
    }

    /// The mode that knxd has after this request, when it grants it and had `mode` before.
    func mode(after mode: KnxdMode?) -> KnxdMode? {
        switch self {
        case .openBusmonitor: .busmonitor
        case .openBusmonitorText: .busmonitorText
        case .openBusmonitorWithTimestamps: .busmonitorWithTimestamps
        case .openVirtualBusmonitor: .virtualBusmonitor
        case .openVirtualBusmonitorText: .virtualBusmonitorText
        case .openVirtualBusmonitorWithTimestamps: .virtualBusmonitorWithTimestamps
        case .openTransportConnection: .transportConnection
        case .openTransportIndividual: .transportIndividual
        case .openTransportGroup: .transportGroup
        case .openTransportBroadcast: .transportBroadcast
        case .openTransportUnits: .transportUnits
        case .openGroupConnection: .group
        case .resetConnection: nil
        default: mode
        }
    }
}
