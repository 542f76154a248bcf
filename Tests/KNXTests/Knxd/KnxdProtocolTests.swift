import KNX
import Platform
import Testing

/// The messages that `KnxdMessagesTests` leaves out, in both directions.
@Suite struct KnxdProtocolTests {
    private static let device = IndividualAddress(raw: 0x1103)
    private static let group = GroupAddress(raw: 0x0901)

    static let requestTable: [(KnxdMode?, KnxdRequest, String)] = [
        (nil, .openBusmonitor, "0002 0010"), (nil, .openBusmonitorText, "0002 0011"),
        (nil, .openVirtualBusmonitor, "0002 0012"), (nil, .openVirtualBusmonitorText, "0002 0013"),
        (nil, .openBusmonitorWithTimestamps, "0002 0016"), (nil, .openVirtualBusmonitorWithTimestamps, "0002 0017"),
        (nil, .openTransportConnection(device), "0005 0020 1103 00"),
        (nil, .openTransportIndividual(device, isWriteOnly: false), "0005 0021 1103 00"),
        (nil, .openTransportGroup(group, isWriteOnly: true), "0005 0022 0901 FF"),
        (nil, .openTransportBroadcast(isWriteOnly: false), "0005 0023 0000 00"),
        (nil, .openTransportUnits(device), "0005 0024 1103 00"),
        (nil, .openGroupConnection(isWriteOnly: false), "0005 0026 0000 00"),
        (.transportGroup, .apduPacket([0x00, 0x80, 0x0C, 0x1A]), "0006 0025 00800C1A"),
        (.transportBroadcast, .apduPacket([0x01, 0x00]), "0004 0025 0100"),
        (.transportIndividual, .apduPacket([0x03, 0x00]), "0004 0025 0300"),
        // T_Connect to 1.1.3, as sent to knxd 0.14.54.1.
        (.transportUnits, .transportUnit(device, [0x80]), "0005 0025 1103 80"),
        (.group, .groupPacket(group, apdu: [0x00, 0x81]), "0006 0027 0901 0081"), (nil, .cacheEnable, "0002 0070"),
        (nil, .cacheDisable, "0002 0071"), (nil, .cacheClear, "0002 0072"),
        (nil, .cacheRemove(group), "0004 0073 0901"),
        (nil, .cacheRead(group, greatestAgeSeconds: 300), "0006 0074 0901 012C"),
        (nil, .cacheReadWithoutWaiting(group), "0004 0075 0901"),
        (nil, .lastUpdates(start: 0x1234, timeoutSeconds: 5), "0005 0076 1234 05"),
        (nil, .lastUpdatesWide(start: 0x0001_2345, timeoutSeconds: 5), "0007 0077 00012345 05"),
        (nil, .resetConnection, "0002 0004"), (nil, .other(type: 0x0031, body: [0x11, 0x03]), "0004 0031 1103"),
        (nil, .other(type: 0x1234, body: []), "0002 1234"), (nil, .other(type: 0x0073, body: [1]), "0003 0073 01"),
        (nil, .untyped([]), "0000"), (nil, .untyped([7]), "0001 07"),
    ]

    static let replyTable: [(KnxdMode?, KnxdReply, String)] = [
        (.group, .opened(timestamp: nil), "0002 0026"), (.transportUnits, .opened(timestamp: nil), "0002 0024"),
        (.virtualBusmonitorWithTimestamps, .opened(timestamp: KnxdTimestamp(raw: 0xBA77_71B9)), "0006 0017 BA7771B9"),
        (.busmonitorWithTimestamps, .opened(timestamp: KnxdTimestamp(raw: 7)), "0006 0016 00000007"),
        (
            .group, .groupPacket(source: IndividualAddress(raw: 2), group: group, apdu: [0x00, 0x81]),
            "0008 0027 0002 0901 0081"
        ),
        (.virtualBusmonitor, .busmonitorPacket(hex("BC00020901E1008129")), "000B 0014 BC00020901E1008129"),
        (
            .virtualBusmonitorWithTimestamps,
            .busmonitorPacketWithTimestamp(
                hex("BC00020901E1008129"), status: 0, timestamp: KnxdTimestamp(raw: 0xBA78_1044)),
            "0010 0015 00 BA781044 BC00020901E1008129"
        ),
        (.virtualBusmonitorText, .busmonitorText("L_Busmon: BC"), "000F 0014 4C5F4275736D6F6E3A204243 00"),
        (.transportGroup, .apduPacket(source: device, [0x00, 0x81]), "0006 0025 1103 0081"),
        (.transportBroadcast, .apduPacket(source: device, [0x01, 0x40]), "0006 0025 1103 0140"),
        (.transportIndividual, .apduPacket(source: nil, [0x03, 0x40]), "0004 0025 0340"),
        (.transportUnits, .transportUnit(source: device, [0x80]), "0005 0025 1103 80"),
        (nil, .cacheDone(.cacheEnable), "0002 0070"), (nil, .cacheDone(.cacheRemove), "0002 0073"),
        // As knxd 0.14.54.1 answered.
        (
            nil,
            .cached(
                .cacheRead, source: IndividualAddress(raw: 7), group: GroupAddress(raw: 0x0A05),
                apdu: [0x00, 0x80, 0x0C, 0x1A]), "000A 0074 0007 0A05 00800C1A"
        ),
        (
            nil,
            .cached(.cacheReadWithoutWaiting, source: IndividualAddress(raw: 0), group: group, apdu: []),
            "0006 0075 0000 0901"
        ),
        (nil, .lastUpdates(next: 9, [group, GroupAddress(raw: 3)]), "0008 0076 0009 0901 0003"),
        (nil, .lastUpdatesWide(next: 0x0001_0000, [group]), "0008 0077 00010000 0901"),
        (nil, .failure(.invalidRequest), "0002 0000"), (nil, .failure(.timeout), "0002 0043"),
        (nil, .other(type: 0x0031, body: [7]), "0003 0031 07"), (nil, .untyped([]), "0000"),
    ]

    /// Opens the mode first, as each conversation does.
    private static func requestStream(_ mode: KnxdMode?) throws -> KnxdRequestStream {
        var stream = KnxdRequestStream()
        guard let mode else { return stream }
        let opening = try requestTable.first { _, request, _ in
            var stream = KnxdRequestStream()
            _ = stream.feed((try? request.octets) ?? [])
            return stream.mode == mode
        }?.1.octets
        _ = stream.feed(try #require(opening))
        return stream
    }

    private static func replyStream(_ mode: KnxdMode?) throws -> KnxdStream {
        var stream = KnxdStream()
        guard let mode else { return stream }
        _ = stream.feed(
            try KnxdReply.opened(timestamp: mode.hasTimestamps ? KnxdTimestamp(raw: 1) : nil).octets(in: mode))
        return stream
    }

    @Test(arguments: requestTable.indices) func requests(_ index: Int) throws {
        let (mode, request, text) = Self.requestTable[index]
        let octets = hex(text)
        #expect(try request.octets == octets)
        var stream = try Self.requestStream(mode)
        #expect(stream.feed(octets) == [request])
        #expect(!stream.isInsideMessage)
    }

    @Test(arguments: replyTable.indices) func replies(_ index: Int) throws {
        let (mode, reply, text) = Self.replyTable[index]
        let octets = hex(text)
        #expect(try reply.octets(in: mode) == octets)
        var stream = try Self.replyStream(mode)
        #expect(stream.feed(octets) == [reply])
    }

    @Test func everyModeIsFollowed() throws {
        for mode in KnxdMode.allCases {
            var request = try Self.requestStream(mode)
            var reply = try Self.replyStream(mode)
            #expect(request.mode == mode)
            #expect(reply.mode == mode)
            // Packets leave it open, a reset closes it.
            _ = request.feed(hex("0006 0027 0901 0081 0003 0025 00"))
            _ = reply.feed(hex("0002 0000"))
            #expect(request.mode == mode)
            #expect(reply.mode == mode)
            _ = request.feed(hex("0002 0004"))
            _ = reply.feed(hex("0002 0004"))
            #expect(request.mode == nil)
            #expect(reply.mode == nil)
        }
    }

    /// The same octets mean other things in other modes, and nothing in none.
    @Test func theModeGivesAPacketItsMeaning() throws {
        let packet = hex("0005 0025 1103 80")
        for mode in [nil, .group, .virtualBusmonitor] as [KnxdMode?] {
            var stream = try Self.replyStream(mode)
            #expect(stream.feed(packet) == [.other(type: 0x25, body: hex("110380"))])
            var requests = try Self.requestStream(mode)
            #expect(requests.feed(packet) == [.other(type: 0x25, body: hex("110380"))])
        }
        var stream = try Self.requestStream(.transportIndividual)
        #expect(stream.feed(packet) == [.apduPacket(hex("110380"))])
    }

    @Test(arguments: 1...64) func everySplitGivesTheSame(_ size: Int) throws {
        let asked = Self.requestTable.flatMap { hex($0.2) }
        let answered = Self.replyTable.flatMap { hex($0.2) }
        var whole = KnxdRequestStream()
        var wholeReplies = KnxdStream()
        let requests = whole.feed(asked)
        let replies = wholeReplies.feed(answered)
        var pieces = KnxdRequestStream()
        var pieceReplies = KnxdStream()
        #expect(
            stride(from: 0, to: asked.count, by: size).flatMap { pieces.feed(asked[$0..<min($0 + size, asked.count)]) }
                == requests)
        #expect(
            stride(from: 0, to: answered.count, by: size).flatMap {
                pieceReplies.feed(answered[$0..<min($0 + size, answered.count)])
            } == replies)
        #expect(requests.count == Self.requestTable.count && replies.count == Self.replyTable.count)
    }

    @Test func whatEndsKnxdIsRefused() {
        for count in [0, 255, 256, 300] {
            let apdu = [UInt8](repeating: 0, count: count)
            #expect(throws: KnxdRequest.Refusal.apduLength(count)) { try KnxdRequest.apduPacket(apdu).octets }
            #expect(throws: KnxdRequest.Refusal.apduLength(count)) {
                try KnxdRequest.transportUnit(Self.device, apdu).octets
            }
            #expect(throws: KnxdRequest.Refusal.apduLength(count)) {
                try KnxdRequest.other(type: 0x27, body: [9, 1] + apdu).octets
            }
        }
        #expect(throws: KnxdRequest.Refusal.apduLength(2)) { try KnxdRequest.other(type: 0x25, body: [9, 1]).octets }
        #expect(throws: KnxdRequest.Refusal.bodyLength(65_534)) {
            try KnxdRequest.other(type: 0x99, body: [UInt8](repeating: 0, count: 65_534)).octets
        }
        #expect(throws: KnxdRequest.Refusal.bodyLength(2)) { try KnxdRequest.untyped([1, 2]).octets }
    }

    @Test func whatKnxdNeverSaysIsRefused() {
        let refused: [(KnxdReply, KnxdMode?)] = [
            (.opened(timestamp: nil), nil), (.opened(timestamp: nil), .busmonitorWithTimestamps),
            (.opened(timestamp: KnxdTimestamp(raw: 1)), .group), (.busmonitorText("x"), .virtualBusmonitor),
            (.busmonitorPacket([1]), .busmonitorText), (.apduPacket(source: nil, [1]), .transportGroup),
            (.apduPacket(source: Self.device, [1]), .transportIndividual),
            (.transportUnit(source: Self.device, [1]), .group),
            (.cacheDone(.lastUpdates), nil),
        ]
        for (reply, mode) in refused {
            #expect(throws: KnxdReply.Refusal.mode, "\(reply)") { try reply.octets(in: mode) }
        }
    }

    @Test func faultsOfAMessage() {
        let table: [(String, KnxdFrame.Sender, KnxdMode?, FaultCode, Int)] = [
            ("", .client, nil, .empty, 0), ("00", .client, nil, .truncated, 1), ("0000", .client, nil, .truncated, 2),
            ("0001 07", .client, nil, .truncated, 3), ("0006 0027 0901 00", .client, nil, .truncated, 7),
            ("0002 0012 00", .client, nil, .trailing, 4), ("0002 1234", .client, nil, .serviceUnknown, 2),
            ("0004 0026 0000", .client, nil, .structLength, 6), ("0003 0012 00", .client, nil, .structLength, 4),
            ("0004 0027 0901", .client, nil, .apduTooShort, 6),
            ("0002 0025", .client, .transportGroup, .apduTooShort, 4),
            ("0004 0025 1103", .client, .transportUnits, .apduTooShort, 6),
            ("0003 0027 09", .knxd, nil, .structLength, 5),
            ("0003 0014 BC", .client, nil, .transportUnusual, 2),
            ("0003 0025 00", .client, .group, .transportUnusual, 2),
            ("0002 0017", .knxd, nil, .structLength, 4), ("0005 0076 000901", .knxd, nil, .structLength, 7),
            ("0002 0001", .client, nil, .transportUnusual, 2),
        ]
        for (text, sender, mode, code, offset) in table {
            let octets = hex(text)
            let worst = KnxdFrame(octets.span, from: sender, mode: mode).faults.worst
            #expect(worst == Fault(code, .knxd, at: offset), "\(text)")
        }
    }

    @Test func goodMessagesHaveNoFaultAndAllFields() {
        func check(_ sender: KnxdFrame.Sender, _ mode: KnxdMode?, _ text: String) {
            let octets = hex(text)
            let frame = KnxdFrame(octets.span, from: sender, mode: mode)
            #expect(frame.faults.isEmpty, "\(text)")
            #expect(frame.fields.count == 4)
            #expect(frame.fields.last == Field("body", .octets(Array(octets.dropFirst(4)))))
            let isBare = octets.count == 4 || sender == .client && mode == nil && frame.typeCode == 0x31
            #expect(!frame.decoded.isEmpty || isBare || frame.typeCode == 0x31, "\(text)")
        }
        for (mode, request, text) in Self.requestTable {
            switch request {
            case .untyped, .other: break
            default: check(.client, mode, text)
            }
        }
        for (mode, reply, text) in Self.replyTable {
            switch reply {
            case .untyped, .other: break
            default: check(.knxd, mode, text)
            }
        }
        let octets = hex("0008 0027 0002 0901 0081")
        let frame = KnxdFrame(octets.span, from: .knxd)
        #expect(
            frame.fields + frame.decoded == [
                Field("length", .integer(8)), Field("type", .text("0x0027")), Field("type_name", .text("group-packet")),
                Field("body", .octets(hex("000209010081"))), Field("source", .text("0.0.2")),
                Field("group", .text("1/1/1")), Field("apdu", .octets([0x00, 0x81])),
            ])
    }

    @Test func namesOfTypes() {
        #expect(KnxdMessageType.openVirtualBusmonitorWithTimestamps.name == "open-virtual-busmonitor-with-timestamps")
        #expect(KnxdMessageType.managementPeiType.name == "management-pei-type")
        #expect(Set(KnxdMessageType.allCases.map(\.name)).count == KnxdMessageType.allCases.count)
        #expect(KnxdMessageType.allCases.filter(\.isCompiledOut).count == 21)
    }

    /// Every octet of every message set to every value, in every mode: what is read is written again as it was, but for the octet that
    /// says write-only, which has many values.
    @Test func everyMutationEnds() {
        var exact = 0
        for mode in [nil, .group, .transportGroup, .transportUnits] as [KnxdMode?] {
            guard let opened = try? Self.requestStream(mode) else {
                Issue.record("the mode did not open")
                continue
            }
            for (_, _, text) in Self.requestTable {
                let octets = hex(text)
                for index in octets.indices.dropFirst(2) {
                    for octet in UInt8.min...255 {
                        var mutated = octets
                        mutated[index] = octet
                        let frame = KnxdFrame(mutated.span, from: .client, mode: mode)
                        _ = frame.fields.count + frame.decoded.count
                        var stream = opened
                        guard let request = stream.feed(mutated).first else {
                            Issue.record("\(mutated) gave nothing")
                            continue
                        }
                        guard let written = try? request.octets else { continue }
                        let isOpening = mutated.count == 7 && (0x20...0x26).contains(mutated[3]) && mutated[2] == 0
                        if !isOpening, written != mutated { Issue.record("\(mutated) came back as \(written)") }
                        exact += written == mutated ? 1 : 0
                    }
                }
            }
        }
        #expect(exact > 30_000)
    }

    /// Replies likewise, but for the text modes, where what follows the first zero octet or is no UTF-8 does not come back.
    @Test func everyMutatedReplyEnds() {
        var exact = 0
        for mode in [nil, .group, .transportGroup, .transportUnits, .virtualBusmonitorText] as [KnxdMode?] {
            guard let opened = try? Self.replyStream(mode) else {
                Issue.record("the mode did not open")
                continue
            }
            for (_, _, text) in Self.replyTable {
                let octets = hex(text)
                for index in octets.indices.dropFirst(2) {
                    for octet in UInt8.min...255 {
                        var mutated = octets
                        mutated[index] = octet
                        let frame = KnxdFrame(mutated.span, from: .knxd, mode: mode)
                        _ = frame.fields.count + frame.decoded.count
                        var stream = opened
                        guard let reply = stream.feed(mutated).first, let written = try? reply.octets(in: stream.mode)
                        else { continue }
                        let isText = if case .busmonitorText = reply { true } else { false }
                        let isRejected = frame.faults.isRejected
                        if !isText, !isRejected, written != mutated {
                            Issue.record("\(mutated) came back as \(written)")
                        }
                        exact += written == mutated ? 1 : 0
                    }
                }
            }
        }
        #expect(exact > 30_000)
    }

    @Test func everyTruncationIsTold() {
        let texts = Self.requestTable.map { ($0.2, KnxdFrame.Sender.client) } + Self.replyTable.map { ($0.2, .knxd) }
        for (text, sender) in texts {
            let octets = hex(text)
            for count in octets.indices {
                let cut = Array(octets.prefix(count))
                let frame = KnxdFrame(cut.span, from: sender)
                #expect(frame.faults.worst == Fault(count == 0 ? .empty : .truncated, .knxd, at: count))
                let isDecoded = !frame.decoded.isEmpty
                #expect(!isDecoded)
            }
        }
    }

    @Test(arguments: [UInt64(1), 2, UInt64.random(in: 0...UInt64.max)]) func anyOctetsEnd(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var requests = KnxdRequestStream()
        var replies = KnxdStream()
        var count = 0
        for _ in 0..<5000 {
            let length = UInt8.random(in: 0...10, using: &random)
            let type = KnxdMessageType.allCases.randomElement(using: &random)?.rawValue ?? 0
            let message =
                [0, length, 0, UInt8(type & 255)] + (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }
            let octets = Array(message.prefix(2 + Int(length)))
            for mode in [requests.mode, replies.mode] {
                for sender in [KnxdFrame.Sender.client, .knxd] {
                    let frame = KnxdFrame(octets.span, from: sender, mode: mode)
                    #expect(frame.faults.allSatisfy { $0.offset <= octets.count }, "seed \(seed)")
                    _ = frame.fields.count + frame.decoded.count
                }
            }
            for request in requests.feed(octets) { count += request.fields.count }
            for reply in replies.feed(octets) { count += reply.fields.count }
        }
        #expect(count > 100, "seed \(seed)")
    }
}
