public import KNX
import Platform

/// A whole building on one line: in every room a light, its push button, a thermostat and a sensor; a display, a weather station, a meter and a hall panel
/// for all. Everything that they say follows from the seed. rigs/twin.csv has names for its groups.
///
/// In the first main group of the line, R the room: 3/R temperature, 3/64 energy, 3/65…67 weather, 3/(128 + R) humidity, 3/(192 + R) brightness of
/// the room; 4/R light, 4/(64 + R) its state, 4/(128 + R) dimming, 4/(192 + R) its value; 5/R the value's state, 5/(64 + R) set-point, 5/(128 + R) mode,
/// 5/(192 + R) valve; 6/0 scenes. How often anything is said is an engineering assumption: some four telegrams a second of 200 devices.
public struct Building: Sendable {
    /// A switch channel of a device that is on the line anyway; a button of the hall panel is for it.
    public struct Switch: Hashable, Sendable {
        public var command: GroupAddress
        public var status: GroupAddress

        public init(command: GroupAddress, status: GroupAddress) {
            self.command = command
            self.status = status
        }
    }

    /// Devices for the whole house, and in each room.
    private static let central = 4
    private static let perRoom = 4
    /// What 64 groups of a middle group are enough for.
    private static let mostRooms = 60

    public let rooms: Int
    public let devices: [SimulatedDevice.Configuration]

    /// - Parameters:
    ///   - groups: what the line's devices use; the display acknowledges all of it.
    ///   - addresses: those of the devices, eight or more; what is left over of a room stays free.
    public init(groups: ClosedRange<GroupAddress>, addresses: [IndividualAddress], switches: [Switch], seed: UInt64) {
        precondition(addresses.count >= Self.central + Self.perRoom, "a building has a room")
        rooms = min(Self.mostRooms, (addresses.count - Self.central) / Self.perRoom)
        var builder = Builder(main: groups.lowerBound.raw & 0xF800, addresses: addresses, seed: seed)
        builder.display(groups: groups, rooms: rooms)
        builder.weather()
        builder.meter()
        builder.panel(switches)
        for room in 0..<rooms { builder.room(room) }
        devices = builder.devices
    }
}

private struct Builder {
    private static let second: Int64 = 1_000_000_000
    private let main: UInt16
    private var addresses: ArraySlice<IndividualAddress>
    private var generator: SeededGenerator
    private(set) var devices: [SimulatedDevice.Configuration] = []

    init(main: UInt16, addresses: [IndividualAddress], seed: UInt64) {
        self.main = main
        self.addresses = addresses[...]
        generator = SeededGenerator(seed: seed)
    }

    private func group(_ middle: UInt16, _ sub: Int) -> GroupAddress {
        GroupAddress(raw: main | middle << 8 | UInt16(sub))
    }

    private mutating func drawn(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(generator.next() % UInt64(range.upperBound - range.lowerBound + 1))
    }

    /// A device's stack starts in 0.2 to 2 s; a device of a large line draws little (engineering assumption: 3 mA, so that 200 fill one supply).
    private mutating func add(
        _ id: String, order: String, _ functions: [DeviceFunction], acknowledges: [ClosedRange<GroupAddress>] = []
    ) {
        guard let address = addresses.popFirst() else { return }
        let start = drawn(200_000_000...2_000_000_000)
        devices.append(
            SimulatedDevice.Configuration(
                id: id, address: address, functions: functions, acknowledges: acknowledges,
                power: BusPowerParameters(startNanoseconds: start, milliamperes: 3),
                identity: DeviceIdentity(serial: UInt32(address.raw), order: order)))
    }

    /// Back after a failure they speak within ten seconds, not all at once.
    private mutating func bus(_ onReturn: BusBehaviour.Return = .before) -> BusBehaviour {
        BusBehaviour(
            onReturn: onReturn, sendsStatus: true, sendDelayNanoseconds: drawn(Self.second...10 * Self.second))
    }

    private mutating func sensor(
        _ group: GroupAddress, _ type: String, start: Int, change: ClosedRange<Int>, limits: ClosedRange<Int>,
        threshold: Int?, sample: Int64, cycle: Int64?
    ) -> DeviceFunction? {
        guard let type = DatapointType(parsing: type) else { return nil }
        return .sensor(
            Sensor.Configuration(
                group: group, type: type, hundredths: start, change: change, limits: limits,
                sampleNanoseconds: sample * Self.second, threshold: threshold,
                cycleNanoseconds: cycle.map { $0 * Self.second }, seed: generator.next(), bus: bus()))
    }

    mutating func display(groups: ClosedRange<GroupAddress>, rooms: Int) {
        let poll = StatePoll.Configuration(
            states: (0..<rooms).map { group(4, 64 + $0) }, everyNanoseconds: 4 * Self.second, seed: generator.next())
        add("display", order: "DISPLAY", [.statePoll(poll)], acknowledges: [groups])
    }

    mutating func weather() {
        let functions = [
            sensor(
                group(3, 65), "9.001", start: 500, change: -5...5, limits: -2_000...3_500, threshold: 50, sample: 30,
                cycle: 300),
            sensor(
                group(3, 66), "9.005", start: 300, change: -100...100, limits: 0...2_500, threshold: 100, sample: 15,
                cycle: 60),
            sensor(
                group(3, 67), "9.004", start: 2_000_000, change: -50_000...50_000, limits: 0...10_000_000,
                threshold: 200_000, sample: 15, cycle: 120),
        ]
        add("weather", order: "WEATHER", functions.compactMap(\.self))
    }

    mutating func meter() {
        // Watt-hours: 36…3600 W.
        let energy = sensor(
            group(3, 64), "13.010", start: 120_438_000, change: 10...1_000, limits: 0...200_000_000_000, threshold: nil,
            sample: 10, cycle: 10)
        add("meter", order: "METER", [energy].compactMap(\.self))
    }

    mutating func panel(_ switches: [Building.Switch]) {
        var functions = switches.map { channel in
            DeviceFunction.pushButton(
                PushButton.Configuration(
                    command: channel.command, status: channel.status,
                    hand: SeededHand(seed: generator.next(), everyNanoseconds: 60 * Self.second)))
        }
        // The first light, and the scenes of the house by a long press.
        functions.append(
            .pushButton(
                PushButton.Configuration(
                    command: group(4, 0), status: group(4, 64), long: .scene(group(6, 0), number: 0),
                    hand: SeededHand(seed: generator.next(), everyNanoseconds: 600 * Self.second, longPercent: 50))))
        add("panel", order: "PANEL", functions)
    }

    mutating func room(_ room: Int) {
        let (light, state, dim) = (group(4, room), group(4, 64 + room), group(4, 128 + room))
        let isDimmed = room.isMultiple(of: 2)
        // Every fourth room knows the scene.
        let scenes = room.isMultiple(of: 4) ? SceneMemory(group: group(6, 0), levels: [0: UInt8(drawn(0...255))]) : nil
        if isDimmed {
            let actuator = DimmingActuator.Configuration(
                command: light, dim: dim, value: group(4, 192 + room), status: state, valueStatus: group(5, room),
                reportNanoseconds: Self.second, bus: bus(), scenes: scenes)
            add("dimmer \(room)", order: "DIMMER", [.dimmingActuator(actuator)])
        } else {
            let actuator = SwitchActuator.Configuration(command: light, status: state, bus: bus(), scenes: scenes)
            add("switch \(room)", order: "SWITCH", [.switchActuator(actuator)])
        }
        let hand = SeededHand(
            seed: generator.next(), everyNanoseconds: 120 * Self.second, longPercent: isDimmed ? 40 : 0)
        let button = PushButton.Configuration(
            command: light, status: state, long: isDimmed ? .dim(dim) : .nothing, hand: hand)
        add("button \(room)", order: "BUTTON", [.pushButton(button)])
        let warmth = Thermostat.Room(millidegrees: Int(drawn(18_000...21_000)))
        let thermostat = Thermostat.Configuration(
            actual: group(3, room), setpoint: group(5, 64 + room), mode: group(5, 128 + room),
            output: group(5, 192 + room), room: warmth, cycleNanoseconds: 180 * Self.second,
            phaseNanoseconds: drawn(1...30 * Self.second), bus: bus())
        add("thermostat \(room)", order: "THERMOSTAT", [.thermostat(thermostat)])
        let functions = [
            sensor(
                group(3, 128 + room), "9.007", start: 4_500, change: -30...30, limits: 2_000...8_000, threshold: 200,
                sample: 20, cycle: 180),
            sensor(
                group(3, 192 + room), "9.004", start: 30_000, change: -1_000...1_000, limits: 0...200_000,
                threshold: 10_000, sample: 10, cycle: 180),
        ]
        add("sensor \(room)", order: "SENSOR", functions.compactMap(\.self))
    }
}
