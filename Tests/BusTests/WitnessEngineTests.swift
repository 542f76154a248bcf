import Events
import KNX
import Testing

@testable import Bus

@Suite struct WitnessEngineTests {
    static let frame = hex("BC 1105 0901 E3 0080 0C1A 2A")

    private func bench(asksAfterSilence: Instant.Span? = .seconds(1)) -> EngineBench<WitnessEngine> {
        EngineBench(
            WitnessEngine(
                source: "witness", line: "main", parameters: TPUARTStream.Parameters(), uncertaintyNanoseconds: 300_000,
                asksAfterSilence: asksAfterSilence))
    }

    private func armed(asksAfterSilence: Instant.Span? = .seconds(1)) -> EngineBench<WitnessEngine> {
        var bench = bench(asksAfterSilence: asksAfterSilence)
        bench.open()
        bench.pass(milliseconds: 50)
        bench.say(0x03)
        _ = bench.takeWritten()
        _ = bench.takeEvents()
        return bench
    }

    @Test func armsItsChip() {
        var bench = bench()
        bench.open()
        bench.pass(milliseconds: 50)
        bench.say(0x03)
        #expect(bench.takeWritten() == [[0x01], [0x05]])
        #expect(bench.takeEvents().map(\.word) == ["opened", "reset", "armed"])
        #expect(bench.engine.isArmed)
    }

    @Test func asksADeadChipEveryHalfSecondAndTellsItsSilenceOnce() {
        var bench = bench()
        bench.open()
        bench.pass(milliseconds: 2600)
        #expect(bench.takeWritten() == [[UInt8]](repeating: [0x01], count: 6))
        #expect(bench.takeEvents().map(\.word) == ["opened", "silent"])
    }

    @Test func tellsAFrameWithItsInstants() throws {
        var bench = armed()
        let first = bench.now
        bench.hear(Self.frame, acknowledge: 0xCC)
        let event = try #require(bench.takeEvents().first)
        guard case .frame(let frame) = event.payload else {
            Issue.record("\(event)")
            return
        }
        #expect(frame.octets == Self.frame && frame.acknowledge == 0xCC && frame.flaw == nil && frame.line == "main")
        #expect(event.source == "witness" && event.uncertaintyNanoseconds == 300_000)
        // One UART character after the line, and the first character took 11 bit times.
        let began = first - .microseconds(573) - .microseconds(1146)
        #expect(abs((frame.began - began).nanoseconds) < 5000)
        #expect(abs((event.instant - first).nanoseconds - 10 * 1_354_166 + 572_917) < 10_000)
    }

    @Test func aFrameThatCameAllAtOnceIsLessCertain() throws {
        var bench = armed()
        bench.perform { $0.received(Self.frame, at: $1) }
        bench.pass(milliseconds: 30)
        let event = try #require(bench.takeEvents().first)
        #expect(event.word == "frame")
        #expect((5_000_000...6_000_000).contains(event.uncertaintyNanoseconds))
    }

    @Test func aFrameNobodyAcknowledgedIsToldAfterItsWindow() {
        var bench = armed()
        bench.hear(Self.frame)
        #expect(bench.events.isEmpty)
        bench.pass(milliseconds: 25)
        #expect(bench.takeEvents().map(\.word) == ["frame"])
    }

    @Test func armsAgainAfterAResetOfTheChipsOwnAndTellsTheGap() throws {
        var bench = armed(asksAfterSilence: nil)
        bench.hear(Self.frame, acknowledge: 0xCC)
        let lastSign = bench.now
        bench.pass(milliseconds: 3000)
        #expect(bench.takeEvents().map(\.word) == ["frame"])
        bench.say(0x03)
        #expect(bench.takeWritten() == [[0x05]])
        let events = bench.takeEvents()
        #expect(events.map(\.word) == ["reset", "armed", "gap"])
        guard case .gap(let gap) = try #require(events.last).payload else { return }
        #expect(gap.from == lastSign && gap.to == bench.now && gap.blind == "witness")
    }

    @Test func asksAChipThatFellSilentUntilItAnswers() throws {
        var bench = armed()
        bench.hear(Self.frame, acknowledge: 0xCC)
        let lastSign = bench.now
        bench.pass(milliseconds: 999)
        #expect(bench.takeWritten().isEmpty)
        bench.pass(milliseconds: 2000)
        #expect(bench.takeWritten() == [[UInt8]](repeating: [0x01], count: 4))
        bench.say(0x03)
        #expect(bench.takeWritten() == [[0x05]])
        let events = bench.takeEvents()
        #expect(events.map(\.word) == ["frame", "silent", "reset", "armed", "gap"])
        guard case .gap(let gap) = try #require(events.last).payload else { return }
        #expect(gap.from == lastSign)
    }

    @Test func aQuietLineIsAskedOnceAndCostsAShortGap() throws {
        var bench = armed()
        bench.hear(Self.frame, acknowledge: 0xCC)
        bench.pass(milliseconds: 1000)
        #expect(bench.takeWritten() == [[0x01]])
        bench.pass(milliseconds: 5)
        bench.say(0x03)
        bench.pass(milliseconds: 60_000)
        #expect(bench.takeWritten() == [[0x05]])
        let events = bench.takeEvents()
        #expect(events.map(\.word) == ["frame", "reset", "armed", "gap"])
        guard case .gap(let gap) = try #require(events.last).payload else { return }
        #expect(gap.to - gap.from == .milliseconds(5))
    }

    @Test func aDeviceThatWentAwayIsToldOnceWithItsGap() throws {
        var bench = armed()
        bench.hear(Array(Self.frame.prefix(4)))
        bench.close()
        let gone = bench.now
        bench.pass(milliseconds: 100)
        bench.close("no such file")
        #expect(bench.takeEvents().map(\.word) == ["truncated", "closed"])
        bench.pass(milliseconds: 900)
        bench.open()
        bench.pass(milliseconds: 10)
        bench.say(0x03)
        let events = bench.takeEvents()
        #expect(events.map(\.word) == ["opened", "reset", "armed", "gap"])
        guard case .gap(let gap) = try #require(events.last).payload else { return }
        #expect(gap.from == gone && gap.to == bench.now)
    }

    @Test func aRunThatEndsBlindTellsIt() {
        var bench = armed()
        bench.close()
        bench.pass(milliseconds: 100)
        bench.finish()
        #expect(bench.takeEvents().map(\.word) == ["closed", "gap"])
    }

    @Test(arguments: [(UInt8(0xAA), "noise"), (0xCC, "acknowledge-without-frame"), (0x8B, "confirmation-of-nothing")])
    func nothingOnTheLineIsLost(_ octet: UInt8, _ word: String) {
        var bench = armed()
        bench.say(octet)
        bench.pass(milliseconds: 5)
        #expect(bench.takeEvents().map(\.word) == [word])
    }

    @Test func busVoltageOfAnNCN51xx() {
        var bench = armed()
        bench.say(0x4B)
        bench.say(0x03)
        guard case .interface(let report)? = bench.takeEvents().first?.payload else { return }
        #expect(report.report == .state && report.detail == "bus voltage gone")
    }
}
