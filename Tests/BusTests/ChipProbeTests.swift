import Events
import KNX
import Testing

@testable import Bus

@Suite struct ChipProbeTests {
    private static func at(_ milliseconds: Int64) -> Instant { Instant(nanoseconds: milliseconds * 1_000_000) }

    @Test func aChipAnswersWhileItsSignsAreFresh() {
        var engine = ChipProbeEngine()
        guard case .closed = engine.reading(at: Self.at(0)) else {
            Issue.record("a port that nobody opened is open")
            return
        }
        #expect(engine.opened(at: Self.at(0)) == [.write([0x01])])
        #expect(engine.reading(at: Self.at(1)) == .silent)
        _ = engine.received([0x03], at: Self.at(5))
        #expect(engine.reading(at: Self.at(604)) == .answers)
        #expect(engine.reading(at: Self.at(605)) == .silent)
    }

    @Test func itIsAskedAgainAndAgain() {
        var engine = ChipProbeEngine()
        _ = engine.opened(at: Self.at(0))
        #expect(engine.nextDeadline == Self.at(150))
        #expect(engine.tick(at: Self.at(150)) == [.write([0x01])])
        #expect(engine.nextDeadline == Self.at(300))
    }

    @Test func anEchoIsNoChip() {
        var engine = ChipProbeEngine()
        _ = engine.opened(at: Self.at(0))
        _ = engine.received([0x01], at: Self.at(5))
        #expect(engine.reading(at: Self.at(6)) == .silent)
    }

    @Test func aDeviceThatWentIsNotSilent() {
        var engine = ChipProbeEngine()
        _ = engine.opened(at: Self.at(0))
        _ = engine.received([0x03], at: Self.at(5))
        _ = engine.closed("end of file", at: Self.at(6))
        #expect(engine.reading(at: Self.at(7)) == .closed(reason: "end of file"))
        #expect(engine.nextDeadline == nil)
        // What it said before its plug was pulled says nothing of it now.
        _ = engine.opened(at: Self.at(100))
        #expect(engine.reading(at: Self.at(101)) == .silent)
    }
}
