import Events
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        #"{"n":412,"t":81234567890,"at":"witness","d":{"octets":"bc1105","list":[1,-2,true,null]}}"#, "[]", "{}",
        #""a\"b\\c\n\u0001ü€😀""#, "-9223372036854775808",
    ])
    func canonicalTextReadsBackAndWritesTheSame(text: String) throws {
        #expect(JSON.text(try JSON.parse(text)) == text)
    }

    @Test func foreignTextIsTolerated() throws {
        #expect(try JSON.parse(" { \"a\" : 21.5 , \"b\":\"\\u00fc\\ud83d\\ude00\\/\" } ") == ["a": 21, "b": "ü😀/"])
    }

    @Test(arguments: ["", "{", "[1,]", "{\"a\"}", "\"a", "nul", "1 2", "01x", "\"\\q\"", "\"\u{1}\""])
    func whatIsNoJSONIsRefusedWithAnOffset(text: String) {
        #expect(throws: JSON.Failure.self) { try JSON.parse(text) }
    }

    @Test func nestingIsBounded() {
        #expect(throws: JSON.Failure.self) { try JSON.parse(String(repeating: "[", count: 100_000)) }
    }

    @Test func everyTruncationAndMutationEnds() throws {
        let text = Array(#"{"n":4,"d":{"a":"\u00fc","b":[true,-1]}}"#.utf8)
        for length in 0..<text.count {
            #expect(throws: JSON.Failure.self) { try JSON.parse(text.prefix(length)) }
        }
        for index in text.indices {
            for octet in UInt8.min...UInt8.max {
                var mutated = text
                mutated[index] = octet
                _ = try? JSON.parse(mutated)
            }
        }
    }
}
