import Events
import KNX
import Testing

@testable import Twin

/// A dimmer whose ramp from none to full takes 5.1 s: 20 ms a step of 255.
@Suite struct DimmingActuatorTests {
    private static let (command, dim, value) = (
        GroupAddress(raw: 0x0901), GroupAddress(raw: 0x0903), GroupAddress(raw: 0x0904)
    )
    private static let (status, valueStatus) = (GroupAddress(raw: 0x0902), GroupAddress(raw: 0x0905))
    private static let scene = GroupAddress(raw: 0x0906)

    private func line(level: UInt8 = 0, bus: BusBehaviour = BusBehaviour()) -> VirtualLine {
        let configuration = DimmingActuator.Configuration(
            command: Self.command, dim: Self.dim, value: Self.value, status: Self.status, valueStatus: Self.valueStatus,
            level: level, rampNanoseconds: 5_100_000_000, reportNanoseconds: 1_000_000_000, bus: bus,
            scenes: SceneMemory(group: Self.scene, levels: [3: 77]))
        let dimmer = SimulatedDevice.Configuration(
            id: "dimmer", address: IndividualAddress(raw: 0x110A), functions: [.dimmingActuator(configuration)])
        let ears = SimulatedDevice.Configuration(
            id: "ears", address: IndividualAddress(raw: 0x1114), functions: [],
            acknowledges: [GroupAddress(raw: 0x0800)...GroupAddress(raw: 0x0FFF)])
        return VirtualLine(devices: [dimmer, ears])
    }

    /// What the dimmer has said: group and value.
    private func said(_ line: VirtualLine) -> [String] {
        line.frames.filter { $0.senders == ["dimmer"] }.compactMap { frame in
            guard let frame = try? TP1Frame(octets: frame.octets), let said = try? GroupService.of(frame) else {
                return nil
            }
            return "\(said.group.raw & 0xFF)=" + (said.service.value?.raw ?? []).map(String.init).joined()
        }
    }

    private func tell(_ line: inout VirtualLine, _ group: GroupAddress, _ data: [UInt8], at milliseconds: Double) {
        line.write(hostFrame(frame(data: data, group: group.raw)), at: milliseconds)
    }

    @Test func switchingIsAtOnceWithBothStatuses() {
        var line = line()
        tell(&line, Self.command, [0x81], at: 1_000)
        tell(&line, Self.command, [0x80], at: 2_000)
        line.run(until: 3_000)
        #expect(said(line) == ["2=1", "5=255", "2=0", "5=0"])
    }

    @Test func aValueIsTakenAtOnce() {
        var line = line()
        tell(&line, Self.value, [0x80, 100], at: 1_000)
        tell(&line, Self.command, [0x81], at: 2_000)
        line.run(until: 3_000)
        // It is on already, and stays as it is.
        #expect(said(line) == ["2=1", "5=100", "2=1", "5=100"])
        #expect(line.simulation.value(ofDevice: 0, group: Self.value) == .octets([100]))
    }

    /// 3.007: up by 100 % from none, its value once a second, until it is full.
    @Test func aRampGoesOverTimeAndReports() {
        var line = line()
        tell(&line, Self.dim, [0x89], at: 1_000)
        line.run(until: 8_000)
        let said = said(line)
        #expect(said.first == "2=1" && said.last == "5=255")
        let levels = said.dropFirst().compactMap { Int($0.dropFirst(2)) }
        #expect(levels.count == 6 && levels.dropLast() == [50, 100, 150, 200, 250], "\(levels)")
    }

    @Test func aStopHoldsWhereItIs() {
        var line = line()
        tell(&line, Self.dim, [0x89], at: 1_000)
        tell(&line, Self.dim, [0x88], at: 3_040)
        line.run(until: 9_000)
        let level = line.simulation.value(ofDevice: 0, group: Self.valueStatus)
        // 102 steps of 20 ms from the end of the telegram on.
        #expect(
            level == .octets([102]) || level == .octets([101]) || level == .octets([103]),
            "\(String(describing: level))")
        #expect(said(line).suffix(2).first == "2=1")
        let quiet = said(line).count
        line.run(until: 20_000)
        #expect(said(line).count == quiet)
    }

    /// A step code is a part of the whole; down ends at the least brightness, and does nothing to a light that is off.
    @Test(arguments: [
        (UInt8(200), UInt8(0x83), UInt8(137)), (200, 0x8B, 255), (100, 0x8B, 163), (100, 0x81, 1), (0, 0x81, 0),
        (10, 0x87, 7),
    ])
    func aStepIsAPartOfTheWhole(from: UInt8, code: UInt8, to: UInt8) {
        var line = line(level: from)
        tell(&line, Self.dim, [code], at: 1_000)
        line.run(until: 9_000)
        #expect(line.simulation.value(ofDevice: 0, group: Self.valueStatus) == .octets([to]))
    }

    @Test func aSceneIsCalledAndStored() {
        var line = line()
        tell(&line, Self.scene, [0x80, 3], at: 1_000)
        line.run(until: 1_500)
        #expect(said(line) == ["2=1", "5=77"])
        tell(&line, Self.scene, [0x80, 4], at: 2_000)
        tell(&line, Self.value, [0x80, 9], at: 3_000)
        tell(&line, Self.scene, [0x80, 0x84], at: 4_000)
        tell(&line, Self.command, [0x80], at: 5_000)
        tell(&line, Self.scene, [0x80, 4], at: 6_000)
        line.run(until: 7_000)
        #expect(said(line).suffix(2) == ["2=1", "5=9"])
    }

    @Test(arguments: [
        (BusBehaviour.Failure.unchanged, BusBehaviour.Return.unchanged, UInt8(100)), (.on, .unchanged, 255),
        (.off, .unchanged, 0), (.off, .before, 100), (.on, .off, 0), (.off, .on, 255), (.unchanged, .toggled, 0),
    ])
    func busFailureAndReturn(failure: BusBehaviour.Failure, comesBack: BusBehaviour.Return, level: UInt8) {
        let bus = BusBehaviour(
            onFailure: failure, onReturn: comesBack, sendsStatus: true, sendDelayNanoseconds: 3_000_000_000)
        var line = line(level: 100, bus: bus)
        line.supply(on: false, at: 1_000)
        line.run(until: 3_000)
        line.supply(on: true, at: 3_000)
        // 200 ms of rise, 200 ms of start, 3 s of delay.
        line.run(until: 6_350)
        #expect(said(line).isEmpty)
        line.run(until: 6_500)
        #expect(said(line) == ["2=\(level > 0 ? 1 : 0)", "5=\(level)"])
    }

    @Test func aRampEndsWithTheBus() {
        var line = line()
        tell(&line, Self.dim, [0x89], at: 1_000)
        line.supply(on: false, at: 2_000)
        line.supply(on: true, at: 4_000)
        line.run(until: 20_000)
        guard case .octets(let octets)? = line.simulation.value(ofDevice: 0, group: Self.valueStatus) else {
            Issue.record("it has a value")
            return
        }
        // What it had reported last, or reached since.
        #expect((1...60).contains(octets[0]))
    }
}
