import Events
import KNX
import Testing

@testable import Twin

@Suite struct SwitchActuatorBusTests {
    private func line(_ bus: BusBehaviour, isOn: Bool) -> VirtualLine {
        let channel = SwitchActuator.Configuration(
            command: GroupAddress(raw: 0x0901), status: GroupAddress(raw: 0x0902), isOn: isOn, bus: bus)
        return VirtualLine(
            devices: [
                SimulatedDevice.Configuration(
                    id: "lamp", address: IndividualAddress(raw: 0x110A), functions: [.switchActuator(channel)]),
                SimulatedDevice.Configuration(
                    id: "ears", address: IndividualAddress(raw: 0x1114), functions: [],
                    acknowledges: [GroupAddress(raw: 0x0902)...GroupAddress(raw: 0x0902)]),
            ])
    }

    /// Every failure with every return, from on and from off: what the contact is while the line is dead, and afterwards.
    @Test func everyBehaviour() {
        for failure in BusBehaviour.Failure.allCases {
            for comesBack in BusBehaviour.Return.allCases {
                for isOn in [true, false] {
                    var line = line(BusBehaviour(onFailure: failure, onReturn: comesBack), isOn: isOn)
                    line.supply(on: false, at: 1_000)
                    line.run(until: 3_000)
                    let dead: Bool =
                        switch (failure, comesBack) {
                        case (_, .toggled): !isOn
                        case (.unchanged, _): isOn
                        case (.on, _): true
                        case (.off, _): false
                        }
                    let what = "\(failure) \(comesBack) from \(isOn)"
                    #expect(line.simulation.values(ofDevice: 0) == [dead], "dead: \(what)")
                    line.supply(on: true, at: 3_000)
                    line.run(until: 5_000)
                    let alive: Bool =
                        switch comesBack {
                        case .on: true
                        case .off: false
                        case .before: isOn
                        case .unchanged, .toggled: dead
                        }
                    #expect(line.simulation.values(ofDevice: 0) == [alive], "alive: \(what)")
                    #expect(line.frames.isEmpty, "\(what)")
                }
            }
        }
    }

    @Test func itSendsItsStatusAfterTheDelay() {
        let bus = BusBehaviour(onReturn: .on, sendsStatus: true, sendDelayNanoseconds: 2_000_000_000)
        var line = line(bus, isOn: false)
        line.supply(on: false, at: 1_000)
        line.supply(on: true, at: 3_000)
        line.run(until: 9_000)
        #expect(line.frames.map(\.octets) == [frame(source: 0x110A, data: [0x81], group: 0x0902)])
        let milliseconds = line.frames.map { Double($0.began.nanoseconds) / 1e6 }
        #expect(milliseconds.allSatisfy { (5_400...5_401).contains($0) }, "\(milliseconds)")
    }

    /// A dip that it survives on its own capacitor changes nothing.
    @Test func aDipIsNoFailure() {
        var line = VirtualLine(
            devices: [actuator(onBusReturn: .on), listener], supply: SupplyParameters(riseNanoseconds: 1_000_000))
        line.supply(on: false, at: 1_000)
        line.supply(on: true, at: 1_010)
        line.run(until: 3_000)
        #expect(line.powers(of: "lamp").map(\.state) == [.saving, .running])
        #expect(line.simulation.values(ofDevice: 0) == [false])
    }
}
