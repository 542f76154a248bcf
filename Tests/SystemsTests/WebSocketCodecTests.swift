import Platform
import Testing

@testable import Systems

/// RFC 6455 from the client's side: its own examples, every prefix, everything that it forbids, and octets that were changed at random.
@Suite struct WebSocketCodecTests {
    // MARK: handshake

    /// FIPS 180-4 (examples of NIST), and the lengths around a block's end.
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        (String(repeating: "a", count: 64), "0098ba824b5c16427bd7a1122a5a442a25ec644d"),
        (String(repeating: "a", count: 55), "c1c8bbdc22796e28c0e15163d20899b65621d65a"),
        (String(repeating: "a", count: 56), "c2db330f6083854c99d4b5bfb6e8f29f201be699"),
    ])
    func aDigestIsRight(text: String, digest: String) {
        let octets = SHA1.digest(Array(text.utf8))
        #expect(octets.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == digest)
    }

    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy"),
    ])
    func aKeyIsWritten(text: String, base64: String) { #expect(Base64.text(Array(text.utf8)) == base64) }

    /// The key of RFC 6455, section 1.3.
    static let handshake = WebSocketHandshake(nonce: Array("the sample nonce".utf8))
    static let answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

    @Test func theExampleOfTheStandardIsAccepted() throws {
        #expect(Self.handshake.key == "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(Self.handshake.acceptance == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        var handshake = Self.handshake
        #expect(try handshake.feed(Array(Self.answer.utf8) + [0x89]) == [0x89])
        let request = String(decoding: handshake.request(port: 80, path: "/ws", token: "secret"), as: UTF8.self)
        #expect(request.hasPrefix("GET /ws HTTP/1.1\r\n") && request.hasSuffix("\r\n\r\n"))
        #expect(request.contains("\r\nAuthorization: Bearer secret\r\n"))
    }

    @Test func anAnswerMayComeOctetByOctet() throws {
        var handshake = Self.handshake
        for octet in Array(Self.answer.utf8).dropLast() { #expect(try handshake.feed([octet]) == nil) }
        #expect(try handshake.feed([0x0A]) == [])
    }

    @Test(arguments: [
        ("101 Switching Protocols", "200 OK", "is 'HTTP/1.1 200 OK'"),
        ("HTTP/1.1 101", "HTTP/1.0 101", "is 'HTTP/1.0 101"),
        ("Upgrade: websocket", "Upgrade: h2c", "does not upgrade"), ("Connection: Upgrade\r\n", "", "does not upgrade"),
        ("s3pP", "s3pQ", "accepts another key"),
        ("Connection:", "Sec-WebSocket-Extensions: permessage-deflate\r\nConnection:", "'permessage-deflate'"),
        ("Connection:", "Sec-WebSocket-Protocol: chat\r\nConnection:", "'chat'"),
        ("Upgrade: w", "Upgrade w", "is no header"),
    ])
    func anotherAnswerIsRefused(old: String, new: String, reason: String) {
        var handshake = Self.handshake
        let answer = Self.answer.replacing(old, with: new)
        let failure = #expect(throws: WebSocketFailure.self) { _ = try handshake.feed(Array(answer.utf8)) }
        #expect(failure?.description.contains(reason) == true, "\(String(describing: failure))")
    }

    @Test func anAnswerWithoutAnEndIsRefused() {
        var handshake = Self.handshake
        #expect(throws: WebSocketFailure.self) { _ = try handshake.feed([UInt8](repeating: 0x41, count: 20_000)) }
    }

    // MARK: frames

    /// RFC 6455, section 5.7: what a server sends.
    static let examples: [(octets: [UInt8], received: [WebSocketStream.Received])] = [
        ([0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], [.text("Hello")]),
        ([0x01, 0x03, 0x48, 0x65, 0x6C, 0x80, 0x02, 0x6C, 0x6F], [.text("Hello")]),
        ([0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F], [.ping(Array("Hello".utf8))]),
        ([0x8A, 0x00], [.pong([])]),
        ([0x82, 0x7E, 0x01, 0x00] + [UInt8](repeating: 7, count: 256), [.binary([UInt8](repeating: 7, count: 256))]),
        (
            [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 7, count: 65_536),
            [.binary([UInt8](repeating: 7, count: 65_536))]
        ),
        // A control frame between the parts of a message, and a message of nothing.
        ([0x01, 0x01, 0x61, 0x89, 0x00, 0x80, 0x01, 0x62, 0x81, 0x00], [.ping([]), .text("ab"), .text("")]),
        // A character in two frames is whole in the message.
        ([0x01, 0x01, 0xC3, 0x80, 0x01, 0xA4], [.text("ä")]),
        ([0x88, 0x02, 0x03, 0xE8], [.close(1000)]), ([0x88, 0x00], [.close(nil)]),
        // Nothing comes after the end.
        ([0x88, 0x00, 0x81, 0x01, 0x61], [.close(nil)]),
    ]

    @Test(arguments: examples)
    func framesBecomeMessages(octets: [UInt8], received: [WebSocketStream.Received]) {
        var whole = WebSocketStream()
        #expect(whole.feed(octets) == received)
        var byOctet = WebSocketStream()
        var all: [WebSocketStream.Received] = []
        for octet in octets { all += byOctet.feed([octet]) }
        #expect(all == received && byOctet.failure == nil)
        // Every shorter one yields less, or as much, and is no failure.
        for count in 0..<min(octets.count, 300) {
            var part = WebSocketStream()
            #expect(received.starts(with: part.feed(Array(octets[..<count]))) && part.failure == nil)
        }
    }

    static let forbidden: [(octets: [UInt8], reason: String)] = [
        ([0xC1, 0x00], "reserved bits"), ([0x83, 0x00], "no opcode 3"), ([0x8B, 0x00], "no opcode 11"),
        ([0x81, 0x85], "masked"), ([0x09, 0x00], "in parts"), ([0x89, 0x7E], "more than 125"),
        ([0x80, 0x00], "continuation of nothing"), ([0x01, 0x00, 0x81, 0x00], "before the last one was whole"),
        ([0x82, 0x7E, 0x00, 0x7D], "more octets than it needs"),
        ([0x82, 0x7F, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], "more octets than it needs"),
        ([0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0], "63 bits"), ([0x81, 0x01, 0xFF], "not UTF-8"),
        ([0x81, 0x02, 0xC0, 0x80], "not UTF-8"), ([0x88, 0x01, 0x03], "one octet"),
        ([0x88, 0x03, 0x03, 0xE8, 0xFF], "not UTF-8"), ([0x82, 0x7F, 0, 0, 0, 0, 0, 0x20, 0, 0], "longer than"),
    ]

    @Test(arguments: forbidden)
    func whatTheStandardForbidsEndsTheStream(octets: [UInt8], reason: String) {
        var stream = WebSocketStream()
        #expect(stream.feed([0x81, 0x01, 0x61] + octets) == [.text("a")], "what came before it counts")
        #expect(stream.failure?.description.contains(reason) == true, "\(String(describing: stream.failure))")
        #expect(stream.feed([0x81, 0x00]).isEmpty, "it does not go on")
    }

    /// Many small parts are one message, and it too may become too long.
    @Test func aMessageInPartsIsBoundedAsAWhole() {
        var stream = WebSocketStream()
        let part = WebSocketFrame(.continuation, [UInt8](repeating: 1, count: 60_000), isFinal: false).octets(key: nil)
        _ = stream.feed(WebSocketFrame(.binary, [], isFinal: false).octets(key: nil))
        for _ in 0..<20 { #expect(stream.feed(part).isEmpty) }
        #expect(stream.failure == .tooLong(60_000))
    }

    @Test(arguments: [0, 1, 5, 125, 126, 127, 65_535, 65_536])
    func whatIsSentIsMaskedAndReadsBack(count: Int) {
        let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        let octets = WebSocketFrame(.binary, payload).octets(key: key)
        let head = octets.count - count
        #expect(octets[1] & 0x80 != 0 && Array(octets[head - 4..<head]) == key)
        #expect(octets[head...].enumerated().map { $1 ^ key[$0 % 4] } == payload)
        var stream = WebSocketStream()
        #expect(stream.feed(WebSocketFrame(.binary, payload).octets(key: nil)) == [.binary(payload)])
    }

    /// RFC 6455, section 5.7: a masked "Hello".
    @Test func theMaskedExampleOfTheStandard() {
        let octets = WebSocketFrame(.text, Array("Hello".utf8)).octets(key: [0x37, 0xFA, 0x21, 0x3D])
        #expect(octets == [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58])
    }

    /// Good streams with octets changed, cut out, or put in: never a crash, never more than was sent, the same whether they come at once or one by one.
    @Test func octetsThatWereChangedAtRandomAreReadOrRefused() {
        var random = SeededGenerator(seed: 0x6455)
        let seeds = Self.examples.map(\.octets).filter { $0.count < 400 } + Self.forbidden.map(\.octets)
        var refused = 0
        for _ in 0..<20_000 {
            var octets = (0..<1 + random.next() % 3).flatMap { _ in seeds[Int(random.next() % UInt64(seeds.count))] }
            for _ in 0..<random.next() % 4 where !octets.isEmpty {
                let place = Int(random.next() % UInt64(octets.count))
                switch random.next() % 4 {
                case 0: octets[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: octets[place] ^= 1 << (random.next() % 8)
                case 2: octets.remove(at: place)
                default: octets.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                }
            }
            let atOnce = Self.read([octets])
            let byOctet = Self.read(octets.map { [$0] })
            #expect(atOnce.failure == byOctet.failure && atOnce.received == byOctet.received, "\(octets)")
            #expect(Self.length(byOctet.received) <= octets.count)
            refused += atOnce.failure == nil ? 0 : 1
        }
        #expect(refused > 1_000 && refused < 19_000, "\(refused) of 20000 were refused")
    }

    private static func read(
        _ parts: [[UInt8]]
    ) -> (received: [WebSocketStream.Received], failure: WebSocketFailure?) {
        var stream = WebSocketStream()
        var received: [WebSocketStream.Received] = []
        for part in parts { received += stream.feed(part) }
        return (received, stream.failure)
    }

    private static func length(_ received: [WebSocketStream.Received]) -> Int {
        received.reduce(0) { sum, one in
            switch one {
            case .text(let text): sum + text.utf8.count
            case .binary(let octets), .ping(let octets), .pong(let octets): sum + octets.count
            case .close: sum
            }
        }
    }
}
