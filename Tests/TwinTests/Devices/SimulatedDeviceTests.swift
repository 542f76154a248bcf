import Events
import KNX
import Testing

@testable import Twin

@Suite struct SimulatedDeviceTests {
    private func write(_ value: UInt8, group: UInt16 = 0x0901) -> [UInt8] { frame(data: [0x80 | value], group: group) }
    private func own(_ service: UInt8, group: UInt16 = 0x0902) -> [UInt8] {
        frame(source: 0x110A, data: [service], group: group)
    }

    @Test func aCommandSwitchesAndIsFollowedByTheStatus() {
        var line = VirtualLine(devices: [actuator()])
        for (time, value) in [(1_000.0, UInt8(1)), (2_000, 1), (3_000, 0)] {
            let before = line.frames.count
            line.write(hostFrame(write(value)), at: time)
            line.run(until: time + 500)
            // Nobody listens to the status here, so it is repeated.
            let new = line.frames.dropFirst(before)
            #expect(new.first?.octets == write(value))
            #expect(new.first?.acknowledge == 0xCC)
            #expect(new.dropFirst().first?.octets == own(0x80 | value))
            let delay = (Array(new)[1].began - Array(new)[0].ended).nanoseconds
            #expect((20_000_000..<20_200_000).contains(delay))
            #expect(line.simulation.values(ofDevice: 0) == [value == 1])
        }
    }

    @Test(arguments: [UInt16(0x0901), 0x0902])
    func aReadIsAnsweredOnEachOfItsGroups(group: UInt16) {
        var line = VirtualLine(devices: [actuator(isOn: true)])
        line.write(hostFrame(frame(data: [0x00], group: group)), at: 1_000)
        line.run(until: 1_100)
        #expect(line.frames.map(\.octets).prefix(2) == [frame(data: [0x00], group: group), own(0x41, group: group)])
    }

    @Test func itAcknowledgesItsGroupsItsRangeItselfAndNothingElse() {
        let cases: [(UInt16, UInt8?)] = [
            (0x0901, 0xCC), (0x0902, 0xCC), (0x3000, 0xCC), (0x30FF, 0xCC), (0x3100, nil), (0x0903, nil),
            (0x0000, 0xCC),
        ]
        for (group, acknowledge) in cases {
            var line = VirtualLine(devices: [actuator()])
            line.write(hostFrame(frame(group: group)), at: 1_000)
            line.run(until: 1_030)
            #expect(line.frames.first?.acknowledge == acknowledge, "group \(group)")
        }
    }

    @Test func aRepetitionOfWhatWasAcceptedIsAcknowledgedAndIgnored() {
        // The second chip says BUSY once through its host, so that everybody sees the telegram twice.
        var line = VirtualLine(chips: [.init(id: "sut"), .init(id: "other")], devices: [actuator()])
        line.write(hostFrame(write(1)), at: 1_000)
        line.write([0x13], chip: 1, at: 1_020)
        line.run(until: 1_100)
        let commands = line.frames.filter { $0.senders == ["sut"] }
        #expect(commands.map(\.acknowledge) == [0xC0, 0xCC])
        let changes = line.records.count { if case .value = $0 { true } else { false } }
        #expect(changes == 1)
    }

    @Test(arguments: [
        (SimulatedDevice.BusReturn.unchanged, true), (.on, true), (.off, false), (.toggled, false),
    ])
    func onBusReturnItHasItsValueAndSaysNothing(behaviour: SimulatedDevice.BusReturn, isOn: Bool) {
        var line = VirtualLine(devices: [actuator(onBusReturn: behaviour, isOn: true)])
        line.supply(on: false, at: 1_000)
        line.run(until: 4_000)
        line.supply(on: true, at: 4_000)
        line.run(until: 6_000)
        #expect(line.simulation.values(ofDevice: 0) == [isOn])
        #expect(line.frames.isEmpty)
        // Nominal after 200 ms, then 200 ms of start.
        let up = line.powers(of: "lamp").last
        #expect(up?.state == .running)
        #expect(up.map { abs($0.milliseconds - 4_400) < 0.1 } == true)
    }

    @Test func deadDevicesNeitherHearNorAnswer() {
        var line = VirtualLine(devices: [actuator()])
        line.supply(on: false, at: 1_000)
        line.supply(on: true, at: 2_000)
        // The chip lives from 2195 ms on, the device only from 2400.
        line.write(hostFrame(write(1)), at: 2_250)
        line.run(until: 2_280)
        #expect(line.frames.first?.acknowledge == .some(nil))
        line.run(until: 2_390)
        #expect(line.simulation.values(ofDevice: 0) == [false])
        line.write(hostFrame(write(1)), at: 2_500)
        line.run(until: 2_600)
        #expect(line.simulation.values(ofDevice: 0) == [true])
    }

    @Test func aPowerCutForgetsTheStatusThatWasDue() {
        // Whether it waits in the device or already for the line.
        for delay in [Int64(20_000_000), 500_000_000] {
            var configuration = actuator()
            configuration.statusDelayNanoseconds = delay
            var line = VirtualLine(devices: [configuration])
            line.write(hostFrame(write(1)), at: 1_000)
            line.run(until: 1_025)
            line.supply(on: false, at: 1_026)
            line.run(until: 1_100)
            line.supply(on: true, at: 1_100)
            line.run(until: 4_000)
            #expect(line.frames.filter { $0.senders == ["lamp"] }.isEmpty)
        }
    }
}
