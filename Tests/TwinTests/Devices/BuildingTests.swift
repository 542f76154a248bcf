import Events
import KNX
import Platform
import Testing

@testable import Twin

/// A whole building in virtual time.
@Suite struct BuildingTests {
    private static let groups = GroupAddress(raw: 0x0800)...GroupAddress(raw: 0x0FFF)

    private static func building(_ count: Int = 200, seed: UInt64 = 1) -> Building {
        let addresses = (1...count).map { IndividualAddress(raw: 0x1100 + UInt16($0)) }
        let lamp = Building.Switch(command: GroupAddress(raw: 0x0A00), status: GroupAddress(raw: 0x0A64))
        return Building(groups: groups, addresses: addresses, switches: [lamp], seed: seed)
    }

    /// What is said on the line of a building within some time.
    private static func frames(_ building: Building, minutes: Double) -> [LineRecord.Frame] {
        var simulation = LineSimulation(
            TwinConfiguration.Line(id: "main", chips: [], devices: building.devices), anchor: at(0))
        var frames: [LineRecord.Frame] = []
        var effects: [LineSimulation.Effect] = []
        for step in 1...60 {
            simulation.advance(to: at(minutes * 1_000 * Double(step)), effects: &effects)
            for case .record(.frame(let frame)) in effects { frames.append(frame) }
            effects.removeAll(keepingCapacity: true)
        }
        return frames
    }

    @Test(arguments: [(8, 1), (11, 1), (12, 2), (100, 24), (200, 49)])
    func itHasAsManyRoomsAsItHasAddressesFor(count: Int, rooms: Int) {
        let building = Self.building(count)
        #expect(building.rooms == rooms && building.devices.count == 4 + 4 * rooms)
        #expect(Set(building.devices.map(\.address)).count == building.devices.count)
        #expect(Set(building.devices.map(\.identity.serial)).count == building.devices.count)
    }

    /// An hour of 200 devices: everybody talks, everything is acknowledged, and the line is as busy as that of a building.
    @Test func anHour() {
        let building = Self.building()
        let frames = Self.frames(building, minutes: 60)
        #expect((9_000...25_000).contains(frames.count), "\(frames.count) telegrams")
        let refused = frames.filter { $0.acknowledge != TP1.acknowledge }
        #expect(refused.isEmpty, "\(refused.count) unacknowledged")
        let senders = Set(frames.flatMap(\.senders))
        #expect(
            senders.count == building.devices.count, "silent: \(Set(building.devices.map(\.id)).subtracting(senders))")
        let bits = frames.reduce(0) { $0 + BusTiming.frameBits(octets: $1.octets.count) + 26 + 53 }
        let load = Double(bits) / (3_600 * 9_600)
        #expect((0.05...0.3).contains(load), "load \(load)")
        // All that buildings say: switching with its state, dimming with its ramp, values, valves, questions and answers.
        let telegrams = frames.compactMap { try? TP1Frame(octets: $0.octets) }.compactMap { try? GroupService.of($0) }
        let count = { (groups: ClosedRange<UInt16>, name: String) in
            telegrams.count { groups.contains($0.group.raw) && $0.service.name == name }
        }
        for (what, groups, name) in [
            ("lights", 0x0C00...0x0C3F, "GroupValueWrite"), ("states", 0x0C40...0x0C7F, "GroupValueWrite"),
            ("ramps", 0x0C80...0x0CBF, "GroupValueWrite"), ("values", 0x0D00...0x0D3F, "GroupValueWrite"),
            ("temperatures", 0x0B00...0x0B3F, "GroupValueWrite"), ("valves", 0x0DC0...0x0DFF, "GroupValueWrite"),
            ("reads", 0x0C40...0x0C7F, "GroupValueRead"), ("answers", 0x0C40...0x0C7F, "GroupValueResponse"),
            ("the device that was there", 0x0A00...0x0A00, "GroupValueWrite"),
        ] as [(String, ClosedRange<UInt16>, String)] {
            #expect(count(groups, name) > 20, "\(what)")
        }
        #expect(count(0x0E00...0x0E00, "GroupValueWrite") >= 1, "scenes")
        #expect(count(0x0C40...0x0C7F, "GroupValueRead") == count(0x0C40...0x0C7F, "GroupValueResponse"))
    }

    @Test func theSeedSettlesIt() {
        let first = Self.frames(Self.building(60, seed: 5), minutes: 3)
        #expect(first == Self.frames(Self.building(60, seed: 5), minutes: 3))
        #expect(first != Self.frames(Self.building(60, seed: 6), minutes: 3))
        #expect(first.count > 50)
    }

    /// After a power cut everybody comes back and says how it is, within some seconds and not at once.
    @Test func afterAPowerCutEverybodyReports() {
        let building = Self.building(80)
        var simulation = LineSimulation(
            TwinConfiguration.Line(id: "main", chips: [], devices: building.devices), anchor: at(0))
        var effects: [LineSimulation.Effect] = []
        simulation.supply(on: false, at: at(10_000), effects: &effects)
        simulation.supply(on: true, at: at(15_000), effects: &effects)
        effects = []
        simulation.advance(to: at(17_000), effects: &effects)
        var powers: [LineRecord] = []
        for case .record(let record) in effects {
            if case .power(_, .running, _) = record { powers.append(record) }
        }
        #expect(powers.count >= 40)
        simulation.advance(to: at(30_000), effects: &effects)
        var senders: [String] = []
        for case .record(.frame(let frame)) in effects { senders += frame.senders }
        let actuators = building.devices.map(\.id).filter { $0.hasPrefix("dimmer") || $0.hasPrefix("switch") }
        #expect(actuators.count == building.rooms && Set(actuators).isSubset(of: senders))
    }

    /// rigs/twin.csv knows every group of the building, with the type that its telegrams have.
    @Test func itsGroupsHaveNames() throws {
        let root = #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
        let rows = String(decoding: try Files.read(root + "/rigs/twin.csv"), as: UTF8.self).split(separator: "\n")
        let named = Set(
            rows.compactMap { row -> GroupAddress? in
                let cells = row.split(separator: ";", omittingEmptySubsequences: false)
                return cells.count > 3 ? GroupAddress(String(cells[3].dropFirst().dropLast())) : nil
            })
        let groups = Set(Self.building().devices.flatMap { SimulatedDevice($0).groups })
        #expect(groups.count > 300)
        #expect(
            groups.subtracting(named).isEmpty,
            "without a name: \(groups.subtracting(named).map(\.description).sorted())")
    }
}
