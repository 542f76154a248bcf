import KNX
import Platform
import Testing

@Suite struct KnxdMessagesTests {
    @Test(arguments: [
        (KnxdRequest.openGroupConnection(isWriteOnly: false), "0005 0026 000000"),
        (.openGroupConnection(isWriteOnly: true), "0005 0026 0000FF"),
        (.openVirtualBusmonitor, "0002 0012"), (.openVirtualBusmonitorWithTimestamps, "0002 0017"),
        (.groupPacket(GroupAddress(raw: 0x0901), apdu: [0x00, 0x81]), "0006 0027 0901 0081"),
    ]) func requests(_ request: KnxdRequest, _ octets: String) throws {
        #expect(try request.octets == hex(octets))
    }

    @Test(arguments: [0, 255, 256, 300]) func fatalRequestsAreRefused(_ count: Int) {
        let request = KnxdRequest.groupPacket(GroupAddress(raw: 0x0901), apdu: [UInt8](repeating: 0, count: count))
        #expect(throws: KnxdRequest.Refusal.apduLength(count)) { try request.octets }
    }

    @Test(arguments: [1, 254]) func longestRequests(_ count: Int) throws {
        let request = KnxdRequest.groupPacket(GroupAddress(raw: 0x0901), apdu: [UInt8](repeating: 0, count: count))
        #expect(try request.octets.count == count + 6)
    }

    /// Octets as recorded from knxd 0.14.54.1.
    static let answers: [(String, KnxdReply)] = [
        ("0002 0026", .opened(timestamp: nil)), ("0002 0012", .opened(timestamp: nil)),
        ("0006 0017 BA7771B9", .opened(timestamp: KnxdTimestamp(raw: 0xBA77_71B9))),
        (
            "0008 0027 0002 0901 0081",
            .groupPacket(
                source: IndividualAddress(raw: 2), group: GroupAddress(raw: 0x0901), apdu: [0x00, 0x81])
        ),
        ("000B 0014 BC00020901E1008129", .busmonitorPacket(hex("BC00020901E1008129"))),
        (
            "0010 0015 00 BA781044 BC00020901E1008129",
            .busmonitorPacketWithTimestamp(
                hex("BC00020901E1008129"), status: 0, timestamp: KnxdTimestamp(raw: 0xBA78_1044))
        ),
        ("0002 0000", .failure(.invalidRequest)), ("0002 0004", .failure(.reset)), ("0002 0001", .failure(.inUse)),
        ("0000", .untyped([])), ("0001 55", .untyped([0x55])), ("0003 0027 09", .other(type: 0x27, body: [0x09])),
        ("0002 0014", .other(type: 0x14, body: [])), ("0004 0017 0102", .other(type: 0x17, body: [1, 2])),
        ("0004 1234 0102", .other(type: 0x1234, body: [1, 2])),
    ]

    @Test(arguments: answers.indices) func replies(_ index: Int) {
        let (text, reply) = Self.answers[index]
        var stream = KnxdStream()
        #expect(stream.feed(hex(text)) == [reply])
        #expect(!stream.isInsideMessage)
    }

    @Test func timestampParts() {
        let stamp = KnxdTimestamp(raw: 0xBA78_1044)
        #expect(stamp.seconds == 0xBA78)
        #expect(stamp.microseconds == 0x1044 * 16)
    }

    @Test func anyPiecesGiveTheSameMessages() {
        let all = Self.answers.flatMap { hex($0.0) }
        let expected = Self.answers.map(\.1)
        for size in 1...all.count {
            var stream = KnxdStream()
            let replies = stride(from: 0, to: all.count, by: size).flatMap {
                stream.feed(all[$0..<min($0 + size, all.count)])
            }
            #expect(replies == expected)
        }
    }

    @Test func everyPrefixWaits() {
        for (text, _) in Self.answers {
            let octets = hex(text)
            for count in 0..<octets.count {
                var stream = KnxdStream()
                #expect(stream.feed(octets.prefix(count)).isEmpty)
                #expect(stream.isInsideMessage == (count > 0))
            }
        }
    }

    @Test func anyOctetsEnd() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        var stream = KnxdStream()
        var count = 0
        for _ in 0..<2000 {
            let piece = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...3, using: &random)
            }
            count += stream.feed(piece).count
        }
        #expect(count > 10, "seed \(seed)")
    }
}
