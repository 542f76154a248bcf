import Events
import Testing

@testable import Evidence

@Suite struct CaptureFileTests {
    static func frame(_ hex: String, flaw: String? = nil, acknowledge: UInt8? = 0xCC) -> Event.Frame {
        Event.Frame(
            line: "main", octets: Hex.octets(hex) ?? [], acknowledge: acknowledge, began: Instant(nanoseconds: 0),
            flaw: flaw)
    }

    static let events = [
        Event(
            at: Instant(nanoseconds: 2_000_000_001), source: "witness",
            .frame(frame("bc110a0801e1008131", acknowledge: nil))),
        Event(at: Instant(nanoseconds: 1_000_000_000), source: "witness", .frame(frame("bc110a", flaw: "truncated"))),
        Event(at: Instant(nanoseconds: 1_500_000_000), source: "run", .phase(Event.Phase(.inject, .begin))),
        Event(at: Instant(nanoseconds: 3_000_000_000), source: "stimulus", .frame(frame("bc110a0801e1008131"))),
    ]

    /// Message code, no additional information, control fields, source, destination, length, TPDU; the check octet is gone.
    @Test(arguments: [
        (frame("bc110a0801e1008131"), "2900bce0110a0801010081"),
        // Extended, 16 octets of data.
        (
            frame("3ce0110a080110" + "0080" + "000102030405060708090a0b0c0d0e" + "ae"),
            "29003ce0110a0801100080000102030405060708090a0b0c0d0e"
        ),
        (frame("bc110a0801e1008131", flaw: "checksum"), "2b00bc110a0801e1008131"),
        // Not declared bad, but no frame either.
        (frame("bc110a0801e1008132"), "2b00bc110a0801e1008132"), (frame(""), "2b00"),
    ])
    func aFrameBecomesACEMIMessage(frame: Event.Frame, message: String) {
        #expect(Hex.text(CaptureStream.message(frame)) == message)
    }

    @Test func blocksAreAsThePcapngDraftSays() throws {
        let octets = CaptureFile.octets(Self.events, unixOffsetNanoseconds: 1_795_731_330_000_000_000)
        // Section header: type, length, magic, 1.0, no section length, shb_userappl "knxrig", end of options, length.
        let header = "0a0d0d0a2c0000004d3c2b1a01000000ffffffffffffffff040006006b6e78726967000000000000" + "2c000000"
        // Interface: type, length, 252, no snap length, if_name "main (witness)", if_tsresol 9.
        let witness =
            "0100000034000000fc000000000000000200" + "0e006d61696e20287769746e65737329" + "00000900010009000000"
            + "00000000" + "34000000"
        let text = Hex.text(octets)
        #expect(text.hasPrefix(header + witness))
        var blocks: [(type: UInt32, body: [UInt8])] = []
        var rest = octets[...]
        func number(_ slice: ArraySlice<UInt8>) -> Int { slice.reversed().reduce(0) { $0 << 8 | Int($1) } }
        while rest.count >= 12 {
            let length = number(rest.dropFirst(4).prefix(4))
            guard length.isMultiple(of: 4), length >= 12, length <= rest.count else { break }
            #expect(number(rest.prefix(length).suffix(4)) == length)
            blocks.append((UInt32(number(rest.prefix(4))), Array(rest.dropFirst(8).prefix(length - 12))))
            rest = rest.dropFirst(length)
        }
        #expect(rest.isEmpty)
        #expect(blocks.map(\.type) == [0x0A0D_0D0A, 1, 1, 6, 6, 6])
        let packets = blocks.filter { $0.type == 6 }.map(\.body)
        #expect(packets.map { number($0[0..<4]) } == [0, 0, 1])
        #expect(
            packets.map { number($0[4..<8]) << 32 | number($0[8..<12]) }
                == [1, 2, 3].map { second in
                    (1_795_731_330 + second) * 1_000_000_000 + (second == 2 ? 1 : 0)
                })
        #expect(packets.map { number($0[12..<16]) } == [12 + 5, 12 + 11, 12 + 11])
        #expect(String(decoding: packets[0], as: UTF8.self).contains("bad frame: truncated"))
        #expect(String(decoding: packets[1], as: UTF8.self).contains("no acknowledge"))
        #expect(Hex.text(Array(packets[2][20..<32])) == "000c000463656d6900000000")
        #expect(packets[2].count == 20 + 12 + 12)
    }
}
