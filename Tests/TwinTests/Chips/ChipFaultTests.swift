import Events
import KNX
import Testing

@testable import Twin

/// What can be wrong with a chip, on each model.
@Suite struct ChipFaultTests {
    private static let own = frame(source: 0x11C8, group: 0x3001)

    private static func faults(_ change: (inout ChipFaults) -> Void) -> ChipFaults {
        var faults = ChipFaults()
        change(&faults)
        return faults
    }

    private func line(_ model: TransceiverModel, _ faults: ChipFaults) -> VirtualLine {
        var line = lineWithChip(model, devices: [actuator(), listener])
        line.disturb(faults, at: 250)
        return line
    }

    /// Those octets of `heard` that are L_Data.con.
    private func confirmations(_ heard: [UInt8]) -> [UInt8] { heard.filter { $0 & 0x7F == 0x0B } }

    @Test(arguments: TransceiverModel.allCases)
    func aSilentOneGoesOnWithoutAWord(model: TransceiverModel) {
        var line = line(model, Self.faults { $0.isSilent = true })
        line.write([0x02] + hostFrame(Self.own), at: 300)
        line.run(until: 400)
        #expect(line.heard().isEmpty)
        #expect(line.frames.map(\.octets) == [Self.own])
        line.send(unclaimed, at: 400)
        line.write([0x11], at: 410)
        line.write([0x01], at: 450)
        line.run(until: 500)
        #expect(line.frames.last?.acknowledge == 0xCC)
        #expect(line.heard().isEmpty)
        line.disturb(ChipFaults(), at: 500)
        line.write([0x02], at: 510)
        line.run(until: 520)
        #expect(line.heard() == [0x07])
    }

    @Test(arguments: TransceiverModel.allCases)
    func confirmationsDoNotCome(model: TransceiverModel) {
        var line = line(model, Self.faults { $0.confirmation = .none })
        line.write(hostFrame(Self.own), at: 300)
        line.run(until: 400)
        #expect(line.heard().starts(with: Self.own))
        #expect(confirmations(line.heard()).isEmpty)
        // Nor later, when the chip is sound again; the next one does.
        line.disturb(ChipFaults(), at: 400)
        line.write(hostFrame(Self.own), at: 500)
        line.run(until: 600)
        #expect(confirmations(line.heard()) == [0x8B])
        #expect(line.frames.count == 2)
    }

    @Test(arguments: TransceiverModel.allCases)
    func confirmationsSayTheContrary(model: TransceiverModel) {
        var line = line(model, Self.faults { $0.confirmation = .wrong })
        line.write(hostFrame(Self.own), at: 300)
        line.run(until: 400)
        #expect(line.frames.map(\.acknowledge) == [0xCC])
        #expect(confirmations(line.heard()) == [0x0B])
        line.write(hostFrame(frame(source: 0x11C8, group: 0x7001)), at: 400)
        line.run(until: 700)
        #expect(line.frames.dropFirst().map(\.acknowledge) == [nil, nil, nil, nil])
        #expect(line.heard().last == 0x8B)
    }

    @Test(arguments: TransceiverModel.allCases)
    func confirmationsComeLate(model: TransceiverModel) throws {
        var line = line(model, Self.faults { $0.confirmationDelay = .milliseconds(500) })
        line.write(hostFrame(Self.own), at: 300)
        line.run(until: 800)
        #expect(confirmations(line.heard()).isEmpty)
        line.run(until: 900)
        #expect(confirmations(line.heard()) == [0x8B])
        let acknowledged = line.frames[0].ended + Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: 26))
        let due = try #require(line.toHost[0].last?.due)
        let delay = (due - acknowledged).nanoseconds
        #expect(delay >= 500_000_000 && delay < 502_000_000)
        // A reset forgets one that is on its way.
        line.write(hostFrame(Self.own), at: 1_000)
        line.write([0x01], at: 1_200)
        line.run(until: 2_000)
        #expect(confirmations(line.heard()) == [0x8B])
        #expect(line.heard().last == 0x03)
    }

    @Test(arguments: TransceiverModel.allCases)
    func aDeafOneHearsNothingAndAcknowledgesNothing(model: TransceiverModel) {
        var line = line(model, Self.faults { $0.isDeaf = true })
        line.send(unclaimed, at: 300)
        line.write([0x11], at: 310)
        line.run(until: 390)
        #expect(line.heard().isEmpty)
        #expect(line.frames.allSatisfy { $0.acknowledge == nil } && line.frames.count == 4)
        // It answers its host, and what it sends goes out.
        line.write([0x02] + hostFrame(Self.own), at: 400)
        line.run(until: 500)
        #expect(line.heard() == [0x07, 0x8B])
        #expect(line.frames.last?.octets == Self.own)
        // In the middle of a frame: what was heard stays, what comes is lost, and the line is not forgotten.
        line.disturb(ChipFaults(), at: 500)
        line.send(unclaimed, at: 510)
        line.disturb(Self.faults { $0.isDeaf = true }, at: 514)
        line.disturb(ChipFaults(), at: 520)
        line.run(until: 529)
        let heard = line.heard().dropFirst(2)
        #expect(Array(heard) == Array(unclaimed.prefix(heard.count)) && (1...4).contains(heard.count))
    }

    @Test(arguments: TransceiverModel.allCases)
    func aStuckOneAnswersBusy(model: TransceiverModel) {
        var line = line(model, Self.faults { $0.isStuckBusy = true })
        line.send(unclaimed, at: 300)
        line.write([0x11], at: 310)
        line.run(until: 320)
        #expect(line.frames.last?.acknowledge == 0xC0)
        // Not to what it would not acknowledge.
        line.run(until: 600)
        line.send(unclaimed, at: 600)
        line.write([0x10], at: 610)
        line.run(until: 620)
        #expect(line.frames.last?.acknowledge == nil)
        guard model != .tpuart1 else { return }
        line.run(until: 900)
        line.write(model.chip == .ncn51xx ? [0xF1, 0x11, 0xC8, 0x00] : [0x28, 0x11, 0xC8], at: 900)
        line.send(unclaimed, at: 950)
        line.run(until: 970)
        #expect(line.frames.last?.acknowledge == 0xC0)
    }

    @Test(arguments: TransceiverModel.allCases)
    func aHotOneSaysSoWhenItGetsHotAndWhenItHasCooledDown(model: TransceiverModel) {
        var line = lineWithChip(model)
        line.disturb(Self.faults { $0.isHot = true }, at: 300)
        line.run(until: 310)
        #expect(line.heard() == [0x0F])
        line.write([0x02, 0xFF], at: 310)
        line.run(until: 320)
        #expect(line.heard() == [0x0F, 0x0F, 0x1F])
        if model.chip == .ncn51xx {
            line.write([0x0D], at: 320)
            line.run(until: 330)
            #expect(line.heard().suffix(2) == [0x4B, 0xFF])
        }
        line.toHost[0] = []
        line.disturb(ChipFaults(), at: 340)
        line.run(until: 350)
        #expect(line.heard() == [0x07])
    }

    @Test func whatIsSaidOfTheTemperatureWaitsForTheEndOfAFrame() {
        var line = lineWithChip(.tpuart2)
        line.send(unclaimed, at: 300)
        line.disturb(Self.faults { $0.isHot = true }, at: 305)
        line.run(until: 320)
        #expect(line.heard() == unclaimed + [0x0F])
    }
}
