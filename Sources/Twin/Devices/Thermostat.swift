import Events
public import KNX

/// A room thermostat with its room: it measures, compares with its set-point, and heats. The room follows what the valve does, so that the loop is
/// closed.
public struct Thermostat: DeviceApplication {
    public struct Configuration: Hashable, Sendable {
        /// 9.001, sent: the temperature of the room.
        public var actual: GroupAddress
        /// 9.001, received: the comfort set-point.
        public var setpoint: GroupAddress
        /// 20.102, received: 0 automatic and 1 comfort, 2 standby (2 K less), 3 economy (4 K less), 4 protection (7 °C). The differences are
        /// engineering assumptions.
        public var mode: GroupAddress
        /// 5.001, sent: how far the valve is to be open.
        public var output: GroupAddress
        /// 9.001, sent: the set-point that holds in the present mode; nil: it is not told.
        public var setpointStatus: GroupAddress?
        /// The comfort set-point at the start, hundredths of a degree Celsius.
        public var setpointHundredths: Int
        public var room: Room
        /// The valve is open all the way when it is colder than the set-point by this much, hundredths (engineering assumption: 2 K).
        public var bandHundredths: Int
        /// How often it measures and controls.
        public var sampleNanoseconds: Int64
        /// After how long it sends temperature and valve again though they have not changed by 0.2 K or 5 %.
        public var cycleNanoseconds: Int64
        /// From its start to its first sample.
        public var phaseNanoseconds: Int64
        public var bus: BusBehaviour

        public init(
            actual: GroupAddress, setpoint: GroupAddress, mode: GroupAddress, output: GroupAddress,
            setpointStatus: GroupAddress? = nil, setpointHundredths: Int = 2_100, room: Room = Room(),
            bandHundredths: Int = 200, sampleNanoseconds: Int64 = 30_000_000_000,
            cycleNanoseconds: Int64 = 600_000_000_000, phaseNanoseconds: Int64 = 1, bus: BusBehaviour = BusBehaviour()
        ) {
            precondition(bandHundredths > 0 && sampleNanoseconds > 0 && cycleNanoseconds > 0 && phaseNanoseconds > 0)
            self.actual = actual
            self.setpoint = setpoint
            self.mode = mode
            self.output = output
            self.setpointStatus = setpointStatus
            self.setpointHundredths = setpointHundredths
            self.room = room
            self.bandHundredths = bandHundredths
            self.sampleNanoseconds = sampleNanoseconds
            self.cycleNanoseconds = cycleNanoseconds
            self.phaseNanoseconds = phaseNanoseconds
            self.bus = bus
        }
    }

    /// A room that loses heat to the outside and gains it from its heater: T' = gain · valve − loss · (T − outside). All engineering assumptions.
    public struct Room: Hashable, Sendable {
        /// At the start, thousandths of a degree Celsius.
        public var millidegrees: Int
        public var outsideMillidegrees: Int
        /// With the valve open, thousandths of a kelvin per hour.
        public var gainPerHour: Int
        /// Of the difference to outside, per mille per hour.
        public var lossPerMillePerHour: Int

        public init(
            millidegrees: Int = 20_000, outsideMillidegrees: Int = 5_000, gainPerHour: Int = 6_000,
            lossPerMillePerHour: Int = 150
        ) {
            self.millidegrees = millidegrees
            self.outsideMillidegrees = outsideMillidegrees
            self.gainPerHour = gainPerHour
            self.lossPerMillePerHour = lossPerMillePerHour
        }

        mutating func pass(_ nanoseconds: Int64, valve: UInt8) {
            let seconds = Int(nanoseconds / 1_000_000_000)
            let gained = gainPerHour * Int(valve) * seconds / (255 * 3_600)
            let lost = (millidegrees - outsideMillidegrees) * lossPerMillePerHour * seconds / (1_000 * 3_600)
            millidegrees += gained - lost
        }
    }

    /// What a difference must reach to be told before its cycle: 0.2 K, and 5 % of the valve.
    private static let tellsHundredths = 20
    private static let tellsLevel = 13

    private let configuration: Configuration
    private var setpoint: Int
    private var mode: UInt8 = 1
    private var room: Room
    private(set) var valve: UInt8 = 0
    private var told: (actual: Int, valve: UInt8, at: Instant)?
    private var measuredAt: Instant?
    private(set) var nextDue: Instant?

    init(_ configuration: Configuration) {
        self.configuration = configuration
        setpoint = configuration.setpointHundredths
        room = configuration.room
    }

    /// Of the room, hundredths of a degree.
    var actual: Int { room.millidegrees / 10 }

    /// The set-point that holds in the present mode.
    var target: Int {
        switch mode {
        case 2: setpoint - 200
        case 3: setpoint - 400
        case 4: 700
        default: setpoint
        }
    }

    var groups: [GroupAddress] {
        [
            configuration.actual, configuration.setpoint, configuration.mode, configuration.output,
            configuration.setpointStatus,
        ].compactMap(\.self)
    }

    func value(of group: GroupAddress) -> GroupValue? {
        switch group {
        case configuration.actual: Self.degrees(actual)
        case configuration.setpoint: Self.degrees(setpoint)
        case configuration.setpointStatus: Self.degrees(target)
        case configuration.mode: .octets([mode])
        case configuration.output: .octets([valve])
        default: nil
        }
    }

    private static func degrees(_ hundredths: Int) -> GroupValue? { try? DPT9(hundredths: hundredths).value }

    mutating func received(
        _ value: GroupValue, on group: GroupAddress, at instant: Instant, effects: inout [ApplicationEffect]
    ) {
        switch (group, value) {
        case (configuration.setpoint, _):
            guard let wanted = try? DPT9(value).hundredths, (500...4_000).contains(wanted) else { return }
            setpoint = wanted
        case (configuration.mode, .octets(let octets)) where octets.count == 1 && octets[0] <= 4: mode = octets[0]
        default: return
        }
        if let status = configuration.setpointStatus { effects.append(.status(status)) }
        control(at: instant, isCycle: false, effects: &effects)
    }

    mutating func advance(to instant: Instant, effects: inout [ApplicationEffect]) {
        guard let due = nextDue, due <= instant else { return }
        nextDue = instant + Instant.Span(nanoseconds: configuration.sampleNanoseconds)
        if let measuredAt { room.pass((instant - measuredAt).nanoseconds, valve: valve) }
        measuredAt = instant
        let isCycle = told.map { (instant - $0.at).nanoseconds >= configuration.cycleNanoseconds } ?? true
        control(at: instant, isCycle: isCycle, effects: &effects)
    }

    private mutating func control(at instant: Instant, isCycle: Bool, effects: inout [ApplicationEffect]) {
        let wanted = (target - actual) * 255 / configuration.bandHundredths
        valve = UInt8(min(max(wanted, 0), 255))
        let tellsActual = isCycle || told.map { abs($0.actual - actual) >= Self.tellsHundredths } != false
        let tellsValve = isCycle || told.map { abs(Int($0.valve) - Int(valve)) >= Self.tellsLevel } != false
        guard tellsActual || tellsValve else { return }
        told = (
            tellsActual ? actual : told?.actual ?? actual, tellsValve ? valve : told?.valve ?? valve,
            isCycle ? instant : told?.at ?? instant
        )
        if tellsActual { effects.append(.write(configuration.actual, at: instant)) }
        guard tellsValve else { return }
        effects.append(.changed(configuration.output, .octets([valve])))
        effects.append(.write(configuration.output, at: instant))
    }

    mutating func started(at instant: Instant, effects: inout [ApplicationEffect]) {
        nextDue = instant + Instant.Span(nanoseconds: configuration.phaseNanoseconds)
    }

    mutating func busFailed(effects: inout [ApplicationEffect]) {
        nextDue = nil
        told = nil
        measuredAt = nil
        // Whatever had been set is gone with its memory; the valve of a radiator stays where it is.
        setpoint = configuration.setpointHundredths
        mode = 1
    }

    mutating func busReturned(at instant: Instant, effects: inout [ApplicationEffect]) {
        let delay =
            configuration.bus.sendsStatus ? configuration.bus.sendDelayNanoseconds : configuration.sampleNanoseconds
        nextDue = instant + Instant.Span(nanoseconds: max(1, delay))
    }
}
