import CSQLite
import Documents
import Events
import KNX
import Platform
import Testing

@testable import Systems

@Suite struct ValueReadingTests {
    static let values = "{values: [{at: /temperature, type: '9.001'}, {at: /on, type: '1.001'}]}"

    private func octets(_ reading: String, _ text: String) throws -> [UInt8]? {
        try ValueReading(Node.parse(reading, file: "p.yaml")).octets(in: JSON.parse(text.utf8, keepsFractions: true))
    }

    @Test(
        arguments: [
            (#"{"temperature": 21.5}"#, [0x0C, 0x33]), (#"{"temperature": 0}"#, [0, 0]),
            (#"{"temperature": -0.01}"#, [0x87, 0xFF]), (#"{"temperature": "1.2 °C"}"#, [0x00, 0x78]),
            (#"{"on": true}"#, [1]), (#"{"on": false}"#, [0]), (#"{"on": 1}"#, [1]), (#"{"on": "off"}"#, [0]),
            // The first that is there counts; null is not there.
            (#"{"on": true, "temperature": 1}"#, [0, 100]), (#"{"on": true, "temperature": null}"#, [1]),
            ("{}", nil), (#"{"level": 3}"#, nil), (#"{"temperature": 1e9}"#, nil), (#"{"temperature": "warm"}"#, nil),
            (#"{"on": 2}"#, nil), (#"{"on": [1]}"#, nil), (#"{"on": {}}"#, nil), ("7", nil),
        ] as [(String, [UInt8]?)])
    func valuesAreEncodedByTheirType(text: String, octets: [UInt8]?) throws {
        #expect(try self.octets(Self.values, text) == octets)
    }

    @Test func rawOctetsAreReadAsTheyAre() throws {
        #expect(try octets("{raw: /raw}", #"{"raw": "0c33"}"#) == [0x0C, 0x33])
        #expect(try octets("{raw: /raw}", #"{"raw": "xy"}"#) == nil)
        #expect(try octets("{raw: /raw}", "{}") == nil)
    }

    /// However a program computes and prints a number, it is the code that was on the line.
    @Test func everyTracerComesBack() throws {
        let reading = try ValueReading(Node.parse(Self.values, file: "p.yaml"))
        for hundredths in DPT9.exactHundredths {
            let raw = DPT9.raw(hundredths: hundredths)
            for number in [0.01 * Double(hundredths), Double(hundredths) / 100, Double(Float(hundredths) * 0.01)] {
                let document = try JSON.parse("{\"temperature\": \(number)}".utf8, keepsFractions: true)
                #expect(reading.octets(in: document) == [UInt8(raw >> 8), UInt8(raw & 0xFF)], "\(number)")
            }
        }
    }

    @Test(arguments: [
        ("{values: [{at: /a, type: '9.001'}], raw: /raw}", "'raw' or 'values', not both"),
        ("{values: []}", "at least one value was expected"), ("{values: [{at: a, type: '9.001'}]}", "a JSON pointer"),
        ("{values: [{at: /a, type: nine}]}", "'nine' is no datapoint type that the rig knows"),
        ("{values: [{at: /a, typ: '9.001'}]}", "did you mean 'type'?"),
        ("{values: [{type: '9.001'}]}", "'at' is missing"),
        ("{values: [{at: /a}]}", "'type' is missing"), ("{}", "'raw' is missing"), ("{raw: raw}", "a JSON pointer"),
        ("{values: /a}", "a list was expected"),
    ])
    func mistakesAreNamed(text: String, message: String) throws {
        let failure = #expect(throws: DocumentFailure.self) { try ValueReading(Node.parse(text, file: "p.yaml")) }
        #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "")")
    }

    @Test func fractionsAreKeptOnlyWhereTheyAreAskedFor() throws {
        let text = "[21.5, -0.01, 3.0, 1e2, 7]".utf8
        #expect(try JSON.parse(text) == [21, 0, 3, 100, 7])
        #expect(try JSON.parse(text, keepsFractions: true) == ["21.5", "-0.01", 3, 100, 7])
        #expect(throws: JSON.Failure.self) { try JSON.parse("1e400".utf8, keepsFractions: true) }
    }

    @Test func aDatabaseMayHoldDocuments() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-sqlite-")
        defer { directory.remove() }
        let path = directory.path + "/state.db"
        var database: OpaquePointer?
        defer { unsafe sqlite3_close(database) }
        #expect(unsafe sqlite3_open(path, &database) == SQLITE_OK)
        let rows = """
            CREATE TABLE state_history(id TEXT PRIMARY KEY, device_id TEXT, state TEXT);
            INSERT INTO state_history VALUES ('z', 'point-1-1-5', '{"temperature":1.5}'), ('b', 'point-1-3-0', '{"on":true}'),
              ('a', 'point-1-1-5', '{"temperature":21.5}'), ('c', 'lamp', '{"on":true}'), ('d', 'point-1-3-1', 'no JSON'),
              ('e', 'point-1-3-2', NULL);
            """
        unsafe #expect(sqlite3_exec(database, rows, nil, nil, nil) == SQLITE_OK)
        let profile = try SystemProfile.load(GrayLogicCoreProfileTests.path)
        guard case .sqlite(let source)? = profile.views.first(where: { $0.id == "database" })?.source else {
            Issue.record("the view 'database' of the profile is of none")
            return
        }
        let seen = try SQLiteProbe.read(path, source.query, source.documents).get()
        #expect(seen == ["1/1/5": [0x0C, 0x33], "1/3/0": [1]], "the latest row of each point, and of nothing else")
    }
}

@Suite struct PointNameTests {
    @Test(
        arguments: [
            ("t/", "/", "t/1/1/5", "1/1/5"), ("t/", "/", "u/1/1/5", nil), ("knx/", "%2F", "knx/1%2F1%2F5", "1/1/5"),
            ("point-", "-", "point-1-1-5", "1/1/5"), ("point-", "-", "command-1-2-0", nil), ("", ".", "1.1.5", "1/1/5"),
        ] as [(String, String, String, String?)])
    func addressesAreFound(after: String, separator: String, text: String, group: String?) {
        #expect(PointName(after: after, separator: separator).group(in: text) == group)
    }
}
