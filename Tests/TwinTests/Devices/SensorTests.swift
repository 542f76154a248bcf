import Events
import KNX
import Testing

@testable import Twin

@Suite struct SensorTests {
    private static let group = GroupAddress(raw: 0x0B00)

    private func configuration(
        _ type: String = "9.001", change: ClosedRange<Int>, threshold: Int?, cycle: Int64?,
        bus: BusBehaviour = BusBehaviour()
    ) throws -> Sensor.Configuration {
        Sensor.Configuration(
            group: Self.group, type: try #require(DatapointType(parsing: type)), hundredths: 2_000, change: change,
            limits: 0...4_000, sampleNanoseconds: 1_000_000_000, threshold: threshold,
            cycleNanoseconds: cycle.map { $0 * 1_000_000_000 }, seed: 3, bus: bus)
    }

    /// When a sensor sends within some seconds, and its value then.
    private func sends(_ sensor: inout Sensor, seconds: Double) -> [(second: Double, value: GroupValue?)] {
        var sent: [(Double, GroupValue?)] = []
        while let due = sensor.nextDue, due < at(seconds * 1_000) {
            var effects: [ApplicationEffect] = []
            sensor.advance(to: due, effects: &effects)
            if case .write(let group, let instant)? = effects.first {
                sent.append((Double(instant.nanoseconds) / 1e9, sensor.value(of: group)))
            }
        }
        return sent
    }

    private func started(_ configuration: Sensor.Configuration) -> Sensor {
        var sensor = Sensor(configuration)
        var effects: [ApplicationEffect] = []
        sensor.started(at: at(0), effects: &effects)
        return sensor
    }

    @Test func aValueThatDoesNotChangeIsSentInItsCycle() throws {
        var sensor = started(try configuration(change: 0...0, threshold: 20, cycle: 30))
        let sent = sends(&sensor, seconds: 300)
        #expect((9...11).contains(sent.count))
        #expect(zip(sent, sent.dropFirst()).allSatisfy { abs($1.second - $0.second - 30) < 0.001 })
        // 20.00 °C.
        #expect(sent.allSatisfy { $0.value == .octets([0x07, 0xD0]) })
    }

    @Test func withoutACycleOnlyChangesAreSent() throws {
        var still = started(try configuration(change: 0...0, threshold: 20, cycle: nil))
        #expect(sends(&still, seconds: 600).count == 1)
        // A tenth a second: 0.2 K after two.
        var rising = started(try configuration(change: 10...10, threshold: 20, cycle: nil))
        let sent = sends(&rising, seconds: 60)
        #expect(sent.count >= 25)
        #expect(zip(sent, sent.dropFirst()).allSatisfy { abs($1.second - $0.second - 2) < 0.001 })
    }

    @Test func aQuantityStaysWithinItsLimits() throws {
        var sensor = started(try configuration(change: -900...900, threshold: 1, cycle: nil))
        for sample in sends(&sensor, seconds: 2_000) {
            guard let value = sample.value, let read = try? DPT9(value) else {
                Issue.record("no value")
                return
            }
            #expect((0...4_000).contains(read.hundredths))
        }
    }

    @Test(arguments: [
        ("9.001", GroupValue.octets([0x07, 0xD0])), ("5.001", .octets([51])), ("1.018", .small(1)),
        ("13.010", .octets([0, 0, 0, 20])), ("14.056", .octets([0x41, 0xA0, 0, 0])), ("7.013", .octets([0, 20])),
    ])
    func itSpeaksItsType(type: String, value: GroupValue) throws {
        let sensor = started(try configuration(type, change: 0...0, threshold: 1, cycle: 10))
        #expect(sensor.value(of: Self.group) == value)
    }

    @Test func aRangeThatTheTypeCannotCarryIsUnsound() throws {
        var configuration = try configuration("5.001", change: 0...0, threshold: 1, cycle: nil)
        #expect(configuration.isSound)
        configuration.limits = 0...20_000
        #expect(!configuration.isSound)
    }

    @Test func itAnswersReadsAndSpeaksAgainAfterTheBusWasGone() throws {
        let bus = BusBehaviour(sendsStatus: true, sendDelayNanoseconds: 4_000_000_000)
        let sensor = SimulatedDevice.Configuration(
            id: "sensor", address: IndividualAddress(raw: 0x110A),
            functions: [.sensor(try configuration(change: 0...0, threshold: nil, cycle: 1_000, bus: bus))])
        var line = VirtualLine(devices: [sensor])
        // Within the first cycle it has spoken; nobody acknowledges, so four times.
        line.run(until: 61_000)
        let before = line.frames.count
        #expect(before == 4)
        line.write(hostFrame(frame(data: [0x00], group: Self.group.raw)), at: 62_000)
        line.run(until: 62_100)
        #expect(
            line.frames.dropFirst(before + 1).first?.octets
                == frame(source: 0x110A, data: [0x40, 0x07, 0xD0], group: Self.group.raw))
        line.run(until: 63_000)
        let read = line.frames.count
        line.supply(on: false, at: 63_000)
        line.supply(on: true, at: 65_000)
        line.run(until: 69_300)
        #expect(line.frames.count == read)
        line.run(until: 69_600)
        #expect(line.frames[read].octets == frame(source: 0x110A, data: [0x80, 0x07, 0xD0], group: Self.group.raw))
    }
}
