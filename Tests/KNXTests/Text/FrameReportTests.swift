import KNX
import Platform
import Testing

@Suite struct FrameReportTests {
    private static func json(_ octets: String, _ kind: FrameKind, _ style: GroupAddressStyle = .threeLevel) -> String {
        var text: [UInt8] = []
        DecodingReport(hex(octets), as: kind, groupAddresses: style).writeJSON(into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    @Test func cemi() {
        #expect(
            Self.json("2900bce011050901010081", .cemi) == """
                {"hex":"2900bce011050901010081","kind":"cemi","error":null,"error_layer":null,"severity":null,"offset":null,\
                "fields":{"mc":"L_Data.ind","frame":"standard","priority":"low","repeat_bit":1,"system_broadcast":false,\
                "ack_request":false,"confirm_error":false,"src":"1.1.5","dst":"1/1/1","addr_type":"group","hops":6,"eff":0,\
                "len":1,"tpci":"T_Data_Group","apci":"0x080","apci_data6":1,"asdu":"","service":"GroupValueWrite"},\
                "decoded":{"value":1},"faults":[]}

                """)
    }

    /// The worst fault is the error, and stands first whatever the order in which they were found.
    @Test func worstFaultFirst() {
        let text = Self.json("06100530001300112233", .knxnetip)
        #expect(
            text.hasSuffix(
                """
                "faults":[{"code":"truncated","layer":"knxnetip","severity":"reject","offset":10,\
                "sentence":"the frame ends before all of its octets have come"},{"code":"transport-unusual",\
                "layer":"knxnetip","severity":"info","offset":6,"sentence":"this service does not belong on this kind of transport"}]}

                """))
        #expect(
            text.hasPrefix(
                """
                {"hex":"06100530001300112233","kind":"knxnetip","error":"truncated","error_layer":"knxnetip",\
                "severity":"reject","offset":10,"fields":{"header_len":6,
                """))
    }

    @Test func nothingAtAll() {
        #expect(
            Self.json("", .cemi) == """
                {"hex":"","kind":"cemi","error":"empty","error_layer":"frame","severity":"reject","offset":0,"fields":null,\
                "decoded":{},"faults":[{"code":"empty","layer":"frame","severity":"reject","offset":0,\
                "sentence":"there is no octet at all"}]}

                """)
    }

    /// What a carrier holds is told in `decoded`, and its faults are its own.
    @Test func carriedMessage() {
        let text = Self.json("0610 0530 0011 2900bce011050901020081", .knxnetip)
        #expect(text.contains(#""error":null"#))
        #expect(text.contains(#""decoded":{"cemi":{"error":"truncated","#))
    }

    @Test(arguments: [
        (GroupAddressStyle.threeLevel, #""dst":"1/1/1""#), (.twoLevel, #""dst":"1/257""#), (.free, #""dst":"2305""#),
    ]) func groupAddresses(_ style: GroupAddressStyle, _ expected: String) {
        #expect(Self.json("2900bce011050901010081", .cemi, style).contains(expected))
        #expect(Self.json("061005300011 2900bce011050901010081", .knxnetip, style).contains(expected))
        #expect(Self.json("2900bc6011051101010081", .cemi, style).contains(#""dst":"1.1.1""#))
        #expect(Self.json("03 bc11050901e100813f", .tpuart, style).contains(expected))
    }

    /// A transfer in two reports is told with the second.
    @Test func transferInSeveralReports() throws {
        let frame =
            [0x29, 0, 0x3C, 0xE0, 0x11, 0x05, 0x09, 0x01, 0x51, 0x00, 0x80] + [UInt8](repeating: 0x5A, count: 80)
        let reports = try USBTransfer(.tunnel(.cemi, frame)).reports
        #expect(reports.count == 2)
        var listing = FrameListing(kind: nil, format: .json)
        var text: [UInt8] = []
        for report in reports { listing.write(report, into: &text) }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0].contains(#""decoded":{}"#))
        #expect(lines[1].contains(#""decoded":{"transfer":{"protocol":"tunnel","emi":"cEMI","#))
        #expect(lines[1].contains(#""service":"GroupValueWrite""#))
    }
}

@Suite struct FrameKindTests {
    @Test(arguments: [
        ("", FrameKind.cemi), ("29", .cemi), ("2900bce011050901010081", .cemi), ("11", .cemi),
        ("fc000b01341001", .cemi),
        ("0610", .knxnetip), ("06100201000e0801000000000000", .knxnetip), ("0620f080", .knxnetip), ("06", .cemi),
        ("0630", .cemi), ("0620 02", .cemi),
        ("cc", .tp1), ("0c", .tp1), ("c0", .tp1), ("55", .cemi), ("bc11050901e100813f", .tp1),
        // The check octet is wrong, and nothing else has this control octet.
        ("bc11050901e100813e", .tp1), ("3c", .cemi), ("3c11", .tp1),
        // L_Raw.req and an extended frame begin with 10; the check octet decides.
        ("1000cc", .cemi), ("10e0110509010100811d", .cemi), ("10e01105090101008193", .tp1),
        // M_Reset.ind and a poll.
        ("f0", .cemi), ("f01101110305 08", .tp1), ("f01101110305 f3", .cemi),
        ("0113130008000b010300002900bce011050901010081", .usb), ("01", .cemi), ("0113", .cemi),
    ]) func recognised(_ octets: String, _ kind: FrameKind) {
        #expect(FrameKind(recognising: hex(octets).span) == kind)
    }

    @Test func everyReportIsOne() {
        #expect(FrameKind(recognising: ([1] + [UInt8](repeating: 0xEE, count: 63)).span) == .usb)
        #expect(FrameKind(recognising: ([1] + [UInt8](repeating: 0xEE, count: 62)).span) == .cemi)
    }

    @Test func names() {
        for kind in FrameKind.allCases { #expect(FrameKind(kind.name) == kind) }
        for style in GroupAddressStyle.allCases { #expect(GroupAddressStyle(style.name) == style) }
        #expect(FrameKind("CEMI") == nil && GroupAddressStyle("") == nil)
    }
}

@Suite struct TransceiverStretchTests {
    @Test func contents() {
        let stretch = TransceiverStretch(hex("03 bc11050901e100813f cc 8b 4b23 67 2b 0b"))
        #expect(
            stretch.items.map(\.name) == [
                "Reset.ind", "frame", "acknowledge", "L_Data.con", "U_SystemState.ind", "State.ind", "U_StopMode.ind",
                "L_Data.con",
            ])
        #expect(stretch.items.map(\.range.lowerBound) == [0, 1, 10, 11, 12, 14, 15, 16])
        #expect(stretch.faults.isEmpty)
    }

    @Test func cutFrame() {
        let stretch = TransceiverStretch(hex("03 bc1105"))
        #expect(stretch.faults == [Fault(.truncated, .frame, at: 4)])
        #expect(stretch.items.map(\.range) == [0..<1, 1..<4])
        #expect(TransceiverStretch([]).faults == [Fault(.empty, .frame, at: 0)])
    }

    /// Every octet lies in exactly one item.
    @Test func nothingIsLost() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("stretches from seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let frame = hex("bc11050901e100813f")
        for _ in 0..<5_000 {
            var octets: [UInt8] = []
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                switch Int.random(in: 0...3, using: &random) {
                case 0: octets += frame
                case 1: octets += frame.prefix(Int.random(in: 1...8, using: &random))
                case 2: octets.append([0x03, 0xCC, 0x8B, 0x0B, 0x4B, 0x07].randomElement(using: &random) ?? 0)
                default: octets.append(UInt8.random(in: 0...255, using: &random))
                }
            }
            let stretch = TransceiverStretch(octets)
            var end = 0
            for item in stretch.items {
                #expect(item.range.lowerBound == end && !item.range.isEmpty)
                end = item.range.upperBound
            }
            #expect(end == octets.count, "\(Hexadecimal.text(octets))")
            #expect(stretch.faults.allSatisfy { $0.offset <= octets.count })
        }
    }
}
