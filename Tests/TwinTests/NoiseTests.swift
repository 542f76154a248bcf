import Events
import KNX
import Testing

@testable import Twin

@Suite struct NoiseTests {
    private struct Traffic {
        var line: [LineRecord.Frame]
        var noise: [LineRecord.Noise]
        /// What the chip's host has read.
        var heard: [UInt8]
        var confirmed: [Bool]
    }

    /// 200 telegrams to a listener, with a busmonitor beside them.
    private func traffic(line noise: LineNoise? = nil, serial: SerialNoise? = nil) -> Traffic {
        let configuration = TwinConfiguration.Line(
            id: "main", chips: [TwinConfiguration.Chip(id: "witness", noise: serial)],
            devices: [actuator(), listener], noise: noise)
        var simulation = LineSimulation(configuration, anchor: at(0))
        var effects: [LineSimulation.Effect] = []
        simulation.hostWrote([0x01], chip: 0, at: at(0))
        simulation.advance(to: at(20), effects: &effects)
        simulation.hostWrote([0x05], chip: 0, at: at(20))
        simulation.advance(to: at(50), effects: &effects)
        effects = []
        for number in 0..<200 {
            let octets = frame(source: 0x110A, data: [0x80, UInt8(number), 0x1A], group: 0x3001)
            simulation.send(Transmission(number: number, octets: octets), fromDevice: 0, at: at(50))
        }
        simulation.advance(to: at(30_000), effects: &effects)
        var traffic = Traffic(line: [], noise: [], heard: [], confirmed: [])
        for effect in effects {
            switch effect {
            case .toHost(_, let octet, _): traffic.heard.append(octet)
            case .record(.frame(let frame)): traffic.line.append(frame)
            case .record(.noise(let noise, _)): traffic.noise.append(noise)
            case .record(.confirmation(_, let isConfirmed, _)): traffic.confirmed.append(isConfirmed)
            default: break
            }
        }
        return traffic
    }

    /// All octets that were on the line as a busmonitor hears them.
    private func octets(_ frames: [LineRecord.Frame]) -> [UInt8] {
        frames.flatMap { $0.octets + ($0.acknowledge.map { [$0] } ?? []) }
    }

    @Test func withoutNoiseNothingIsDisturbed() {
        let traffic = traffic(
            line: LineNoise(seed: 1, flippedPerMillion: 0), serial: SerialNoise(seed: 1))
        #expect(traffic.noise.isEmpty && traffic.line.count == 200 && traffic.heard == octets(traffic.line))
    }

    @Test(arguments: UInt64(1)...5)
    func flippedBitsAreRecordedRefusedAndRepaired(seed: UInt64) {
        let traffic = traffic(line: LineNoise(seed: seed, flippedPerMillion: 5_000))
        let again = self.traffic(line: LineNoise(seed: seed, flippedPerMillion: 5_000))
        #expect(traffic.line == again.line && traffic.noise == again.noise, "seed \(seed): not what the seed says")
        // 2400 characters: twelve are to be expected.
        #expect((2...30).contains(traffic.noise.count), "seed \(seed)")
        // Each flip stands in a frame that nobody accepted or in an acknowledge; every frame that was damaged was refused.
        let damaged = traffic.line.filter { TP1.checkOctet($0.octets) != 0 }
        let unread = traffic.line.filter { $0.acknowledge.map { Acknowledge($0) == nil } ?? false }
        #expect(damaged.count + unread.count >= 1)
        #expect(damaged.allSatisfy { $0.acknowledge != TP1.acknowledge }, "seed \(seed)")
        #expect(traffic.confirmed.count == 200 && traffic.confirmed.allSatisfy { $0 }, "seed \(seed)")
        #expect(traffic.line.count > 200 && traffic.heard == octets(traffic.line), "seed \(seed)")
    }

    @Test(arguments: UInt64(1)...5)
    func theHostHearsAllButTheLostOctetsAndTheExtraOnes(seed: UInt64) {
        let traffic = traffic(serial: SerialNoise(seed: seed, lostPerMillion: 20_000, extraPerMillion: 10_000))
        let lost = traffic.noise.count { if case .lost("witness", _) = $0 { true } else { false } }
        let extra = traffic.noise.count { if case .extra("witness", _) = $0 { true } else { false } }
        // Of 2400 octets 48 and 24 are to be expected.
        #expect((20...90).contains(lost) && (8...50).contains(extra), "seed \(seed): \(lost) lost, \(extra) extra")
        #expect(lost + extra == traffic.noise.count)
        // On the line nothing happened.
        #expect(traffic.line.count == 200 && traffic.confirmed.allSatisfy { $0 })
        #expect(traffic.heard.count == octets(traffic.line).count - lost + extra, "seed \(seed)")
    }

    @Test func aShortIsRecordedAndWhatItCutIsSentAgain() {
        // A supply that lifts the line again before anybody has noticed.
        let supply = SupplyParameters(riseNanoseconds: 500_000)
        var simulation = LineSimulation(
            TwinConfiguration.Line(id: "main", supply: supply, chips: [], devices: [actuator(), listener]),
            anchor: at(0))
        var effects: [LineSimulation.Effect] = []
        let octets = frame(source: 0x110A, group: 0x3001)
        simulation.send(Transmission(number: 0, octets: octets), fromDevice: 0, at: at(10))
        simulation.short(true, at: at(15), effects: &effects)
        simulation.short(false, at: at(16), effects: &effects)
        simulation.advance(to: at(600), effects: &effects)
        let records = effects.compactMap { if case .record(let record) = $0 { record } else { nil } }
        let seen = records.compactMap { if case .frame(let frame) = $0 { frame } else { nil } }
        #expect(seen.map(\.isTruncated) == [true, false] && seen[1].octets == octets && seen[1].began > at(16))
        #expect(records.contains(.noise(.shorted(true), at: at(15))))
        #expect(records.contains(.noise(.shorted(false), at: at(16))))
    }

    @Test func theTruthTellsNoiseInALine() {
        let record = LineRecord.noise(.lost(chip: "sut", 0xBC), at: at(1)).value(line: "main")
        #expect(record["k"]?.text == "noise" && record["noise"]?.text == "lost" && record["chip"]?.text == "sut")
        #expect(record["octet"]?.octets == [0xBC] && record["t"]?.integer == 1_000_000)
    }
}
