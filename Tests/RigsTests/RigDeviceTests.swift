import Documents
import Foundation
import KNX
import Testing

@testable import Rigs

/// Supply and devices of a line as rig files describe them.
@Suite struct RigDeviceTests {
    private static func rig(devices: String = "", supply: String = "") throws -> Rig {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        var text = try String(contentsOf: root.appending(path: "rigs/twin.yaml"), encoding: .utf8)
        text = text.replacingOccurrences(of: "    devices:\n", with: "    devices:\n" + devices)
        text = text.replacingOccurrences(of: "      hold_up: 100 ms\n", with: "      hold_up: 100 ms\n" + supply)
        return try Rig(text: text, file: "r.yaml")
    }

    private static func device(_ text: String) throws -> RigDevice {
        try rig(devices: "      - {address: 1.1.24, \(text)}\n").lines[0].devices[0]
    }

    @Test func theSupplyHasItsNumbers() throws {
        let supply = try #require(
            try Self.rig(
                supply: "      voltage: 30 V\n      load: 320 mA\n      capacitance: 128 uF\n      rise: 300 ms\n"
            ).lines[0].supply)
        #expect(supply.nominalMillivolts == 30_000 && supply.loadMilliamperes == 320)
        #expect(supply.capacitanceMicrofarads == 128 && supply.riseNanoseconds == 300_000_000)
        // As before where nothing is said.
        let usual = try #require(try Self.rig().lines[0].supply)
        #expect(usual.nominalMillivolts == nil && usual.loadMilliamperes == nil && usual.riseNanoseconds == nil)
    }

    @Test func everyKindIsRead() throws {
        let light = try Self.device(
            "kind: switch, command: 1/4/0, status: 1/4/1, on_bus_failure: off, on_bus_return: before, sends_status: true, send_delay: 3 s"
        )
        #expect(light.kind == .switchActuator(command: GroupAddress(raw: 0x0C00), status: GroupAddress(raw: 0x0C01)))
        #expect(light.onBusFailure == .off && light.onBusReturn == .before)
        #expect(light.sendsStatus && light.sendDelayNanoseconds == 3_000_000_000)
        let dimmer = try Self.device(
            "kind: dimmer, command: 1/4/0, status: 1/4/1, dim: 1/4/2, value: 1/4/3, value_status: 1/4/4, ramp: 4 s, report: 200 ms"
        )
        guard case .dimmer(let channel) = dimmer.kind else { throw Unexpected.kind }
        #expect(channel.rampNanoseconds == 4_000_000_000 && channel.valueStatus == GroupAddress(raw: 0x0C04))
        let button = try Self.device(
            "kind: button, command: 1/4/0, status: 1/4/1, scene: 1/4/5, scene_number: 64, pressed_every: 1 min, long_share: 20, seed: 9"
        )
        guard case .button(let rocker) = button.kind else { throw Unexpected.kind }
        #expect(rocker.sceneNumber == 64 && rocker.pressedEveryNanoseconds == 60_000_000_000 && rocker.seed == 9)
        let sensor = try Self.device(
            "kind: sensor, group: 1/3/0, type: 9.001, start: 20.5, change: [-0.1, 0.1], limits: [-20, 50], threshold: 0.2, sample: 10 s, cycle: 5 min"
        )
        guard case .sensor(let probe) = sensor.kind else { throw Unexpected.kind }
        #expect(
            probe.start == 2_050 && probe.change == -10...10 && probe.limits == -2_000...5_000 && probe.threshold == 20)
        let thermostat = try Self.device(
            "kind: thermostat, actual: 1/3/0, setpoint: 1/3/1, mode: 1/3/2, output: 1/3/3, start: 22, identity: {mask: 07B0, serial: 01020304, order: RT, firmware: 3, programming_mode: true}, power: {current: 12 mA, save_below: 20.5 V, off_below: 9 V, run_from: 22 V, debounce: 2 ms, logic_hold_up: 50 ms, start: 1 s}"
        )
        guard case .thermostat(let room) = thermostat.kind else { throw Unexpected.kind }
        #expect(room.start == 2_200)
        #expect(thermostat.identity.mask == 0x07B0 && thermostat.identity.serial == 0x0102_0304)
        #expect(thermostat.identity.isProgramming == true && thermostat.identity.firmware == 3)
        #expect(thermostat.power.saveMillivolts == 20_500 && thermostat.power.offMillivolts == 9_000)
        #expect(thermostat.power.milliamperes == 12 && thermostat.power.startNanoseconds == 1_000_000_000)
    }

    private enum Unexpected: Error { case kind }

    /// What is wrong about a device, with the words that say it: file, line and column stand before.
    @Test(arguments: [
        ("kind: dimer, command: 1/4/0, status: 1/4/1", "did you mean 'dimmer'?"),
        ("kind: switch, comand: 1/4/0, status: 1/4/1", "did you mean 'command'?"),
        ("kind: switch, command: 1/4/0", "'status' is missing here"),
        ("kind: switch, command: 1/4/0, status: 1/4/1, ramp: 3 s", "a device of kind 'switch' has no key 'ramp'"),
        ("kind: switch, command: 1/4/0, status: 1/4/1, on_bus_return: befor", "did you mean 'before'?"),
        ("kind: switch, command: 1/4/0, status: 1/4/1, on_bus_failure: toggle", "expected unchanged, on, off"),
        ("kind: dimmer, command: 1/4/0, status: 1/4/1, ramp: 0 s", "longer than nothing"),
        ("kind: button, command: 1/4/0, dim: 1/4/1, scene: 1/4/2, scene_number: 1", "dims or calls a scene, not both"),
        ("kind: button, command: 1/4/0, scene: 1/4/2", "needs its 'scene_number'"),
        ("kind: button, command: 1/4/0, scene_number: 2", "goes with a 'scene'"),
        ("kind: button, command: 1/4/0, scene: 1/4/2, scene_number: 65", "1…64"),
        ("kind: button, command: 1/4/0, pressed_every: 1 s", "ten seconds between two presses"),
        ("kind: button, command: 1/4/0, long_share: 10", "goes with 'pressed_every'"),
        ("kind: sensor, group: 1/3/0, type: 99.001, start: 1, limits: [0, 5]", "should be a datapoint type"),
        ("kind: sensor, group: 1/3/0, type: 9.001, start: 6, limits: [0, 5]", "lies outside the 'limits'"),
        ("kind: sensor, group: 1/3/0, type: 5.001, start: 6, limits: [0, 500]", "5.001 cannot carry"),
        ("kind: sensor, group: 1/3/0, type: 9.001, start: 6, limits: [9, 5]", "the lower number comes first"),
        ("kind: switch, command: 1/4/0, status: 1/4/1, power: {save_belw: 20 V}", "did you mean 'save_below'?"),
        (
            "kind: switch, command: 1/4/0, status: 1/4/1, power: {save_below: 20}",
            "a number with its unit such as '20 V'"
        ),
        ("kind: switch, command: 1/4/0, status: 1/4/1, power: {off_below: 9 V}", "go with 'save_below'"),
        (
            "kind: switch, command: 1/4/0, status: 1/4/1, power: {save_below: 21 V, run_from: 20 V}",
            "the thresholds rise"
        ),
        ("kind: switch, command: 1/4/0, status: 1/4/1, power: {save_below: 29 V}", "out of range"),
        ("kind: switch, command: 1/4/0, status: 1/4/1, identity: {mask: 7B0}", "should be 4 hexadecimal digits"),
        ("kind: switch, command: 1/4/0, status: 1/4/1, identity: {order: ABCDEFGHIJK}", "one to ten characters"),
    ])
    func whatIsWrongIsSaidInOneLine(text: String, message: String) {
        let failure = #expect(throws: DocumentFailure.self) { try Self.device(text) }
        let said = failure.map { "\($0)" } ?? ""
        #expect(said.contains(message) && said.hasPrefix("r.yaml:") && !said.contains("\n"), "\(said)")
    }

    @Test(arguments: [
        ("load: 640", "such as '640 mA'"), ("load: 0 mA", "out of range"), ("capacitance: 3 V", "such as '64 uF'"),
        ("voltage: 12 V", "out of range"), ("rise: 0 s", "longer than nothing"), ("raise: 1 s", "did you mean 'rise'?"),
    ])
    func whatIsWrongAboutASupply(text: String, message: String) {
        let failure = #expect(throws: DocumentFailure.self) { try Self.rig(supply: "      \(text)\n") }
        let said = failure.map { "\($0)" } ?? ""
        #expect(said.contains(message) && said.hasPrefix("r.yaml:"), "\(said)")
    }

    @Test func addressesThatNobodyHas() throws {
        let free = Set(try Self.rig().lines[0].unclaimedAddresses.map(\.description))
        #expect(
            free.isDisjoint(with: [
                "1.1.10", "1.1.11", "1.1.16", "1.1.20", "1.1.32", "1.1.127", "1.1.200", "1.1.215", "1.1.255", "1.1.0",
            ]))
        #expect(free.isSuperset(of: ["1.1.1", "1.1.24", "1.1.199", "1.1.216", "1.1.254"]) && free.count >= 200)
    }
}
