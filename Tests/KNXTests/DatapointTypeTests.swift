import KNX
import Testing

@Suite struct DatapointTypeTests {
    @Test(arguments: [
        ("9.001", "9.001"), ("9", "9"), ("DPT9.001", "9.001"), ("dpt 9.1", "9.001"), ("DPT-9", "9"),
        ("DPST-9-1", "9.001"),
        ("DPST-232-600", "232.600"), ("14.1200", "14.1200"), ("1.001", "1.001"), ("9.999", "9.999"),
        ("16.000", "16.000"),
    ]) func names(_ text: String, _ name: String) throws {
        #expect(try #require(DatapointType(parsing: text)).description == name)
    }

    @Test(arguments: [
        "", "x", "9.", ".1", "9.001.1", "999", "0.1", "-9", "+9", "9.-1", "DPT", "9.99999999", "9,1", "1e1",
    ])
    func noNames(_ text: String) {
        #expect(DatapointType(parsing: text) == nil)
    }

    @Test func anUnknownSubtypeHasTheCodingButNoUnit() throws {
        let type = try #require(DatapointType(parsing: "9.999"))
        #expect(type.unit == nil)
        #expect(type.decode([0x0C, 0x1A].span, isSixBit: false).value == .number(21))
        #expect(DatapointType(parsing: "9.001")?.unit == "°C")
        #expect(DatapointType(parsing: "14.038")?.unit == "\u{3A9}")
    }

    /// Octets, and what a person reads and writes for them.
    @Test(arguments: [
        ("1.001", "01", "on"), ("1.018", "00", "not-occupied"), ("2.001", "03", "control value=on"),
        ("3.007", "09", "increase 1"),
        ("3.008", "00", "up 0"), ("5.001", "7f", "49.8"), ("5.001", "ff", "100"), ("5.003", "80", "180.7"),
        ("5.006", "fe", "254"), ("6.020", "f9", "mode=mode-0"), ("6.020", "7a", "status_a mode=mode-1"),
        ("7.003", "0002", "20"),
        ("8.010", "d8f1", "-99.99"), ("9.001", "0c33", "21.5"), ("9.001", "85da", "-5.5"),
        ("10.001", "2c1e00", "12:30:00 Mon"),
        ("10.001", "0c1e00", "12:30:00"), ("11.001", "1b0b1a", "2026-11-27"), ("11.001", "010163", "1999-01-01"),
        ("13.010", "fffffc18", "-1000"), ("14.019", "3e99999a", "0.3"), ("14.056", "7f800000", "inf"),
        ("14.056", "7fc00000", "nan"), ("14.056", "80000000", "-0"),
        ("15.000", "00123493", "code=001234 error encrypted index=3"),
        ("16.001", "e4f6fcdf00000000000000000000", "äöüß"),
        ("17.001", "3f", "64"), ("18.001", "84", "learn scene_number=5"), ("18.001", "04", "scene_number=5"),
        ("19.001", "7e0b178c1e2d0080", "2026-11-23 12:30:45 Thu free synchronised"),
        ("19.001", "7e0b17980000c1c0", "2026-11-23 24:00:00 Thu working summer fault synchronised reliable"),
        ("19.001", "000b17003b002400", "1900-11-23 00:59:00"),
        ("19.001", "000b1700000036c0", "*-11-23 synchronised reliable"),
        ("19.001", "000000000000be00", "fault"), ("20.102", "02", "standby"), ("20.102", "09", "unknown(9)"),
        ("21.001", "0a", "fault in_alarm"), ("21.001", "00", "none"), ("22.1000", "0022", "tp1 ip"),
        ("23.001", "02", "off-on"),
        ("24.001", "4be44e00", "KäN"), ("25.1000", "31", "busy=3 nak=1"), ("26.001", "44", "scene_number=5"),
        ("27.001", "00050001", "output_1=on output_3=off"), ("28.001", "e282ac00", "€"),
        ("29.010", "ffffffffffffffff", "-1"),
        ("217.001", "0841", "magic=1 version=1 revision=1"),
        ("221.001", "00fa00000001", "manufacturer=250 number=1"),
        ("222.100", "0c1a07d08a24", "comfort=21 standby=20 economy=-30"),
        ("225.001", "000aff", "time_period=1 percent=100"),
        ("229.001", "fffffc180502", "value=-1000 unit_code=5 fault"),
        ("230.1000", "0001000000020304", "manufacturer=1 identification=2 version=3 medium=4"),
        ("231.001", "64654445", "language=de region=DE"), ("232.600", "ff8001", "red=255 green=128 blue=1"),
        ("234.001", "6465", "de"), ("235.001", "000003e80103", "none"), ("235.001", "000003e80102", "tariff=1"),
        ("235.001", "000003e80100", "energy=1000 tariff=1"), ("240.800", "ff8003", "height=100 slats=50.2"),
        ("241.800", "ff000021", "height=100 slats=0 status=33"),
        ("242.600", "50a454fe8003", "color=0.31501,0.33201 brightness=128"),
        ("243.600", "000a50a454fe8003", "fade_time=1 color=0.31501,0.33201 brightness=128"),
        ("249.600", "000a0bb88007", "fade_time=1 color_temperature=3000 brightness=128"),
        ("250.600", "0d0903", "color_temperature=increase:5 brightness=increase:1"),
        ("251.600", "ff8040200008", "red=255"),
        ("252.600", "0d0b09010f", "red=increase:5 green=increase:3 blue=increase:1 white=decrease:1"),
        ("253.600", "0d0b0907", "saturation=increase:5 colour=increase:3 brightness=increase:1"),
        ("254.600", "0d0b09", "red=increase:5 green=increase:3 blue=increase:1"),
        (
            "219.001", "050103020f05",
            "log_number=5 priority=medium application_area=unknown(3) error_class=communication-fault acknowledge_supported time_stamp_supported text_supported error_code_supported in_alarm locked"
        ),
        ("206.100", "0102ff", "0102ff"), ("238.600", "2a", "42"),
    ]) func texts(_ name: String, _ octets: String, _ text: String) throws {
        let type = try #require(DatapointType(parsing: name))
        let (value, faults) = type.decode(hex(octets).span, isSixBit: type.isSixBit)
        #expect(!faults.isRejected)
        #expect(type.text(of: try #require(value)) == text)
        let encoded = try type.encode(parsing: text)
        #expect(type.decode(encoded).value == value)
        if !["235.001", "251.600"].contains(name) { #expect(encoded.raw == hex(octets)) }
    }

    /// No octets give these, but a caller may ask what they look like.
    @Test(arguments: [
        (1e300, "1e+300", Field.Value.number(1e300)), (-0.5, "-0.5", .integer(-1)), (-12, "-12", .integer(-12)),
        (.infinity, "inf", .number(.infinity)),
    ]) func numbersBeyondTheTypeAreShown(_ number: Double, _ text: String, _ shown: Field.Value) throws {
        let type = try #require(DatapointType(parsing: "5.001"))
        #expect(type.text(of: .number(number)) == text)
        #expect(type.fields(of: .number(number)).first?.value == shown)
    }

    /// Other spellings that are taken.
    @Test(arguments: [
        ("1.001", "1", "01"), ("1.001", "ON", "01"), ("1.018", "NOT_OCCUPIED", "00"), ("1.018", "not occupied", "00"),
        ("9.001", "21.5 °C", "0c33"), ("9.001", "21.5°C", "0c33"), ("9.001", "2.15e1", "0c33"), ("5.001", "50 %", "80"),
        ("10.001", "7:05", "070500"), ("10.001", "07:05 sunday", "e70500"), ("20.102", "4", "04"),
        ("3.007", "Increase:3", "0b"),
        ("19.001", "thursday 12:30 2026-11-23", "7e0b178c1e002000"), ("232.600", "blue=1 red=2 green=3", "020301"),
        ("18.001", "learn=no scene_number=1", "00"), ("26.001", "active scene-number=1", "00"),
    ]) func spellings(_ name: String, _ text: String, _ octets: String) throws {
        #expect(try #require(DatapointType(parsing: name)).encode(parsing: text).raw == hex(octets))
    }

    /// The last that fits and the first that does not, at each end.
    @Test(arguments: [
        ("5.001", "0", "-0.1"), ("5.001", "100", "100.1"), ("5.003", "360", "361"), ("5.006", "254", "255"),
        ("5.010", "255", "256"), ("5.010", "0", "-1"), ("6.010", "127", "128"), ("6.010", "-128", "-129"),
        ("7.001", "65535", "65536"), ("7.004", "6553500", "6553600"), ("7.003", "20", "25"),
        ("8.001", "-32768", "-32769"),
        ("8.001", "32767", "32768"), ("8.004", "-3276800", "-3276900"), ("8.010", "327.66", "327.67"),
        ("8.010", "-327.68", "-327.69"), ("9.001", "-273", "-273.01"), ("9.002", "-671088.64", "-672000"),
        ("9.002", "670433.28", "670760.96"), ("9.004", "0", "-0.01"), ("9.027", "-459.6", "-459.61"),
        ("12.001", "4294967295", "4294967296"),
        ("12.001", "0", "-1"), ("13.001", "2147483647", "2147483648"), ("13.001", "-2147483648", "-2147483649"),
        ("14.056", "3.4028235e38", "3.5e38"), ("29.010", "9223372036854775807", "9223372036854775808"),
        ("29.010", "-9223372036854775808", "-9223372036854775809"), ("10.001", "23:59:59", "24:00:00"),
        ("10.001", "0:0", "0:60"),
        ("11.001", "1990-01-01", "1989-12-31"), ("11.001", "2089-12-31", "2090-01-01"),
        ("11.001", "2026-02-30", "2026-02-32"),
        ("17.001", "1", "0"), ("17.001", "64", "65"), ("18.001", "scene_number=64", "scene_number=65"),
        ("3.007", "increase 7", "increase 8"),
        ("1.001", "on", "2"), ("23.001", "3", "4"), ("20.102", "255", "256"), ("4.001", "~", "ä"), ("4.002", "ÿ", "Ā"),
        ("16.000", "12345678901234", "123456789012345"), ("16.001", "äöüß", "€"), ("234.001", "de", "d"),
        ("19.001", "24:00:00", "24:00:01"), ("19.001", "2155-12-31", "2156-01-01"),
        ("235.001", "tariff=254", "tariff=255"),
        ("235.001", "energy=2147483647", "energy=2147483648"), ("235.001", "energy=-2147483648", "energy=-2147483649"),
        ("217.001", "magic=31 version=31 revision=63", "magic=32 version=0 revision=0"),
        ("232.600", "red=255 green=0 blue=0", "red=256 green=0 blue=0"), ("242.600", "color=1,1", "color=1.1,1"),
        ("242.600", "color=1,1", "color=1,1.00001"),
        ("249.600", "fade_time=6553.5", "fade_time=6553.6"), ("232.600", "red=1 green=1 blue=1", "red=1 green=1"),
        ("232.600", "red=1 green=1 blue=1", "red=1 green=1 blue=1 white=1"),
        ("15.000", "code=999999 index=15", "code=99999 index=15"),
        ("9.001", "21.5", "21,5"), ("9.001", "1", "nan"), ("13.001", "1", "1.5"),
    ]) func borders(_ name: String, _ inside: String, _ outside: String) throws {
        let type = try #require(DatapointType(parsing: name))
        let encoded = try type.encode(parsing: inside)
        #expect(type.decode(encoded).value != nil)
        let failure = #expect(throws: DatapointTextFailure.self) { try type.encode(parsing: outside) }
        #expect(failure?.description.contains(type.expectation) == true)
    }

    /// Octets without a meaning, and the octet at fault.
    @Test(arguments: [
        ("5.006", "ff", 0), ("8.010", "7fff", 0), ("9.001", "7fff", 0), ("9.001", "f800", 0), ("9.004", "87ff", 0),
        ("10.001", "183b3b", 0), ("10.001", "003c00", 1), ("10.001", "00003c", 2), ("11.001", "000101", 0),
        ("11.001", "010d01", 1),
        ("11.001", "010164", 2), ("15.000", "0a000000", 0), ("17.001", "40", 0), ("19.001", "7e0d17001e2d0000", 1),
        ("19.001", "7e0b001e1e2d0000", 2), ("19.001", "7e0b17191e2d0000", 3), ("19.001", "7e0b1718012d0000", 4),
        ("19.001", "7e0b171800010000", 5), ("222.100", "00007fff0000", 2), ("231.001", "64654400", 2),
        ("235.001", "00000000ff00", 4), ("234.001", "6400", 1), ("28.001", "ff00", 0),
    ]) func invalid(_ name: String, _ octets: String, _ place: Int) throws {
        let type = try #require(DatapointType(parsing: name))
        let (value, faults) = type.decode(hex(octets).span, isSixBit: false)
        #expect(value == nil)
        #expect(Array(faults) == [Fault(.invalidValue, .datapoint, at: place)])
    }

    @Test func reservedBitsOfSmallValuesWarn() throws {
        let (value, faults) = try #require(DatapointType(parsing: "1.001")).decode([0x03].span, isSixBit: true)
        #expect(value == .name("ON"))
        #expect(Array(faults) == [Fault(.reservedBits, .datapoint, at: 0)])
    }

    @Test func textsNeedTheirEnd() throws {
        let type = try #require(DatapointType(parsing: "28.001"))
        #expect(type.decode([0x41].span, isSixBit: false).faults.worst == Fault(.length, .datapoint, at: 1))
        #expect(type.decode([0x41, 0, 0x42].span, isSixBit: false).faults.worst == Fault(.length, .datapoint, at: 2))
        #expect(type.decode([0].span, isSixBit: false).value == .text(""))
    }

    @Test func aDayThatTheCalendarDoesNotHaveIsNoted() throws {
        let type = try #require(DatapointType(parsing: "11.001"))
        for octets in ["1d0218", "1d0200", "1c0219", "1e0418", "1f0518", "1e0b18", "1f0c18"] {
            let date = try #require(type.decode(hex(octets).span, isSixBit: false).value)
            #expect(type.decodedFields(of: date).isEmpty, "\(octets)")
        }
        for octets in ["1e0218", "1d0219", "1f0418", "1f0618", "1f0918", "1f0b18"] {
            let date = try #require(type.decode(hex(octets).span, isSixBit: false).value)
            #expect(type.decodedFields(of: date) == [Field("exists_in_calendar", .boolean(false))], "\(octets)")
        }
        let unknown = try #require(DatapointType(parsing: "20.102"))
        #expect(unknown.decodedFields(of: .unknown(9)) == [Field("code", .integer(9))])
    }
}
