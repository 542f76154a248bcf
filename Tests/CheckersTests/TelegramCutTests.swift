import Checkers
import Events
import Testing

/// A cut inside a telegram: what the witness must have seen of it.
@Suite struct TelegramCutTests {
    private static let whole: [UInt8] = {
        guard case .frame(let frame) = ScriptedRun.frame(0, 2304, [0x0C, 0x33]).payload else { return [] }
        return frame.octets
    }()

    private func events(
        _ left: String, octets: [UInt8], flaw: String?, acknowledge: UInt8? = nil, after milliseconds: Int = 2,
        source: UInt16 = ScriptedRun.stimulus
    ) -> [Event] {
        var run = ScriptedRun()
        run.seen = [Value.Field("telegram", ["left": .text(left), "source": .integer(Int64(source))])]
        let end = run.brokenAt + milliseconds
        let frame = ScriptedRun.event(
            end, "witness",
            .frame(
                Event.Frame(
                    line: "main", octets: octets, acknowledge: acknowledge, began: ScriptedRun.instant(end - 12),
                    flaw: flaw)))
        return run.events.with(frame)
    }

    @Test func whatIsLeftOfATelegramProvesACutInIt() throws {
        let verdict = try events("truncated", octets: Array(Self.whole.prefix(5)), flaw: "truncated").verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
    }

    @Test func aWholeTelegramWithoutAnAcknowledgeProvesACutBeforeIt() throws {
        let verdict = try events("unacknowledged", octets: Self.whole, flaw: nil).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
    }

    @Test func aTelegramThatWasWholeWasNotCut() throws {
        try RigFaultTests.expectInvalid(
            events("truncated", octets: Self.whole, flaw: nil, acknowledge: 0xCC), "the cut was not inside it")
        try RigFaultTests.expectInvalid(
            events("truncated", octets: Self.whole, flaw: "checksum"), "the cut was not inside it")
    }

    @Test func anAcknowledgeOrAMissingOctetIsNotBetweenTheTwo() throws {
        try RigFaultTests.expectInvalid(
            events("unacknowledged", octets: Self.whole, flaw: nil, acknowledge: 0xCC), "the cut came after that")
        try RigFaultTests.expectInvalid(
            events("unacknowledged", octets: Array(Self.whole.dropLast()), flaw: "truncated"),
            "the cut came before its end")
    }

    @Test(arguments: [-40, 60]) func aTelegramFarFromTheCutWasNotCutByIt(milliseconds: Int) throws {
        try RigFaultTests.expectInvalid(
            events("truncated", octets: Array(Self.whole.prefix(5)), flaw: "truncated", after: milliseconds),
            "the cut was not inside a telegram")
    }

    @Test func anotherSendersTelegramIsNotTheOne() throws {
        try RigFaultTests.expectInvalid(
            events("truncated", octets: Array(Self.whole.prefix(5)), flaw: "truncated", source: 4362),
            "was no telegram from 1.1.10")
        try RigFaultTests.expectInvalid(
            events("truncated", octets: [0xBC, 0x11], flaw: "truncated"), "was no telegram from 1.1.1")
    }
}
