import Documents
import Testing

@Suite struct NodeTests {
    @Test func placesAreThoseThatAnEditorShows() throws {
        let node = try Node.parse("name: twin\nlines:\n  - id: main\n    load: 4\n", file: "r.yaml")
        #expect(try node.required("name").text() == "twin")
        let line = try node.required("lines").elements()[0]
        #expect(try line.required("load").position == Position(line: 4, column: 11))
        #expect(try line.required("load").integer(0...10) == 4)
    }

    @Test func anUnknownKeyIsNamedWithTheNearest() throws {
        let node = try Node.parse("nmae: twin\n", file: "r.yaml")
        let failure = #expect(throws: DocumentFailure.self) { try node.entries(of: "a rig", keys: ["name", "lines"]) }
        #expect(failure?.description == "r.yaml:1:1: a rig has no key 'nmae': did you mean 'name'?")
    }

    @Test(arguments: [
        ("a: [1", "r.yaml:2:1: "), ("a: 1\na: 2", "r.yaml:2:1: the key 'a' stands here twice"),
        ("a: &x 1\nb: *x", "r.yaml:2:4: aliases are not used in these files"), ("", "r.yaml: the file is empty"),
        ("a: 1\n---\nb: 2", "r.yaml:2:1: a second document begins here"), ("\ta: 1", "r.yaml:1:1: "),
        ("a: \u{1}", "r.yaml:"),
    ])
    func whatIsNoDocumentIsRefusedInOneLine(text: String, message: String) throws {
        let failure = #expect(throws: DocumentFailure.self) { try Node.parse(text, file: "r.yaml") }
        #expect(failure?.description.hasPrefix(message) == true, "\(String(describing: failure))")
        #expect(failure?.description.contains("\n") == false)
    }

    @Test(arguments: [
        ("20 s", 20_000_000_000), ("250ms", 250_000_000), ("1.5 s", 1_500_000_000), ("2 min", 120_000_000_000),
    ])
    func lengthsOfTimeHaveUnits(text: String, nanoseconds: Int64) throws {
        #expect(try Node.parse(text, file: "r").nanoseconds() == nanoseconds)
    }

    @Test(arguments: ["20", "s", "1 fortnight", "-1 s", "1e99 h"])
    func aTimeWithoutItsUnitIsRefused(text: String) {
        #expect(throws: DocumentFailure.self) { try Node.parse(text, file: "r").nanoseconds() }
    }

    /// Sums and small multiples of lengths of time must fit 64 bits.
    @Test func aTimeIsAtMostThirtyDays() throws {
        #expect(try Node.parse("720 h", file: "r").nanoseconds() == 2_592_000_000_000_000)
        let failure = #expect(throws: DocumentFailure.self) { try Node.parse("1300000 h", file: "r").nanoseconds() }
        #expect("\(try #require(failure))".contains("'1300000 h' is longer than 30 days"))
        #expect(throws: DocumentFailure.self) { try Node.parse("720.1 h", file: "r").nanoseconds() }
    }

    @Test func everyMutationOfADocumentEnds() {
        let text = Array("version: 1\nlines:\n  - {id: main, x: [1, \"b\"]}\n".utf8)
        for index in text.indices {
            for octet in stride(from: 0, through: 255, by: 3) {
                var mutated = text
                mutated[index] = UInt8(octet)
                _ = try? Node.parse(mutated, file: "r")
            }
        }
        #expect(throws: DocumentFailure.self) { try Node.parse(String(repeating: "[", count: 10_000), file: "r") }
    }

    @Test func theNearestNameForgivesASwapAndRefusesAGuess() {
        #expect(Nearest.name(to: "HW1", among: ["HW-1", "IF-1"]) == "HW-1")
        #expect(Nearest.name(to: "sutained", among: ["sustained", "other"]) == "sustained")
        #expect(Nearest.name(to: "completely", among: ["HW-1", "IF-1"]) == nil)
    }
}
