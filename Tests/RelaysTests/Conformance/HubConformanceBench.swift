import Events
import Platform
import Twin

@testable import Relays

/// A hub as it is sold, with the kernel's switch or without.
struct HubSpecimen: Sendable {
    var name: String
    /// Whether sysfs has `disable`, as from Linux 6.0 on.
    var hasDisable: Bool
    /// A socket of USB 3: each port is one of two hubs.
    var isDouble = false

    static let all = [
        HubSpecimen(name: "switched in sysfs", hasDisable: true),
        HubSpecimen(name: "switched by requests", hasDisable: false),
        HubSpecimen(name: "of USB 3, switched in sysfs", hasDisable: true, isDouble: true),
        HubSpecimen(name: "of USB 3, switched by requests", hasDisable: false, isDouble: true),
    ]
}

/// A hub whose ports are channels, on a sysfs of our own. What happens, happens to its half of USB 2, and to both where a plug is pulled or a port turns.
final class HubConformanceBench: ConformanceBench {
    private static let ports = 4
    private static let serial = "HUB0001"
    private let specimen: HubSpecimen
    private let bench: HubBench
    private let halves: [String]

    init(_ specimen: HubSpecimen) throws {
        self.specimen = specimen
        halves = specimen.isDouble ? ["1-1", "2-1"] : ["1-1"]
        var models = [(path: "1-1", model: PowerSwitchedHub(portCount: Self.ports))]
        if specimen.isDouble {
            models.append((path: "2-1", model: PowerSwitchedHub(portCount: Self.ports, isSuperSpeed: true)))
        }
        bench = try HubBench(
            models, hasDisable: specimen.hasDisable, arePeers: specimen.isDouble, serial: Self.serial)
    }

    var channelCount: Int { Self.ports }
    var isReadable: Bool { true }
    var serialNumber: String { Self.serial }
    var contactsAtPowerUp: [Bool] { [Bool](repeating: false, count: Self.ports) }
    var onUnplugging: UnpluggedContacts { .cut }
    var binding: RelayBoardDriver.Binding { .path }
    var driver: String { HubPortPower.driverName }
    var path: String { "1-1" }
    var isOnUSB: Bool { true }
    var claims: ClaimKeepingTransport.Notes? { nil }
    var isHeldAlone: Bool { false }

    /// A socket has power while either half gives it.
    var contacts: [Bool] {
        let vbus = halves.compactMap { half in bench.with(half) { $0.vbus } }
        return (0..<Self.ports).map { port in !vbus.contains { $0[port] } }
    }

    func open(_ match: BoardMatch) throws -> any RelayBoard {
        try HubPortPower.open(matching: match, on: bench, system: bench.system, settleMilliseconds: 40)
    }

    func listing() -> RelayListing { RelayListing([], hubs: (bench, bench.system)) }

    var passesTime: Bool { false }

    func apply(_ fault: FieldFault) -> Bool {
        bench.with(path) { hub in
            switch fault {
            case .silence(let requests): hub.faults.answer = .silent(requests: requests)
            case .stall(let requests): hub.faults.answer = .stalling(requests: requests)
            case .shortAnswers(let octets): hub.faults.answer = .short(octets: octets)
            case .garbledAnswers: hub.faults.answer = .garbled
            case .ignores(let commands): hub.faults.ignoresCommands = commands
            // A socket's, below.
            case .deafChannel, .stuckContact: break
            case .vanishes(let commands): hub.faults.vanishesAfterCommands = commands
            }
        }
        for half in halves {
            bench.with(half) { hub in
                if case .deafChannel(let channel) = fault { hub.faults.deafChannels = [channel] }
                if case .stuckContact(let channel) = fault { hub.faults.stuckContacts = [channel] }
            }
        }
        return true
    }

    func recover() {
        bench.with(path) { hub in
            hub.faults.answer = .sound
            hub.faults.ignoresCommands = 0
        }
    }

    func turn(_ channel: Int, energised: Bool) {
        for half in halves { bench.turn(half, channel, on: !energised) }
    }

    func loseState() {
        for half in halves {
            bench.with(half) { hub in
                hub.powerDown(at: MonotonicClock.now())
                hub.powerUp(at: MonotonicClock.now())
            }
        }
    }

    func unplug() { for half in halves { bench.unplug(half) } }
    func plug() throws { for half in halves { try bench.plug(half) } }

    func exchange() throws -> Bool {
        bench.describesAs(serial: "HUB0002")
        return true
    }

    func end() { bench.end() }
}
