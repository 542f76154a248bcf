import KNX
import Testing

@Suite struct AdditionalInformationTests {
    static let items: [(AdditionalInformation, String)] = [
        (.powerLineDomain(0x0102), "01 02 0102"),
        (
            .radio(RadioInformation(information: 0x2A, address: 0x00FA_0102_0304, frameNumber: 0)),
            "02 08 2A00FA0102030400"
        ),
        (.busmonitorStatus(BusmonitorStatus(octet: 0x0B)), "03 01 0B"), (.relativeTimestamp(0xABCD), "04 02 ABCD"),
        (.sendDelay(0x0001_0203), "05 04 00010203"), (.extendedRelativeTimestamp(0xBAD6_4193), "06 04 BAD64193"),
        (.biBat(0x0103), "07 02 0103"),
        (.radioMulti(frequency: 0x0A, callChannel: 1, physicalAcknowledge: 2, logicalAcknowledge: 3), "08 04 0A010203"),
        (.preamble(0x1234, postamble: 0x56), "09 03 123456"),
        (
            .radioFastAcknowledge([.init(status: 1, information: 2), .init(status: 3, information: 4)]),
            "0A 04 01020304"
        ),
        (.radioFastAcknowledge([]), "0A 00"),
        (.manufacturer(identifier: 0x00C5, function: 0xAA, data: [1]), "FE 04 00C5AA01"),
        (.other(type: 0xAA, data: [0x11, 0x22]), "AA 02 1122"), (.other(type: 0x03, data: [1, 2]), "03 02 0102"),
        (.other(type: 0x0A, data: [1]), "0A 01 01"), (.other(type: 0xFE, data: [1, 2]), "FE 02 0102"),
    ]

    @Test(arguments: items) func comesBack(_ item: AdditionalInformation, _ text: String) throws {
        let octets = hex(text)
        #expect(AdditionalInformation(type: octets[0], data: Array(octets[2...])) == item)
        #expect(item.type == octets[0] && item.data == Array(octets[2...]))
        #expect(AdditionalInformation.block([item]) == [UInt8(octets.count)] + octets)
    }

    /// Every item but an ill-sized one says more than its octets do.
    @Test func sayWhatTheyAre() {
        for (item, text) in Self.items {
            let block = AdditionalInformation.block([item]) ?? []
            let message = [0x2D] + block + [0xCC]
            let meaning = CEMIDescription(message).decoded.first { $0.name == "additional_information" }
            guard case .list(let values) = meaning?.value, case .object(let fields) = values.first else {
                Issue.record("\(text) is not described")
                continue
            }
            if case .other = item {
                #expect(fields.first?.name == "type")
            } else {
                #expect(fields.first?.name != "type")
            }
        }
    }

    @Test func blockIsSortedAndBounded() {
        let block = AdditionalInformation.block([
            .relativeTimestamp(1), .other(type: 0xAA, data: []), .powerLineDomain(2),
        ])
        #expect(block == hex("0A 01020002 04020001 AA00"))
        let full = AdditionalInformation.other(type: 0xAA, data: [UInt8](repeating: 0, count: 252))
        #expect(AdditionalInformation.block([full])?.count == 255)
        #expect(AdditionalInformation.block([full, .biBat(0)]) == nil)
        for (count, octets) in [(250, 255 as Int?), (251, nil)] {
            let item = AdditionalInformation.other(type: 0xAA, data: [UInt8](repeating: 0, count: count))
            #expect(AdditionalInformation.block([item, .radioFastAcknowledge([])])?.count == octets)
        }
        #expect(AdditionalInformation.block([.other(type: 0xAA, data: [UInt8](repeating: 0, count: 253))]) == nil)
        #expect(AdditionalInformation.block([]) == [0])
    }

    @Test func radio() {
        let radio = RadioInformation(information: 0x2B, address: 0x00FA_0102_0304, frameNumber: 7)
        #expect(radio.strength == .medium && radio.retransmitterStrength == .medium)
        #expect(radio.isBatteryGood && radio.isTransmitOnly)
        let weak = RadioInformation(information: 0x1C, address: 0, frameNumber: 0)
        #expect(weak.strength == .weak && weak.retransmitterStrength == .strong)
        #expect(!weak.isBatteryGood && !weak.isTransmitOnly)
    }

    /// The six octets are a serial number when SB is 0, and a domain address otherwise.
    @Test(arguments: [("AC", "serial_number"), ("BC", "domain_address")])
    func radioAddress(_ control: String, _ name: String) {
        let message = hex("29 0A 02082A00FA0102030400 \(control)E0 1105 0000 01 0100")
        let meaning = CEMIDescription(message).decoded.first { $0.name == "additional_information" }
        guard case .list(let values) = meaning?.value, case .object(let fields) = values.first else {
            Issue.record("not described")
            return
        }
        #expect(fields.contains(Field(name, .octets(hex("00FA01020304")))))
    }

    @Test func lengths() {
        let lengths = (UInt8.min...UInt8.max).map { AdditionalInformationItem.length(ofType: $0) }
        #expect(Array(lengths[0...11]) == [nil, 2, 8, 1, 2, 4, 4, 2, 4, 3, nil, nil])
        #expect(lengths[10...].allSatisfy { $0 == nil })
    }
}
