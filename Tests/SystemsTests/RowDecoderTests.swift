import Testing

@testable import Systems

/// Rows on their way to a database and out of it, and values as the octets of their telegrams.
@Suite struct RowDecoderTests {
    private static let decoder = RowDecoder(
        label: "group", field: "value", types: ["1/1/5": "9.001", "1/3/0": "1.001", "1/4/0": "13.010"])

    @Test(
        arguments: [
            ("1.001", 1.0, [1]), ("1.001", 0, [0]), ("1.001", 2, nil), ("5.001", 100, [255]), ("5.001", 50.2, [128]),
            ("5.003", 360, [255]), ("5.010", 7, [7]), ("5.010", 256, nil), ("7.001", 258, [1, 2]), ("7.001", -1, nil),
            ("9.001", 21.5, [0x0C, 0x33]), ("9.001", -0.01, [0x87, 0xFF]), ("9.001", 20.47, [0x07, 0xFF]),
            ("9.001", 20.48, [0x0C, 0x00]), ("9.001", 1e9, nil), ("12.001", 65_536, [0, 1, 0, 0]),
            ("13.010", -1, [255, 255, 255, 255]), ("14.056", 1, [0x3F, 0x80, 0, 0]), ("16.000", 1, nil),
            ("nine", 1, nil),
            ("9.001", .nan, nil), ("9.001", .infinity, nil),
        ] as [(String, Double, [UInt8]?)])
    func aNumberIsTheOctetsOfItsTelegram(type: String, number: Double, octets: [UInt8]?) {
        #expect(PointValue.octets(of: number, type: type) == octets)
    }

    /// Every code that a tracer can have comes back as it went.
    @Test func tracersComeBack() {
        for code in -2048...2047 {
            let bits = UInt16(bitPattern: Int16(code)) & 0x7FF | (code < 0 ? 0x8000 : 0)
            #expect(PointValue.octets(of: Double(code) / 100, type: "9.001") == [UInt8(bits >> 8), UInt8(bits & 0xFF)])
        }
    }

    @Test(
        arguments: [
            ("knx,group=1/1/5 value=21.5 1700000000123999999", [0x0C, 0x33]),
            ("knx,floor=2,group=1/1/5,x=a\\ b value=21.5,other=\"x\" 1700000000123000000", [0x0C, 0x33]),
            ("a\\,b\\ c,group=1/3/0 value=t 1700000000123000000", [1]),
            ("knx,group=1/3/0 value=false 1700000000123000000", [0]),
            ("knx,group=1/4/0 value=-1i 1700000000123000000", [255, 255, 255, 255]),
            ("knx,group=9/9/9 value=1 1700000000123000000", nil), ("knx value=1 1700000000123000000", nil),
            ("knx,group=1/3/0 other=1 1700000000123000000", nil), ("knx,group=1/3/0 value=1", nil),
            ("knx,group=1/3/0 value=x 1700000000123000000", nil), ("", nil), ("# a comment", nil),
        ] as [(String, [UInt8]?)])
    func aLineIsARow(line: String, raw: [UInt8]?) {
        let rows = Self.decoder.lines(Array((line + "\n").utf8))
        #expect(rows.map(\.raw) == (raw.map { [$0] } ?? []))
        #expect(rows.allSatisfy { $0.stamp == 1_700_000_000_123 }, "no finer than the database keeps")
    }

    /// A row may say the group address as the system writes it in the name of a device.
    @Test func aRowIsWhoseItsNameSays() throws {
        let decoder = RowDecoder(
            label: "device_id", name: PointName(after: "point-", separator: "-"), field: "value",
            types: ["1/1/5": "9.001"])
        let text = ["point-1-1-5", "point-9-9-9", "lamp-1-1-5", "1/1/5"].map {
            "device_metrics,device_id=\($0),measurement=temperature value=21.5 1000000\n"
        }
        let row = SeriesRow(point: "1/1/5", stamp: 1, raw: [0x0C, 0x33])
        #expect(decoder.lines(Array(text.joined().utf8)) == [row])
        let series = ["point-1-1-5", "lamp-1-1-5"].map { Self.series("\"device_id\":\"\($0)\"", "21.5", "1") }
        #expect(try decoder.export(Array(series.joined().utf8)).get() == [row])
    }

    @Test func linesAreReadOneByOne() {
        let text = "knx,group=1/1/5 value=1 1000000\nrubbish\nknx,group=1/3/0 value=1 2000000\n"
        #expect(Self.decoder.lines(Array(text.utf8)).map(\.point) == ["1/1/5", "1/3/0"])
    }

    private static func series(_ metric: String, _ values: String, _ stamps: String) -> String {
        #"{"metric":{\#(metric)},"values":[\#(values)],"timestamps":[\#(stamps)]}"# + "\n"
    }

    @Test func anExportIsReadSeriesBySeries() throws {
        let text =
            Self.series(#""__name__":"knx_value","group":"1/1/5""#, "21.5,-0.01,null", "1000,2000,3000")
            + Self.series(#""__name__":"knx_value","group":"1/3/0""#, "1", "1500")
            + Self.series(#""__name__":"other""#, "1.5", "1500")
            + Self.series(#""__name__":"knx_value","group":"9/9/9""#, "1", "1500")
        let rows = try Self.decoder.export(Array(text.utf8)).get()
        #expect(
            rows == [
                SeriesRow(point: "1/1/5", stamp: 1000, raw: [0x0C, 0x33]),
                SeriesRow(point: "1/1/5", stamp: 2000, raw: [0x87, 0xFF]),
                SeriesRow(point: "1/3/0", stamp: 1500, raw: [1]),
            ])
        #expect(try Self.decoder.export([]).get().isEmpty)
    }

    @Test(arguments: [
        "no series", "{}", series(#""group":"1/1/5""#, "1,2", "1000"),
        #"{"metric":{"group":"1/1/5"},"values":[1,"timestamps":[1]}"#, #"{"values":[1],"timestamps":"x"}"#,
    ])
    func whatIsNoExportIsAFailure(text: String) {
        #expect(throws: SystemFault.self) { try Self.decoder.export(Array(text.utf8)).get() }
    }
}
