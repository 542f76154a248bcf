import Testing

@testable import Systems

/// A question for a name as RFC 1035 wants it, and what counts as an answer.
@Suite struct NameQueryTests {
    @Test func theQuestionIsWrittenInLabels() {
        let octets = NameQuery.message("rig.example", 0x1234)
        #expect(
            octets == [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3] + Array("rig".utf8) + [7] + Array("example".utf8)
                + [0, 0, 1, 0, 1])
        #expect(NameQuery.message(String(repeating: "x", count: 99), 0)[12] == 63)
    }

    static let answers: [(octets: [UInt8], isOne: Bool)] = [
        ([0x12, 0x34, 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0], true),
        ([0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0], false),
        ([0x12, 0x35, 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0], false),
        ([0x12, 0x34, 0x81], false), ([], false),
    ]

    @Test(arguments: answers)
    func onlyAResponseWithOurNumberIsAnAnswer(octets: [UInt8], isOne: Bool) {
        #expect(NameQuery.isAnswer(octets, to: 0x1234) == isOne)
    }
}
