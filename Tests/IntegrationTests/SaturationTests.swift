import Bus
import Events
import KNX
import Platform
import Testing

/// Two stimuli on a simulated line in real time, as full as it gets.
@Suite(.serialized, .timeLimit(.minutes(2))) struct SaturationTests {
    @Test func twoStimuliFillTheLineAndKeepTheOrder() throws {
        let line = try LineFixture(stimuli: 2)
        defer { line.end() }
        #expect(line.wait { line.isReady })
        let groups = (0..<7).map { GroupAddress(raw: 0x0900 + UInt16($0)) }
        let rate = BusLoad.millihertz(percent: 40, octets: TracerLoad.frameOctets)
        let load = try TracerLoad(.init(groups: groups, millihertz: rate), through: line.stimuli, sink: line.sink)
        MonotonicClock.sleep(for: .seconds(1))
        let sources = [IndividualAddress(raw: 0x117F), IndividualAddress(raw: 0x11FF)]
        load.saturate(from: sources)
        MonotonicClock.sleep(for: .seconds(1))
        let from = MonotonicClock.now()
        MonotonicClock.sleep(for: .seconds(5))
        let to = MonotonicClock.now()
        load.relax()
        MonotonicClock.sleep(for: .seconds(1))
        load.stop()
        #expect(line.wait { line.stimuli.allSatisfy { $0.pendingCount == 0 } && line.heard.count == line.sent.count })
        let heard = line.heard.filter { $0.end > from && $0.end <= to }
        let bits = heard.reduce(0) {
            $0 + BusLoad.cycleBits($1.frame.octets, isAcknowledged: $1.frame.acknowledge != nil)
        }
        let permille = BusTiming.nanoseconds(bits: Int64(bits)) * 1000 / (to - from).nanoseconds
        #expect(permille >= 980, "\(permille) per mille")
        let frames = try line.heard.map { try TP1Frame(octets: $0.frame.octets) }
        let full = try heard.map { try TP1Frame(octets: $0.frame.octets) }
        #expect(Set(full.map(\.source)) == Set(sources))
        #expect(full.allSatisfy { $0.priority == .low })
        // Steady, full, steady again: every address counts on, one by one.
        for group in groups {
            let codes = frames.filter { $0.destination == .group(group) }.compactMap { frame in
                (try? DPT9(.octets(Array(frame.transportUnit.dropFirst(2)))).hundredths)
            }
            #expect(codes.count > 20)
            #expect(zip(codes, codes.dropFirst()).allSatisfy { ($1 - $0 + 4096) % 4096 == 1 }, "\(group): \(codes)")
        }
        #expect(line.count(.unanswered) == 0 && line.count(.unacknowledged) == 0)
    }
}
