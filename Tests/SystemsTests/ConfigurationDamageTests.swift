import Systems
import Testing

/// Damaged configurations: each is damaged, and where is settled by its seed.
@Suite struct ConfigurationDamageTests {
    static let json = #"{"port": 8080, "name": "x", "limits": {"a": 5, "b": 7}, "list": [1, 2], "text": "a:9 b"}"#
    static let yaml = "port: 8080\nname: x\nlimits:\n  a: 5\n  b: 7\n"

    @Test(arguments: [json, yaml], ConfigurationDamage.allCases)
    func everyDamageChangesTheFile(text: String, damage: ConfigurationDamage) {
        for seed in UInt64(0)..<200 {
            let octets = damage.apply(to: text, randomness: seed &* 0x9E37_79B9_7F4A_7C15)
            #expect(octets != Array(text.utf8), "seed \(seed)")
            #expect((octets == nil) == (damage == .missing))
            #expect(octets == damage.apply(to: text, randomness: seed &* 0x9E37_79B9_7F4A_7C15))
        }
    }

    @Test func aWrongTypeIsATextWhereANumberWas() {
        let texts = Set(
            (UInt64(0)..<50).compactMap { seed in
                ConfigurationDamage.wrongType.apply(to: Self.json, randomness: seed).map {
                    String(decoding: $0, as: UTF8.self)
                }
            })
        #expect(texts.count == 3)
        #expect(texts.contains(Self.json.replacing("8080", with: "\"a number\"")))
        #expect(texts.allSatisfy { $0.contains("a:9 b") })
    }

    @Test func textsThatAreNoneAreDamagedToo() {
        for damage in ConfigurationDamage.allCases {
            for text in ["", "x", ":", ": 1", "\u{1F600}:3,"] { _ = damage.apply(to: text, randomness: 12345) }
        }
    }
}
