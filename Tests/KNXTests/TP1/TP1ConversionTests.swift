import KNX
import Platform
import Testing

@Suite struct TP1ConversionTests {
    static let own = IndividualAddress(raw: 0x11FE)

    /// The line's control octet is Ctrl1 as it is.
    @Test(arguments: [
        ("BC11050901E100813F", "2900 BC E0 1105 0901 01 0081"), ("9C11050901E100811F", "2900 9C E0 1105 0901 01 0081"),
        ("B0110511016080AB", "2900 B0 60 1105 1101 00 80"),
        (
            "3CE011050901100080111111111111111111111111111111BE",
            "2900 3C E0 1105 0901 10 0080111111111111111111111111111111"
        ),
        (
            "3CE411050901100080111111111111111111111111111111BA",
            "2900 3C E4 1105 0901 10 0080111111111111111111111111111111"
        ),
        ("3CE01105090101008153", "2900 3C E0 1105 0901 01 0081"),
    ]) func indication(_ line: String, _ message: String) throws {
        var octets = hex(line)
        octets[octets.count - 1] = TP1.checkOctet(octets.dropLast())
        #expect(try LinkData(indicationOf: octets.span).octets == hex(message))
    }

    @Test(arguments: ["CC", "F011050E000316"]) func whatIsNoData(_ line: String) {
        #expect(throws: Fault(.controlInvalid, .link, at: 0)) { try LinkData(indicationOf: hex(line).span) }
    }

    @Test func faultsOfTheLine() {
        #expect(throws: Fault(.checksum, .link, at: 8)) { try LinkData(indicationOf: hex("BC11050901E100813E").span) }
        #expect(throws: Fault(.empty, .frame, at: 0)) { try LinkData(indicationOf: [UInt8]().span) }
    }

    @Test func indicationKeepsItsTime() throws {
        let data = try LinkData(
            indicationOf: hex("BC11050901E100813F").span, additionalInformation: [.extendedRelativeTimestamp(5)])
        #expect(data.octets == hex("29 06 060400000005 BCE0 1105 0901 01 0081"))
    }

    /// A first attempt has R = 1 whatever the request says; source 0.0.0 is filled in; the length chooses the format.
    @Test(arguments: [
        ("1100 BCE0 1105 0901 01 0081", "BC11050901E10081", true),
        ("1100 9CE0 1105 0901 01 0081", "BC11050901E10081", false),
        ("1100 BCE0 0000 0901 01 0081", "BC11FE0901E10081", true),
        ("1100 3CE0 1105 0901 01 0081", "BC11050901E10081", true),
        ("1100 AEE0 1105 0901 01 0081", "BC11050901E10081", true),
        (
            "1100 BCE0 1105 0901 10 0080111111111111111111111111111111",
            "3CE011050901100080111111111111111111111111111111", true
        ),
        ("1100 3CE4 1105 0901 01 0081", "3CE41105090101 0081", true),
        ("1100 B0 60 1105 1101 00 80", "B01105110160 80", true),
    ]) func request(_ message: String, _ line: String, _ allowsRepetition: Bool) throws {
        let data = try LinkData(hex(message).span)
        let frame = try #require(data.tp1Frame(ownAddress: Self.own))
        #expect(frame.octets == hex(line) + [TP1.checkOctet(hex(line))])
        #expect(data.allowsRepetition == allowsRepetition)
    }

    /// From the line to cEMI and back is the same frame, but for R and a format that does not go with the length.
    @Test(arguments: 0..<4 as Range<UInt64>) func thereAndBack(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let unit = (0..<Int.random(in: 1...255, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let frame = TP1Frame(
                priority: Priority.allCases.randomElement(using: &random) ?? .low,
                isRepetition: Bool.random(using: &random),
                source: IndividualAddress(raw: UInt16.random(in: 1...UInt16.max, using: &random)),
                destination: Bool.random(using: &random)
                    ? .group(GroupAddress(raw: UInt16.random(in: 0...UInt16.max, using: &random)))
                    : .individual(IndividualAddress(raw: UInt16.random(in: 0...UInt16.max, using: &random))),
                hopCount: UInt8.random(in: 0...7, using: &random),
                extendedFormat: UInt8.random(in: 0...15, using: &random),
                transportUnit: unit)
            let data = try LinkData(indicationOf: frame.octets.span)
            #expect(data.octets[2] == frame.octets[0])
            #expect(data.repeatBit == !frame.isRepetition)
            var first = frame
            first.isRepetition = false
            #expect(data.tp1Frame(ownAddress: Self.own) == first)
        }
    }
}
