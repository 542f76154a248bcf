/// One message of knxd's protocol in borrowed octets, length included, with what is wrong with it and what it says: for reports.
/// Programs that talk to knxd use `KnxdStream`.
public struct KnxdFrame: ~Escapable {
    public enum Sender: Sendable {
        case client
        case knxd
    }

    public static let headerLength = 4

    public let octets: Span<UInt8>
    public let sender: Sender
    /// The mode of the connection, which tells what packets hold; nil when it is not known.
    public let mode: KnxdMode?
    public private(set) var faults = Faults()
    /// Octets behind the length.
    public let length: Int?
    public let typeCode: UInt16?

    @_lifetime(copy octets)
    public init(_ octets: Span<UInt8>, from sender: Sender, mode: KnxdMode? = nil) {
        self.octets = octets
        self.sender = sender
        self.mode = mode
        length = octets.count > 1 ? Int(octets.bigEndian16(at: 0)) : nil
        typeCode = octets.count > 3 ? octets.bigEndian16(at: 2) : nil
        do throws(Fault) {
            try check()
        } catch {
            faults.add(error)
        }
    }

    public var type: KnxdMessageType? { typeCode.flatMap(KnxdMessageType.init(rawValue:)) }

    /// Where the body lies, as far as it has come.
    public var bodyRange: Range<Int>? {
        guard let length, length >= 2, octets.count >= Self.headerLength else { return nil }
        return Self.headerLength..<min(length + 2, octets.count)
    }

    private mutating func check() throws(Fault) {
        guard !octets.isEmpty else { throw Fault(.empty, .knxd, at: 0) }
        guard let length, octets.count >= length + 2 else { throw Fault(.truncated, .knxd, at: octets.count) }
        guard octets.count == length + 2 else { throw Fault(.trailing, .knxd, at: length + 2) }
        guard let bodyRange else { throw Fault(.truncated, .knxd, at: octets.count) }
        guard let type else { throw Fault(.serviceUnknown, .knxd, at: 2) }
        guard let minimum = Self.lengths(of: type, from: sender, mode: mode) else {
            throw Fault(.transportUnusual, .knxd, at: 2)
        }
        if bodyRange.count < minimum.least {
            // knxd ends by a failed assertion when a client sends such a packet.
            let isEmptyApdu = minimum.most == nil && bodyRange.count == minimum.least - 1
            throw Fault(isEmptyApdu ? .apduTooShort : .structLength, .knxd, at: bodyRange.upperBound)
        }
        if let most = minimum.most, bodyRange.count > most {
            throw Fault(.structLength, .knxd, at: Self.headerLength + most)
        }
        if minimum.unit == 2, !bodyRange.count.isMultiple(of: 2) {
            throw Fault(.structLength, .knxd, at: bodyRange.upperBound)
        }
    }

    /// The lengths that a body may have; nil for a type that this side never sends, or not in this mode.
    private static func lengths(
        of type: KnxdMessageType, from sender: Sender, mode: KnxdMode?
    ) -> (least: Int, most: Int?, unit: Int)? {
        let isClient = sender == .client
        if let opened = KnxdMode(openedBy: type) {
            if !isClient { return opened.hasTimestamps ? (4, 4, 1) : (0, 0, 1) }
            return opened.isBusmonitor ? (0, 0, 1) : (3, 3, 1)
        }
        switch type {
        case .groupPacket: return isClient ? (3, nil, 1) : (5, nil, 1)
        case .busmonitorPacket: return isClient ? nil : (1, nil, 1)
        case .busmonitorPacketWithTimestamp: return isClient ? nil : (6, nil, 1)
        case .apduPacket:
            switch mode {
            case .transportUnits: return (3, nil, 1)
            case .transportGroup, .transportBroadcast: return isClient ? (1, nil, 1) : (3, nil, 1)
            case .transportIndividual, .transportConnection, nil: return (1, nil, 1)
            default: return nil
            }
        case .cacheEnable, .cacheDisable, .cacheClear, .resetConnection: return (0, 0, 1)
        case .cacheRemove: return isClient ? (2, 2, 1) : (0, 0, 1)
        case .cacheRead: return isClient ? (4, 4, 1) : (4, Int.max, 1)
        case .cacheReadWithoutWaiting: return isClient ? (2, 2, 1) : (4, Int.max, 1)
        case .lastUpdates: return isClient ? (3, 3, 1) : (2, Int.max, 2)
        case .lastUpdatesWide: return isClient ? (5, 5, 1) : (4, Int.max, 2)
        case .invalidRequest, .connectionInUse, .processingError, .closed, .addressExists, .moreThanOneDevice, .timeout,
            .verification:
            return isClient ? nil : (0, 0, 1)
        default: return (0, Int.max, 1)
        }
    }

    /// What the message says, as far as it could be read.
    public var fields: [Field] {
        var fields: [Field] = []
        if let length { fields.append(Field("length", .integer(length))) }
        if let typeCode {
            fields.append(Field("type", .text("0x\(typeCode.hexadecimal)")))
            fields.append(Field("type_name", type.map { .text($0.name) } ?? .null))
        }
        if let bodyRange { fields.append(Field("body", .octets(octets.array(bodyRange)))) }
        return fields
    }

    /// What the body means, when it is whole.
    public var decoded: [Field] {
        guard !faults.isRejected, octets.count >= Self.headerLength else { return [] }
        let content = octets.array(2..<octets.count)
        return switch sender {
        case .client: KnxdRequest(content: content, mode: mode).fields
        case .knxd: KnxdReply(content: content, mode: mode).fields
        }
    }
}

extension KnxdRequest {
    /// The parts of the request by name; none for one that is all in its type.
    public var fields: [Field] {
        switch self {
        case .openTransportConnection(let address), .openTransportUnits(let address):
            [Field("address", .text(address.description))]
        case .openTransportIndividual(let address, let isWriteOnly):
            [Field("address", .text(address.description)), Field("write_only", .boolean(isWriteOnly))]
        case .openTransportGroup(let group, let isWriteOnly):
            [Field("group", .text(group.description)), Field("write_only", .boolean(isWriteOnly))]
        case .openTransportBroadcast(let isWriteOnly), .openGroupConnection(let isWriteOnly):
            [Field("write_only", .boolean(isWriteOnly))]
        case .apduPacket(let apdu): [Field("apdu", .octets(apdu))]
        case .transportUnit(let address, let unit):
            [Field("address", .text(address.description)), Field("tpdu", .octets(unit))]
        case .groupPacket(let group, let apdu):
            [Field("group", .text(group.description)), Field("apdu", .octets(apdu))]
        case .cacheRemove(let group), .cacheReadWithoutWaiting(let group): [Field("group", .text(group.description))]
        case .cacheRead(let group, let age):
            [Field("group", .text(group.description)), Field("greatest_age_s", .integer(Int(age)))]
        case .lastUpdates(let start, let timeout):
            [Field("start", .integer(Int(start))), Field("timeout_s", .integer(Int(timeout)))]
        case .lastUpdatesWide(let start, let timeout):
            [Field("start", .integer(Int(start))), Field("timeout_s", .integer(Int(timeout)))]
        default: []
        }
    }
}

extension KnxdReply {
    /// The parts of the reply by name; none for one that is all in its type.
    public var fields: [Field] {
        switch self {
        case .opened(let timestamp): timestamp.map { [Field("timestamp", .integer(Int($0.raw)))] } ?? []
        case .groupPacket(let source, let group, let apdu), .cached(_, let source, let group, let apdu):
            [
                Field("source", .text(source.description)), Field("group", .text(group.description)),
                Field("apdu", .octets(apdu)),
            ]
        case .busmonitorPacket(let octets): [Field("lpdu", .octets(octets))]
        case .busmonitorPacketWithTimestamp(let octets, let status, let timestamp):
            [
                Field("status", .integer(Int(status))), Field("timestamp", .integer(Int(timestamp.raw))),
                Field("lpdu", .octets(octets)),
            ]
        case .busmonitorText(let text): [Field("text", .text(text))]
        case .apduPacket(let source, let apdu):
            (source.map { [Field("source", .text($0.description))] } ?? []) + [Field("apdu", .octets(apdu))]
        case .transportUnit(let source, let unit):
            [Field("source", .text(source.description)), Field("tpdu", .octets(unit))]
        case .lastUpdates(let next, let groups): Self.updates(Int(next), groups)
        case .lastUpdatesWide(let next, let groups): Self.updates(Int(next), groups)
        case .failure(let failure): [Field("failure", .text("\(failure)"))]
        case .cacheDone, .other, .untyped: []
        }
    }

    private static func updates(_ next: Int, _ groups: [GroupAddress]) -> [Field] {
        [Field("next", .integer(next)), Field("groups", .list(groups.map { .text($0.description) }))]
    }
}
