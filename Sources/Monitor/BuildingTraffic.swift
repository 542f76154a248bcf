public import KNX
import Platform

/// What a building says on its line: sensors that report, hands at switches and dimmers, devices that are asked for their state. Pure and seeded: the same
/// seed makes the same telegrams. rigs/twin.csv has their names.
public struct BuildingTraffic: Sendable {
    /// A telegram and how long after the one before it is sent.
    public struct Step: Hashable, Sendable {
        public var afterMilliseconds: Int64
        public var frame: TP1Frame
    }

    private let main: UInt16
    private let switches: [GroupAddress]
    private let states: [GroupAddress]
    private let sources: [IndividualAddress]
    private var generator: SeededGenerator
    private var temperatures = [Int](repeating: 2_050, count: 8)
    private var energy: UInt32 = 1_204_380

    /// - Parameters:
    ///   - groups: the sensors use 1/3/… and 1/4/… of its first main group (1/… here), as far as they lie in it.
    ///   - switches, states: the command and state addresses of the devices on the line.
    ///   - sources: where the sensors and buttons send from.
    public init(
        groups: ClosedRange<GroupAddress>, switches: [GroupAddress], states: [GroupAddress],
        sources: [IndividualAddress], seed: UInt64
    ) {
        precondition(!sources.isEmpty, "somebody sends what a building says")
        main = groups.lowerBound.raw & 0xF800
        self.switches = switches
        self.states = states
        self.sources = sources
        generator = SeededGenerator(seed: seed)
    }

    public mutating func next() -> Step {
        let (destination, service) = telegram()
        let frame = TP1Frame(
            priority: .low, source: sources[Int(destination.raw) % sources.count], destination: .group(destination),
            transportUnit: service.transportUnit)
        return Step(afterMilliseconds: Int64.random(in: 40...450, using: &generator), frame: frame)
    }

    private mutating func telegram() -> (GroupAddress, GroupService) {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0...1 where !switches.isEmpty:
            let isOn: UInt8 = Bool.random(using: &generator) ? 1 : 0
            return (switches[Int.random(in: switches.indices, using: &generator)], .write(.small(isOn)))
        case 2 where !states.isEmpty:
            return (states[Int.random(in: states.indices, using: &generator)], .read)
        case 3:
            let percent = UInt8.random(in: 0...255, using: &generator)
            return (address(4, Int.random(in: 0..<4, using: &generator)), .write(.octets([percent])))
        case 4:
            // A shutter, up or down.
            let direction: UInt8 = Bool.random(using: &generator) ? 1 : 0
            return (address(4, 16 + Int.random(in: 0..<4, using: &generator)), .write(.small(direction)))
        case 5:
            energy &+= UInt32.random(in: 1...30, using: &generator)
            let octets = (0..<4).map { UInt8(truncatingIfNeeded: energy >> (24 - 8 * $0)) }
            return (address(3, 64), .write(.octets(octets)))
        default:
            let room = Int.random(in: temperatures.indices, using: &generator)
            let step = Int.random(in: -10...10, using: &generator)
            temperatures[room] = min(max(temperatures[room] + step, 1_800), 2_047)
            let raw = DPT9.raw(hundredths: temperatures[room])
            return (address(3, room), .write(.octets([UInt8(raw >> 8), UInt8(raw & 0xFF)])))
        }
    }

    private func address(_ middle: UInt16, _ sub: Int) -> GroupAddress {
        GroupAddress(raw: main | middle << 8 | UInt16(sub))
    }
}
