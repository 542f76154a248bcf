import Events
import KNX
import Testing

@testable import Bus

@Suite struct BusmonitorAssemblerTests {
    static let frame = hex("BC 1105 0901 E3 0080 0C1A 2A")

    private func indication(_ octets: [UInt8], sequence: UInt8, stamp: UInt32) -> [UInt8] {
        let counter = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: stamp >> UInt32($0)) }
        return [0x2B, 0x09, 0x03, 0x01, sequence, 0x06, 0x04] + counter + octets
    }

    private func assembler() -> BusmonitorAssembler {
        BusmonitorAssembler(source: "witness", line: "main", uncertaintyNanoseconds: 1_000)
    }

    private func frames(_ events: [Event]) -> [Event.Frame] {
        events.compactMap { if case .frame(let frame) = $0.payload { frame } else { nil } }
    }

    @Test func joinsAFrameWithItsAcknowledge() {
        var assembler = assembler()
        let now = Instant(nanoseconds: 9_000_000_000)
        #expect(assembler.take(indication(Self.frame, sequence: 6, stamp: 1_000), at: now).isEmpty)
        let events = assembler.take(indication([0xCC], sequence: 7, stamp: 3_708), at: now + .milliseconds(3))
        #expect(frames(events).map(\.octets) == [Self.frame] && frames(events).map(\.acknowledge) == [0xCC])
        #expect(frames(events).map(\.sequence) == [6] && events.first?.instant == now)
        #expect((now - frames(events)[0].began).nanoseconds == BusTiming.nanoseconds(bits: 141))
        #expect(assembler.finish().isEmpty)
    }

    @Test func tellsAFrameThatNobodyAcknowledged() {
        var assembler = assembler()
        let now = Instant(nanoseconds: 9_000_000_000)
        _ = assembler.take(indication(Self.frame, sequence: 0, stamp: 0), at: now)
        let told = assembler.take(indication(Self.frame, sequence: 1, stamp: 20_000), at: now)
        #expect(frames(told).map(\.acknowledge) == [nil] && frames(assembler.finish()).count == 1)
    }

    @Test func takesNoAcknowledgeOfAnotherFrame() {
        // Between the two everything up to the acknowledge of a later frame has been lost.
        var assembler = assembler()
        let now = Instant(nanoseconds: 9_000_000_000)
        _ = assembler.take(indication(Self.frame, sequence: 0, stamp: 0), at: now)
        let told = assembler.take(indication([0xCC], sequence: 3, stamp: 20_000), at: now)
        #expect(frames(told).map(\.acknowledge) == [nil, nil])
        #expect(frames(told).map(\.flaw) == [nil, "acknowledge-without-frame"] && assembler.finish().isEmpty)
    }

    @Test func aCopyIsNoFrameAndStandsInNobodysWay() {
        var assembler = assembler()
        let now = Instant(nanoseconds: 9_000_000_000)
        _ = assembler.take(indication(Self.frame, sequence: 0, stamp: 1_000), at: now)
        #expect(assembler.take(indication(Self.frame, sequence: 1, stamp: 1_000), at: now + .milliseconds(1)).isEmpty)
        let told = assembler.take(indication([0xCC], sequence: 2, stamp: 3_708), at: now + .milliseconds(3))
        #expect(frames(told).map(\.acknowledge) == [0xCC] && frames(told).map(\.sequence) == [0])
    }

    @Test func timeStampsGoRound() {
        for silence in [Int64(20), 4_000, 4_400, 30_000] {
            var assembler = assembler()
            let now = Instant(nanoseconds: 9_000_000_000)
            let first = UInt32.max - 5_000_000
            _ = assembler.take(indication(Self.frame, sequence: 0, stamp: first), at: now)
            let stamp = first &+ UInt32(truncatingIfNeeded: silence * 1_000_000)
            // It arrives 30 ms late.
            _ = assembler.take(
                indication(Self.frame, sequence: 1, stamp: stamp), at: now + .seconds(silence) + .milliseconds(30))
            #expect(assembler.finish().first?.instant == now + .seconds(silence), "after \(silence) s")
        }
    }

    @Test func damageIsToldAndWhatIsNoIndicationIsNothing() {
        var assembler = assembler()
        let now = Instant(nanoseconds: 9_000_000_000)
        var bad = Self.frame
        bad[3] ^= 1
        _ = assembler.take(indication(bad, sequence: 0, stamp: 0), at: now)
        #expect(frames(assembler.finish()).map(\.flaw) == ["checksum"])
        for message in [
            [], [0x2B], [0x2B, 0x09, 0x03], [0x29, 0x00] + Self.frame, indication([], sequence: 1, stamp: 2),
        ] {
            #expect(assembler.take(message, at: now).isEmpty && assembler.finish().isEmpty, "\(Hex.text(message))")
        }
    }
}
