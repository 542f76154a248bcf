import Events
import KNX
import Testing

@testable import Twin

@Suite struct ThermostatTests {
    private static let (actual, setpoint, mode) = (
        GroupAddress(raw: 0x0B00), GroupAddress(raw: 0x0D40), GroupAddress(raw: 0x0D80)
    )
    private static let (output, status) = (GroupAddress(raw: 0x0DC0), GroupAddress(raw: 0x0DC1))

    private func thermostat(millidegrees: Int = 17_000) -> Thermostat {
        var thermostat = Thermostat(
            .init(
                actual: Self.actual, setpoint: Self.setpoint, mode: Self.mode, output: Self.output,
                setpointStatus: Self.status, room: .init(millidegrees: millidegrees)))
        var effects: [ApplicationEffect] = []
        thermostat.started(at: at(0), effects: &effects)
        return thermostat
    }

    private func run(_ thermostat: inout Thermostat, hours: Double) -> [ApplicationEffect] {
        var effects: [ApplicationEffect] = []
        while let due = thermostat.nextDue, due < at(hours * 3_600_000) {
            thermostat.advance(to: due, effects: &effects)
        }
        return effects
    }

    private func tell(_ thermostat: inout Thermostat, _ group: GroupAddress, _ value: GroupValue, hours: Double) {
        var effects: [ApplicationEffect] = []
        thermostat.received(value, on: group, at: at(hours * 3_600_000), effects: &effects)
        #expect(effects.contains(.status(Self.status)))
    }

    @Test func aColdRoomIsHeatedAndSettlesBelowItsSetPoint() {
        var thermostat = thermostat()
        _ = run(&thermostat, hours: 0.01)
        #expect(thermostat.valve == 255)
        _ = run(&thermostat, hours: 12)
        // Where gain · valve = loss · (T − 5 °C): a proportional controller leaves a difference.
        #expect((1_970...2_060).contains(thermostat.actual), "\(thermostat.actual)")
        #expect((60...160).contains(thermostat.valve))
    }

    @Test(arguments: [(UInt8(0), 2_100), (1, 2_100), (2, 1_900), (3, 1_700), (4, 700)])
    func aModeHasItsSetPoint(mode: UInt8, target: Int) throws {
        var thermostat = thermostat(millidegrees: 21_000)
        tell(&thermostat, Self.mode, .octets([mode]), hours: 0)
        #expect(thermostat.target == target)
        #expect(thermostat.value(of: Self.status) == (try DPT9(hundredths: target).value))
        // The comfort set-point is what it was.
        #expect(thermostat.value(of: Self.setpoint) == (try DPT9(hundredths: 2_100).value))
    }

    @Test func aSetPointIsFollowed() throws {
        var thermostat = thermostat(millidegrees: 20_000)
        _ = run(&thermostat, hours: 6)
        let before = thermostat.actual
        tell(&thermostat, Self.setpoint, try DPT9(hundredths: 2_400).value, hours: 6)
        #expect(thermostat.target == 2_400)
        _ = run(&thermostat, hours: 18)
        #expect(thermostat.actual > before + 150)
        // What is no temperature of a room is let pass.
        var effects: [ApplicationEffect] = []
        thermostat.received(try DPT9(hundredths: 9_000).value, on: Self.setpoint, at: at(0), effects: &effects)
        thermostat.received(.octets([7]), on: Self.mode, at: at(0), effects: &effects)
        #expect(thermostat.target == 2_400 && effects.isEmpty)
    }

    @Test func itTellsChangesAndItsCycle() {
        var thermostat = thermostat(millidegrees: 20_000)
        _ = run(&thermostat, hours: 24)
        // Settled: only the cycle of ten minutes is left, temperature and valve each time.
        var later = thermostat
        let effects = run(&later, hours: 25)
        let told = effects.count { if case .write(Self.actual, _) = $0 { true } else { false } }
        let valve = effects.count { if case .write(Self.output, _) = $0 { true } else { false } }
        #expect((5...7).contains(told) && (5...7).contains(valve))
    }

    @Test func itForgetsWhatWasSetWithItsPower() throws {
        var thermostat = thermostat()
        tell(&thermostat, Self.setpoint, try DPT9(hundredths: 2_400).value, hours: 0)
        tell(&thermostat, Self.mode, .octets([3]), hours: 0)
        var effects: [ApplicationEffect] = []
        thermostat.busFailed(effects: &effects)
        #expect(thermostat.nextDue == nil && thermostat.target == 2_100)
        thermostat.busReturned(at: at(10_000), effects: &effects)
        #expect(thermostat.nextDue == at(40_000))
    }
}
