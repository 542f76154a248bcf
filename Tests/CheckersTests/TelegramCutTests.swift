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
        source: UInt16? = ScriptedRun.stimulus
    ) -> [Event] {
        var run = ScriptedRun()
        let sender = source.map { Value.integer(Int64($0)) }
        run.seen = [Value.Field("telegram", .record(present: [("left", .text(left)), ("source", sender)]))]
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

    /// A relay that opens at any time: whose telegram it met is all the same, and one that fell between two is worth making again.
    @Test func aRelayMeetsATelegramOfAnybodyOrMisses() throws {
        var foreign = Array(Self.whole.prefix(5))
        foreign[2] = 0x77
        let met = try events("truncated", octets: foreign, flaw: "truncated", source: nil).verdict()
        #expect(met.outcome == .pass && !met.hasMissedItsTelegram, "\(met.sentence)")
        let missed = try events("truncated", octets: Self.whole, flaw: nil, acknowledge: 0xCC, source: nil).verdict()
        #expect(missed.outcome == .invalid && missed.hasMissedItsTelegram, "\(missed.sentence)")
        #expect(!missed.isRigsOwnLateness)
        let silent = try events(
            "truncated", octets: Array(Self.whole.prefix(5)), flaw: "truncated", after: 60, source: nil
        ).verdict()
        #expect(silent.hasMissedItsTelegram, "\(silent.sentence)")
        // A contact that was told where to open, and did not, has not missed by chance.
        let told = try events("truncated", octets: Self.whole, flaw: nil, acknowledge: 0xCC).verdict()
        #expect(told.outcome == .invalid && !told.hasMissedItsTelegram)
    }
}
