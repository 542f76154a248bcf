/// What knxd says to its client.
public enum KnxdReply: Hashable, Sendable {
    /// The answers that say no: 0000…0004, and 0041…0044 of a knxd with device management.
    public enum Failure: UInt16, Sendable, CaseIterable {
        /// Unknown type, wrong length, or compiled out.
        case invalidRequest = 0
        case inUse = 1
        case processing = 2
        case closed = 3
        /// Without a request of ours: no client address is free, and knxd closes the connection. Else the echo of `resetConnection`.
        case reset = 4
        case addressExists = 0x41
        case moreThanOneDevice = 0x42
        case timeout = 0x43
        case verification = 0x44
    }

    /// The mode is open; `timestamp` is the base of a busmonitor with time stamps.
    case opened(timestamp: KnxdTimestamp?)
    case groupPacket(source: IndividualAddress, group: GroupAddress, apdu: [UInt8])
    case busmonitorPacket([UInt8])
    /// `status` is always 0 in 0.14.54.
    case busmonitorPacketWithTimestamp([UInt8], status: UInt8, timestamp: KnxdTimestamp)
    /// A frame as knxd describes it, in the text modes.
    case busmonitorText(String)
    /// In a transport mode. Without source where the mode was opened for one device.
    case apduPacket(source: IndividualAddress?, [UInt8])
    /// In mode `transportUnits`: a TPDU with its TPCI.
    case transportUnit(source: IndividualAddress, [UInt8])
    /// A request for the cache without an answer of its own has been carried out.
    case cacheDone(KnxdMessageType)
    /// What the cache knows of a group: nothing, and source 0.0.0, when `apdu` is empty. `type` is the request's.
    case cached(KnxdMessageType, source: IndividualAddress, group: GroupAddress, apdu: [UInt8])
    case lastUpdates(next: UInt16, [GroupAddress])
    case lastUpdatesWide(next: UInt32, [GroupAddress])
    case failure(Failure)
    /// Another type, or a body that is too short for its type, or that the mode gives no meaning.
    case other(type: UInt16, body: [UInt8])
    /// A message of length 0 or 1, which has no type.
    case untyped([UInt8])

    /// Reads the content of a message (what follows its length) that came in `mode`.
    init(content: [UInt8], mode: KnxdMode? = nil) {
        guard content.count > 1 else {
            self = .untyped(content)
            return
        }
        let code = UInt16(content[0]) << 8 | UInt16(content[1])
        let body = Array(content.dropFirst(2))
        if let failure = Failure(rawValue: code) {
            self = .failure(failure)
            return
        }
        let reply = KnxdMessageType(rawValue: code).flatMap { Self.reply($0, body, mode) }
        self = reply ?? .other(type: code, body: body)
    }

    private static func reply(_ type: KnxdMessageType, _ body: [UInt8], _ mode: KnxdMode?) -> KnxdReply? {
        if let opened = KnxdMode(openedBy: type) {
            guard opened.hasTimestamps else { return .opened(timestamp: nil) }
            return body.count == 4 ? .opened(timestamp: KnxdTimestamp(body)) : nil
        }
        let octets = body.span
        switch type {
        case .groupPacket where body.count > 4:
            return .groupPacket(
                source: IndividualAddress(raw: octets.bigEndian16(at: 0)),
                group: GroupAddress(raw: octets.bigEndian16(at: 2)), apdu: Array(body.dropFirst(4)))
        case .busmonitorPacket where !body.isEmpty:
            guard mode?.isText == true else { return .busmonitorPacket(body) }
            // Ends with a zero octet; bytes that are no UTF-8 are shown as such.
            return .busmonitorText(String(decoding: body.prefix { $0 != 0 }, as: UTF8.self))
        case .busmonitorPacketWithTimestamp where body.count > 5:
            return .busmonitorPacketWithTimestamp(
                Array(body.dropFirst(5)), status: body[0], timestamp: KnxdTimestamp(body[1..<5]))
        case .apduPacket: return apdu(body, mode)
        case .cacheEnable, .cacheDisable, .cacheClear, .cacheRemove: return body.isEmpty ? .cacheDone(type) : nil
        case .cacheRead, .cacheReadWithoutWaiting:
            guard body.count >= 4 else { return nil }
            return .cached(
                type, source: IndividualAddress(raw: octets.bigEndian16(at: 0)),
                group: GroupAddress(raw: octets.bigEndian16(at: 2)), apdu: Array(body.dropFirst(4)))
        case .lastUpdates where body.count >= 2 && body.count % 2 == 0:
            return .lastUpdates(next: octets.bigEndian16(at: 0), groups(body, from: 2))
        case .lastUpdatesWide where body.count >= 4 && body.count % 2 == 0:
            return .lastUpdatesWide(next: octets.bigEndian32(at: 0), groups(body, from: 4))
        default: return nil
        }
    }

    private static func apdu(_ body: [UInt8], _ mode: KnxdMode?) -> KnxdReply? {
        let source = body.count > 2 ? IndividualAddress(raw: body.span.bigEndian16(at: 0)) : nil
        switch mode {
        case .transportGroup, .transportBroadcast:
            return source.map { .apduPacket(source: $0, Array(body.dropFirst(2))) }
        case .transportUnits: return source.map { .transportUnit(source: $0, Array(body.dropFirst(2))) }
        case .transportIndividual, .transportConnection:
            return body.isEmpty ? nil : .apduPacket(source: nil, body)
        default: return nil
        }
    }

    private static func groups(_ body: [UInt8], from start: Int) -> [GroupAddress] {
        stride(from: start, to: body.count, by: 2).map {
            GroupAddress(raw: UInt16(body[$0]) << 8 | UInt16(body[$0 + 1]))
        }
    }
}

extension KnxdReply {
    /// Why a reply is none that knxd could give.
    public enum Refusal: Error, Hashable, Sendable {
        /// The mode gives no such reply, or the reply has no octets of its own.
        case mode
        case bodyLength(Int)
    }

    /// The message with its length, as knxd would send it in `mode`: for whoever plays knxd.
    public func octets(in mode: KnxdMode?) throws(Refusal) -> [UInt8] {
        var body: [UInt8] = []
        let type: UInt16
        switch self {
        case .opened(let timestamp):
            guard let mode, mode.hasTimestamps == (timestamp != nil) else { throw .mode }
            type = mode.type.rawValue
            if let timestamp { body.appendBigEndian(timestamp.raw, octetCount: 4) }
        case .groupPacket(let source, let group, let apdu):
            guard !apdu.isEmpty else { throw .bodyLength(4) }
            type = KnxdMessageType.groupPacket.rawValue
            body.appendBigEndian(source.raw, octetCount: 2)
            body.appendBigEndian(group.raw, octetCount: 2)
            body += apdu
        case .busmonitorPacket(let octets):
            guard mode?.isText != true, !octets.isEmpty else { throw .mode }
            type = KnxdMessageType.busmonitorPacket.rawValue
            body = octets
        case .busmonitorPacketWithTimestamp(let octets, let status, let timestamp):
            guard !octets.isEmpty else { throw .bodyLength(5) }
            type = KnxdMessageType.busmonitorPacketWithTimestamp.rawValue
            body = [status]
            body.appendBigEndian(timestamp.raw, octetCount: 4)
            body += octets
        case .busmonitorText(let text):
            guard mode?.isText == true, !text.utf8.contains(0) else { throw .mode }
            type = KnxdMessageType.busmonitorPacket.rawValue
            body = Array(text.utf8) + [0x00]
        case .apduPacket(let source, let apdu):
            let isSourced = mode == .transportGroup || mode == .transportBroadcast
            guard isSourced || mode == .transportIndividual || mode == .transportConnection,
                isSourced == (source != nil), !apdu.isEmpty
            else { throw .mode }
            type = KnxdMessageType.apduPacket.rawValue
            if let source { body.appendBigEndian(source.raw, octetCount: 2) }
            body += apdu
        case .transportUnit(let source, let unit):
            guard mode == .transportUnits, !unit.isEmpty else { throw .mode }
            type = KnxdMessageType.apduPacket.rawValue
            body.appendBigEndian(source.raw, octetCount: 2)
            body += unit
        case .cacheDone(let done):
            guard (0x70...0x73).contains(done.rawValue) else { throw .mode }
            type = done.rawValue
        case .cached(let request, let source, let group, let apdu):
            guard request == .cacheRead || request == .cacheReadWithoutWaiting else { throw .mode }
            type = request.rawValue
            body.appendBigEndian(source.raw, octetCount: 2)
            body.appendBigEndian(group.raw, octetCount: 2)
            body += apdu
        case .lastUpdates(let next, let groups):
            type = KnxdMessageType.lastUpdates.rawValue
            body.appendBigEndian(next, octetCount: 2)
            for group in groups { body.appendBigEndian(group.raw, octetCount: 2) }
        case .lastUpdatesWide(let next, let groups):
            type = KnxdMessageType.lastUpdatesWide.rawValue
            body.appendBigEndian(next, octetCount: 4)
            for group in groups { body.appendBigEndian(group.raw, octetCount: 2) }
        case .failure(let failure): type = failure.rawValue
        case .other(let code, let octets):
            type = code
            body = octets
        case .untyped(let content):
            guard content.count < 2 else { throw .bodyLength(content.count) }
            return [0x00, UInt8(content.count)] + content
        }
        guard body.count <= 0xFFFF - 2 else { throw .bodyLength(body.count) }
        var octets: [UInt8] = []
        octets.appendBigEndian(UInt16(body.count + 2), octetCount: 2)
        octets.appendBigEndian(type, octetCount: 2)
        return octets + body
    }
}
