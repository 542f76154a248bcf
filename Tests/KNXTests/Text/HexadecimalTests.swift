import KNX
import Platform
import Testing

@Suite struct HexadecimalTests {
    private static func lines(_ text: String, chunk: Int) -> [String] {
        var reader = HexadecimalReader()
        var results: [String] = []
        let octets = Array(text.utf8)
        for start in stride(from: 0, to: octets.count, by: chunk) {
            reader.append(Array(octets[start..<min(octets.count, start + chunk)]))
            drain(&reader, &results)
        }
        reader.finish()
        drain(&reader, &results)
        return results
    }

    private static func drain(_ reader: inout HexadecimalReader, _ results: inout [String]) {
        while true {
            do {
                guard let frame = try reader.next() else { return }
                results.append("\(reader.line): \(Hexadecimal.text(frame))")
            } catch {
                results.append("\(error)")
            }
        }
    }

    @Test(arguments: [
        ("0c1a", ["1: 0c1a"]), ("0C 1A\n", ["1: 0c1a"]),
        ("0c:1a\r\n\n# nothing\n0x7f 0xFF # end\n", ["1: 0c1a", "4: 7fff"]),
        ("0x0c1a", ["1: 0c1a"]), ("0c-1a,00.01\t02", ["1: 0c1a000102"]), ("", []), ("\n\n", []), ("#", []),
        ("00x1", ["line 1, column 3: 'x' is no hexadecimal digit"]),
        ("0c1", ["line 1, column 3: this digit has no second one; an octet takes two"]),
        ("0 c", ["line 1, column 1: this digit has no second one; an octet takes two"]),
        ("0c\n0c1a g1 00\n01", ["1: 0c", "line 2, column 6: 'g' is no hexadecimal digit", "3: 01"]),
        ("1\n02", ["line 1, column 1: this digit has no second one; an octet takes two", "2: 02"]),
        ("ä", ["line 1, column 1: the octet c3 is no hexadecimal digit"]),
    ]) func reads(_ text: String, _ expected: [String]) {
        for chunk in [1, 2, 3, 1000] { #expect(Self.lines(text, chunk: chunk) == expected) }
    }

    @Test func aLineHasAnEnd() {
        let text = String(repeating: "00", count: HexadecimalReader.longest)
        #expect(Self.lines(text, chunk: 4096).map(\.count) == [3 + 2 * HexadecimalReader.longest])
        #expect(
            Self.lines(text + "00\n01", chunk: 4096) == [
                "line 1, column 131072: this line has more than 65535 octets", "2: 01",
            ])
    }

    @Test func anyOctetsEnd() {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<500 {
            let octets = (0..<60).map { _ in
                Array("0123456789abcdefxX #:\n\r\u{0}é".utf8).randomElement(using: &generator)!
            }
            var reader = HexadecimalReader()
            reader.append(octets)
            reader.finish()
            var results: [String] = []
            Self.drain(&reader, &results)
            #expect(results.count <= 2 * octets.count)
        }
    }

    @Test func readsOneText() throws {
        #expect(try Hexadecimal.octets("0c 1a") == [0x0C, 0x1A])
        #expect(try Hexadecimal.octets("") == [])
        #expect(throws: HexadecimalFailure(.noDigit(0x7A), line: 1, column: 2)) { try Hexadecimal.octets("0z") }
    }
}

@Suite struct JSONWriterTests {
    @Test(arguments: [
        (Field.Value.null, "null"), (.boolean(true), "true"), (.boolean(false), "false"), (.integer(-5), "-5"),
        (.number(21), "21.0"),
        (.number(-0.0), "-0.0"), (.number(1.401298e-45), "1.401298e-45"), (.number(1e300), "1e+300"),
        (.number(.infinity), #""Infinity""#), (.number(-.infinity), #""-Infinity""#), (.number(.nan), #""NaN""#),
        (.text("a\"\\\n\r\t\u{1}\u{7F}ä"), "\"a\\\"\\\\\\n\\r\\t\\u0001\u{7F}ä\""),
        (.octets([0x0C, 0xFF]), #""0cff""#),
        (.list([]), "[]"), (.list([.integer(1), .null]), "[1,null]"), (.object([]), "{}"),
        (.object([Field("a", .integer(1)), Field("b\"", .list([.object([])]))]), #"{"a":1,"b\"":[{}]}"#),
    ]) func writes(_ value: Field.Value, _ expected: String) {
        var text: [UInt8] = []
        JSONWriter.write(value, into: &text)
        #expect(String(decoding: text, as: UTF8.self) == expected)
    }

    @Test(arguments: [
        (
            "9.001", "0c1a", false,
            #"{"hex":"0c1a","kind":"dpt","error":null,"error_layer":null,"severity":null,"offset":null,"fields":{"value":21.0,"unit":"°C"},"decoded":{},"faults":[]}"#,
            "0c1a  21 °C"
        ),
        (
            "9.001", "7fff", false,
            #"{"hex":"7fff","kind":"dpt","error":"invalid-value","error_layer":"dpt","severity":"reject","offset":0,"fields":null,"decoded":{},"faults":[{"code":"invalid-value","layer":"dpt","severity":"reject","offset":0,"sentence":"the value lies outside the type's range, or is its pattern for no valid data"}]}"#,
            "7fff  octet 0: invalid-value: the value lies outside the type's range, or is its pattern for no valid data"
        ),
        (
            "1.001", "01", true,
            #"{"hex":"01","kind":"dpt","error":null,"error_layer":null,"severity":null,"offset":null,"fields":{"value":"ON","unit":null},"decoded":{},"faults":[]}"#,
            "01  on"
        ),
        (
            "20.102", "09", false,
            #"{"hex":"09","kind":"dpt","error":"unknown-enum","error_layer":"application-unknown","severity":"info","offset":0,"fields":null,"decoded":{"code":9},"faults":[{"code":"unknown-enum","layer":"application-unknown","severity":"info","offset":0,"sentence":"the enumeration has no name for this value"}]}"#,
            "09  unknown(9); octet 0: unknown-enum: the enumeration has no name for this value"
        ),
        (
            "206.100", "01", false,
            #"{"hex":"01","kind":"dpt","error":null,"error_layer":null,"severity":null,"offset":null,"fields":{"value":"01","unit":null},"decoded":{},"faults":[]}"#,
            "01  01"
        ),
    ]) func reports(_ type: String, _ octets: String, _ isSixBit: Bool, _ json: String, _ text: String) throws {
        let report = DecodingReport(hex(octets), as: try #require(DatapointType(parsing: type)), isSixBit: isSixBit)
        var line: [UInt8] = []
        report.writeJSON(into: &line)
        #expect(String(decoding: line, as: UTF8.self) == json + "\n")
        line = []
        report.writeText(into: &line)
        #expect(String(decoding: line, as: UTF8.self) == text + "\n")
    }
}
