import Events
import KNX

@testable import Twin

/// A simulated line in virtual time with what its hosts have received.
struct VirtualLine {
    var simulation: LineSimulation
    /// Octets to each chip's host with the instants at which their last bit was out.
    var toHost: [[(octet: UInt8, due: Instant)]]
    var records: [LineRecord] = []

    init(
        chips: [TwinConfiguration.Chip] = [TwinConfiguration.Chip(id: "sut")],
        devices: [SimulatedDevice.Configuration] = [], supply: SupplyParameters = SupplyParameters(),
        isSupplied: Bool = true
    ) {
        let line = TwinConfiguration.Line(id: "main", supply: supply, chips: chips, devices: devices)
        simulation = LineSimulation(line, isSupplied: isSupplied, anchor: Instant(nanoseconds: 0))
        toHost = chips.map { _ in [] }
    }

    mutating func run(until milliseconds: Double) {
        var effects: [LineSimulation.Effect] = []
        simulation.advance(to: at(milliseconds), effects: &effects)
        take(effects)
    }

    mutating func supply(on: Bool, at milliseconds: Double) {
        var effects: [LineSimulation.Effect] = []
        simulation.supply(on: on, at: at(milliseconds), effects: &effects)
        take(effects)
    }

    mutating func short(_ isShorted: Bool, at milliseconds: Double) {
        var effects: [LineSimulation.Effect] = []
        simulation.short(isShorted, at: at(milliseconds), effects: &effects)
        take(effects)
    }

    mutating func wire(_ contact: SupplyContact, at milliseconds: Double) {
        var effects: [LineSimulation.Effect] = []
        simulation.wire(contact, at: at(milliseconds), effects: &effects)
        take(effects)
    }

    mutating func disturb(_ faults: ChipFaults, chip: Int = 0, at milliseconds: Double) {
        var effects: [LineSimulation.Effect] = []
        simulation.disturb(faults, chip: chip, at: at(milliseconds), effects: &effects)
        take(effects)
    }

    mutating func write(_ octets: [UInt8], chip: Int = 0, at milliseconds: Double) {
        run(until: milliseconds)
        simulation.hostWrote(octets, chip: chip, at: at(milliseconds))
    }

    mutating func send(_ octets: [UInt8], device: Int = 0, at milliseconds: Double) {
        run(until: milliseconds)
        simulation.send(Transmission(number: 0, octets: octets), fromDevice: device, at: at(milliseconds))
    }

    private mutating func take(_ effects: [LineSimulation.Effect]) {
        for effect in effects {
            switch effect {
            case .toHost(let chip, let octet, let due): toHost[chip].append((octet, due))
            case .record(let record): records.append(record)
            case .toInterface: break
            }
        }
    }

    func heard(by chip: Int = 0) -> [UInt8] { toHost[chip].map(\.octet) }

    var frames: [LineRecord.Frame] {
        records.compactMap { if case .frame(let frame) = $0 { frame } else { nil } }
    }

    /// The voltage as it was told.
    var readings: [(millivolts: Int64, milliseconds: Double)] {
        records.compactMap {
            guard case .supply(let millivolts, let instant) = $0 else { return nil }
            return (millivolts, Double(instant.nanoseconds) / 1e6)
        }
    }

    func powers(of id: String) -> [(state: BusPower.State, milliseconds: Double)] {
        records.compactMap {
            guard case .power(let participant, let state, let instant) = $0, participant == id else { return nil }
            return (state, Double(instant.nanoseconds) / 1e6)
        }
    }
}

/// A device without objects at 1.1.20 that acknowledges 6/0/0…6/0/255.
let listener = SimulatedDevice.Configuration(
    id: "listener", address: IndividualAddress(raw: 0x1114), actuators: [],
    acknowledges: [GroupAddress(raw: 0x3000)...GroupAddress(raw: 0x30FF)])

func at(_ milliseconds: Double) -> Instant { Instant(nanoseconds: Int64(milliseconds * 1e6)) }

/// A frame as a host writes it to a TP-UART: 80 control, 8i octet …, 4n check octet.
func hostFrame(_ octets: [UInt8]) -> [UInt8] {
    octets.enumerated().flatMap { index, octet in
        [(index == octets.count - 1 ? 0x40 : 0x80) | UInt8(index), octet]
    }
}

/// An actuator with command 1/1/1 and status 1/1/2 at 1.1.10.
func actuator(
    id: String = "lamp", onBusReturn: SimulatedDevice.BusReturn = .unchanged, isOn: Bool = false
) -> SimulatedDevice.Configuration {
    SimulatedDevice.Configuration(
        id: id, address: IndividualAddress(raw: 0x110A),
        actuators: [
            SimulatedDevice.Actuator(
                command: GroupAddress(raw: 0x0901), status: GroupAddress(raw: 0x0902), isOn: isOn)
        ],
        acknowledges: [GroupAddress(raw: 0x3000)...GroupAddress(raw: 0x30FF)], onBusReturn: onBusReturn)
}
