import Systems
import Testing

/// Where a configuration is wrong, and what counts for having said so.
@Suite struct ConfigurationPlaceTests {
    static let json = """
        {"data": "/tmp", "http": {"host": "127.0.0.1",
         "port": 8080},
         "limit": 5}
        """

    private static func place(_ damage: ConfigurationDamage, _ damaged: String?) -> ConfigurationPlace? {
        ConfigurationPlace(of: damage, in: json, damaged: damaged.map { Array($0.utf8) })
    }

    @Test func damageHasItsLineAndItsKey() {
        let wrong = Self.place(.wrongType, Self.json.replacing("8080", with: "\"a number\""))
        #expect(wrong?.line == 2 && wrong?.key == "port")
        let cut = Self.place(.truncated, String(Self.json.prefix(30)))
        #expect(cut?.line == 1 && cut?.key == "http")
        #expect(Self.place(.badSyntax, Self.json.replacing("5", with: "]}5"))?.line == 3)
        for damage in [ConfigurationDamage.binary, .empty, .missing] { #expect(Self.place(damage, "") == nil) }
    }

    static let sayings: [(said: String, type: Bool, syntax: Bool)] = [
        ("c: /d/x.json: http.port: expected a whole number", true, true),
        (#"x.json: "port" is not a number"#, true, true),
        ("x.json: line 2: cannot unmarshal a number", true, true),
        ("x.json:2:10: expected a number", true, true),
        // Another line, another key: of a document that is none any more that may be where it was noticed.
        ("x.json: line 3: expected a number", false, true),
        ("x.json:3:1: expected a comma", false, true),
        ("x.json: http.host: is missing", false, true),
        // Words that happen to be keys, and numbers that are no lines.
        ("x.json: the port is not configured well", false, false),
        ("x.json: the data is not valid, 2 mistakes", false, false),
        ("x.json: import: is unknown", false, false),
        ("x.json: is no good configuration", false, false),
        ("/data/port.d:2:/x.json: is wrong", false, false), ("", false, false), ("x.json", false, false),
    ]

    @Test(arguments: sayings)
    func aPlaceIsALineOrAKey(said: String, type: Bool, syntax: Bool) {
        let wrong = Self.place(.wrongType, Self.json.replacing("8080", with: "\"a number\""))
        #expect(wrong?.isNamed(in: said, of: "x.json") == type)
        let cut = Self.place(.truncated, String(Self.json.prefix(30)))
        #expect(cut?.isNamed(in: said, of: "x.json") == syntax)
    }
}
