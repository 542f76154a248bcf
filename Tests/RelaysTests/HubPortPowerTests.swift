import Events
import Platform
import Testing
import Twin
import USB

@testable import Relays

@Suite struct HubPortPowerTests {
    private func isRefused(_ error: any Error, _ text: String) -> Bool {
        guard case RelayFailure.hubRefused(_, _, let reason) = error else { return false }
        return reason.contains(text)
    }

    @Test(arguments: ["1-1.4", "usb2"], [true, false]) func eachPortIsCutAndReadBack(path: String, hasDisable: Bool)
        throws
    {
        let bench = try HubBench([(path, PowerSwitchedHub(portCount: 4))], hasDisable: hasDisable)
        defer { bench.end() }
        let board = try HubPortPower(path, on: bench, system: bench.system)
        #expect(board.channelCount == 4)
        #expect(try board.readAll() == [false, false, false, false])
        for channel in 1...4 {
            #expect(try board.set(channel, energised: true) == .confirmed)
            #expect(try board.readAll() == (1...4).map { $0 <= channel })
            #expect(bench.with(path) { $0.contacts } == (1...4).map { $0 <= channel })
        }
        #expect(try board.set(2, energised: false) == .confirmed)
        #expect(bench.with(path) { $0.vbus } == [false, true, false, false])
        #expect(try board.setAllOff() == .confirmed)
        #expect(bench.with(path) { $0.vbus } == [true, true, true, true])
        #expect(bench.powerRequests.isEmpty == hasDisable, "the kernel's own switch comes first")
        if !hasDisable {
            #expect(bench.powerRequests[0].octets == [0x23, 0x01, 0x08, 0x00, 0x01, 0x00, 0x00, 0x00])
            #expect(bench.powerRequests.last?.octets.prefix(2) == [0x23, 0x03])
        }
        for channel in [0, 5] { #expect(throws: RelayFailure.self) { try board.set(channel, energised: true) } }
    }

    @Test(arguments: [true, false]) func aSocketOfUSB3HasTwoHalves(hasDisable: Bool) throws {
        let bench = try HubBench(
            [("1-1", PowerSwitchedHub(portCount: 2)), ("2-1", PowerSwitchedHub(portCount: 2, isSuperSpeed: true))],
            hasDisable: hasDisable, arePeers: true)
        defer { bench.end() }
        let board = try HubPortPower("1-1", on: bench, system: bench.system)
        #expect(try board.set(2, energised: true) == .confirmed)
        #expect(bench.with("1-1") { $0.vbus } == [true, false])
        #expect(bench.with("2-1") { $0.vbus } == [true, false])
        bench.with("2-1") { $0.faults.deafChannels = [1] }
        #expect {
            try board.set(1, energised: true)
        } throws: { error in
            guard case RelayFailure.notFollowed(_, 1, true, let states) = error else { return false }
            return states == [false, true]
        }
        #expect(try board.setAllOff() == .confirmed)
        #expect(bench.with("1-1") { $0.vbus } == [true, true])
        #expect(bench.with("2-1") { $0.vbus } == [true, true])
    }

    @Test(arguments: [
        (PowerSwitchedHub.Switching.ganged, "together"), (.none, "does not switch"),
    ]) func aHubThatSwitchesAllOrNothingIsRefused(switching: PowerSwitchedHub.Switching, told: String) throws {
        let bench = try HubBench([("1-1", PowerSwitchedHub(portCount: 4, switching: switching))])
        defer { bench.end() }
        #expect {
            try HubPortPower("1-1", on: bench, system: bench.system)
        } throws: { isRefused($0, told) }
        #expect(bench.powerRequests.isEmpty && bench.with("1-1") { $0.vbus } == [true, true, true, true])
    }

    @Test func aGangedOtherHalfIsRefusedBeforeAnythingIsSwitched() throws {
        let bench = try HubBench(
            [
                ("1-1", PowerSwitchedHub(portCount: 2)),
                ("2-1", PowerSwitchedHub(portCount: 2, isSuperSpeed: true, switching: .ganged)),
            ], arePeers: true)
        defer { bench.end() }
        let board = try HubPortPower("1-1", on: bench, system: bench.system)
        #expect {
            try board.set(1, energised: true)
        } throws: { isRefused($0, "together") }
        #expect(bench.with("1-1") { $0.vbus } == [true, true])
    }

    @Test func whatWouldCutTheRigItselfIsRefused() throws {
        let bench = try HubBench(
            [("1-1", PowerSwitchedHub(portCount: 4))],
            children: [
                1: ("1-1.1", false), 2: ("1-1.2", true), 3: ("1-1.3", false), 4: ("1-1.4", false),
            ])
        defer { bench.end() }
        let board = try HubPortPower(
            "1-1", on: bench, system: bench.system, protected: ["1-1.1", "1-1.3:1.0", "1-1.40"])
        for (port, told) in [(1, "relay board at 1-1.1"), (2, "another hub"), (3, "relay board at 1-1.3")] {
            #expect {
                try board.set(port, energised: true)
            } throws: { isRefused($0, told) }
            #expect(try board.set(port, energised: false) == .confirmed, "power may always be given")
        }
        #expect(try board.set(4, energised: true) == .confirmed)
        #expect(bench.with("1-1") { $0.vbus } == [true, true, true, false])
    }

    /// The limit of the read-back: only a meter, or what hangs on the port, tells whether VBUS went.
    @Test func aHubThatLacksTheTransistorIsNotFoundOut() throws {
        let bench = try HubBench([("1-1", PowerSwitchedHub(portCount: 2))])
        defer { bench.end() }
        bench.with("1-1") { $0.faults.stuckContacts = [1] }
        let board = try HubPortPower("1-1", on: bench, system: bench.system)
        #expect(try board.set(1, energised: true) == .confirmed)
        #expect(bench.with("1-1") { $0.vbus } == [true, true])
    }

    @Test func troubleIsTold() throws {
        let bench = try HubBench([("1-1", PowerSwitchedHub(portCount: 2))])
        defer { bench.end() }
        let board = try HubPortPower("1-1", on: bench, system: bench.system)
        bench.with("1-1") { $0.faults.deafChannels = [1] }
        #expect(throws: RelayFailure.self) { try board.set(1, energised: true) }
        bench.with("1-1") { $0.faults.answer = .stalling(requests: nil) }
        #expect(throws: RelayFailure.transport(board: "\(board.identity)", .stall)) { try board.readAll() }
        bench.with("1-1") { $0.faults.answer = .sound }
        bench.unplug("1-1")
        #expect(throws: RelayFailure.transport(board: "\(board.identity)", .gone)) { try board.readAll() }
        #expect(throws: RelayFailure.transport(board: "\(board.identity)", .notFound(path: "1-1"))) {
            try board.reopen()
        }
        #expect(throws: RelayFailure.self) { try HubPortPower("1-9", on: bench, system: bench.system) }
    }
}
