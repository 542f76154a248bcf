import KNX
import Platform
import Testing

@Suite struct CarrierLineTests {
    @Test(arguments: [
        (
            FrameKind.knxnetip, "0610 0420 0015 04010500 2900bce011050901010081",
            "TUNNELLING_REQUEST  channel 1  #5  1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1"
        ),
        (
            .knxnetip, "0610 0530 0013 2900bce011050901030080 0c1a",
            "ROUTING_INDICATION  1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  0C 1A"
        ),
        (
            .knxnetip, "0610 0530 0011 2900bce011050901020000",
            "ROUTING_INDICATION  L_Data.ind  29 00 BC E0 11 05 09 01 02 00 00"
                + "  ! truncated at octet 17: the frame ends before all of its octets have come"
        ),
        (
            .knxnetip, "0610 0205 001a 0801c0a801050e57 0801c0a801050e57 04040200",
            "CONNECT_REQUEST  udp 192.168.1.5:3671  udp 192.168.1.5:3671  tunnelling  link"
        ),
        (
            .knxnetip, "0610 0206 0014 0100 0801c0a801040e57 040411fa",
            "CONNECT_RESPONSE  channel 1  no error  udp 192.168.1.4:3671  tunnelling  1.1.250"
        ),
        (.knxnetip, "0610 0206 0008 0024", "CONNECT_RESPONSE  channel 0  no more connections"),
        (.knxnetip, "0610 0531 000a 04010007", "ROUTING_LOST_MESSAGE  lost 7  bus fault"),
        (.knxnetip, "0610 0532 000c 060000640000", "ROUTING_BUSY  wait 100 ms"),
        (
            .knxnetip, "0610 0999 0006",
            "06 10 09 99 00 06  ! service-unknown at octet 2: no service has this number"
        ),
        (
            .usb, "0113130008000b01030000 2900bce011050901010081",
            "report #1 whole  cEMI  1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1"
        ),
        (
            .usb, "0113090008 0001 0f010000 03",
            "report #1 whole  protocol bus access server  service get  feature 3  value none  feature name bus connection status"
        ),
        (.usb, "02", "02  ! report-identifier at octet 0: a KNX USB report has the identifier 01"),
        (
            .tpuart, "03 bc11050901e100813f cc 8b 4b03 47",
            "Reset.ind | 1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1 | ACK | L_Data.con positive"
                + " | U_SystemState.ind mode 3 no bus voltage | State.ind receive error"
        ),
        (
            .tpuart, "03 bc1105",
            "Reset.ind | BC 11 05  ! truncated at octet 4: the frame ends before all of its octets have come"
        ),
        (.tp1, "cc", "ACK"), (.cemi, "1100bce011050901010000", "req  1.1.5 → 1/1/1  low  hop 6  GroupValueRead"),
    ])
    func line(_ kind: FrameKind, _ octets: String, _ expected: String) {
        var line = BusMonitorLine()
        line.show(hex(octets).span, as: kind)
        #expect(line.text == expected)
    }

    @Test(arguments: [
        (GroupAddressStyle.threeLevel, "15.15.255 → 31/7/255"), (.twoLevel, "15.15.255 → 31/2047"),
        (.free, "15.15.255 → 65535"),
    ])
    func groupAddresses(_ style: GroupAddressStyle, _ expected: String) {
        var line = BusMonitorLine(groupAddresses: style)
        line.show(cemi: hex("29 00 BCE0 FFFF FFFF 01 0081").span)
        #expect(line.text.hasPrefix(expected + "  low"))
    }

    @Test func recognisedKindsStandInFront() {
        var listing = FrameListing(kind: nil, format: .text)
        var text: [UInt8] = []
        for octets in ["2900bce011050901010081", "cc", "06100532000c060000640000"] {
            listing.write(hex(octets), into: &text)
        }
        #expect(
            String(decoding: text, as: UTF8.self) == """
                cemi      1.1.5 → 1/1/1  low  hop 6  GroupValueWrite  =1
                tp1       ACK
                knxnetip  ROUTING_BUSY  wait 100 ms

                """)
    }

    /// Any octets as any kind give one line each, in valid UTF-8, as text and as JSON.
    @Test func anything() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("lines of carriers from seed \(seed)")
        var random = SeededGenerator(seed: seed)
        let whole = [
            "06100420001504010500 2900bce011050901010081", "0113130008000b01030000 2900bce011050901010081",
            "0610020500 1a0801c0a801050e570801c0a801050e5704040200", "03bc11050901e100813fcc8b",
            "0610020400 18 06 01 0102 0103 0a 02 0202 0302 0402 0502",
        ].map { hex($0) }
        for _ in 0..<2_000 {
            var octets = whole.randomElement(using: &random) ?? []
            octets[Int.random(in: octets.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            if Bool.random(using: &random) { octets.removeLast(Int.random(in: 0...octets.count, using: &random)) }
            for kind in FrameKind.allCases {
                for format in [FrameListing.Format.text, .json] {
                    var listing = FrameListing(kind: kind, format: format)
                    var text: [UInt8] = []
                    listing.write(octets, into: &text)
                    #expect(text.last == 0x0A && text.count { $0 == 0x0A } == 1)
                    #expect(String(validating: text, as: UTF8.self) != nil)
                }
            }
        }
    }
}
