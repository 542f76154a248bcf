import Events
public import KNX

/// One channel of a dimming actuator: switching 1.001, relative dimming 3.007, a value 5.001, and the status of both.
public struct DimmingActuator: DeviceApplication {
    public struct Configuration: Hashable, Sendable {
        /// 1.001: on goes to full brightness, off to none, at once.
        public var command: GroupAddress
        /// 3.007: a step up or down by 100 % / 2^(code − 1), over time; code 0 stops. A step down ends at the least brightness and does not switch
        /// off; a step up switches on.
        public var dim: GroupAddress?
        /// 5.001: goes there at once.
        public var value: GroupAddress?
        /// 1.001, sent after every switching, and when a ramp switches on.
        public var status: GroupAddress
        /// 5.001, sent when a value is reached, and while it changes.
        public var valueStatus: GroupAddress?
        /// The brightness at the start, 0…255.
        public var level: UInt8
        /// From none to full brightness (engineering assumption: 5 s).
        public var rampNanoseconds: Int64
        /// How often the value is sent while it changes (engineering assumption: 0.5 s); 0: only when it is reached.
        public var reportNanoseconds: Int64
        public var bus: BusBehaviour
        public var scenes: SceneMemory?

        public init(
            command: GroupAddress, dim: GroupAddress? = nil, value: GroupAddress? = nil, status: GroupAddress,
            valueStatus: GroupAddress? = nil, level: UInt8 = 0, rampNanoseconds: Int64 = 5_000_000_000,
            reportNanoseconds: Int64 = 500_000_000, bus: BusBehaviour = BusBehaviour(), scenes: SceneMemory? = nil
        ) {
            precondition(rampNanoseconds > 0 && reportNanoseconds >= 0, "dimming takes time")
            self.command = command
            self.dim = dim
            self.value = value
            self.status = status
            self.valueStatus = valueStatus
            self.level = level
            self.rampNanoseconds = rampNanoseconds
            self.reportNanoseconds = reportNanoseconds
            self.bus = bus
            self.scenes = scenes
        }
    }

    private struct Ramp {
        let from: UInt8
        let target: UInt8
        let began: Instant
        let ends: Instant
        var reportDue: Instant?
    }

    /// The least brightness that is not off.
    private static let least: UInt8 = 1

    private let configuration: Configuration
    private var scenes: SceneMemory?
    /// The brightness when it was looked at last.
    private(set) var level: UInt8
    private var levelBefore: UInt8
    private var ramp: Ramp?

    init(_ configuration: Configuration) {
        self.configuration = configuration
        scenes = configuration.scenes
        level = configuration.level
        levelBefore = level
    }

    var groups: [GroupAddress] {
        [
            configuration.command, configuration.dim, configuration.value, configuration.status,
            configuration.valueStatus,
            configuration.scenes?.group,
        ].compactMap(\.self)
    }

    func value(of group: GroupAddress) -> GroupValue? {
        switch group {
        case configuration.command, configuration.status: .small(level > 0 ? 1 : 0)
        case configuration.value, configuration.valueStatus: .octets([level])
        default: nil
        }
    }

    mutating func received(
        _ value: GroupValue, on group: GroupAddress, at instant: Instant, effects: inout [ApplicationEffect]
    ) {
        follow(to: instant)
        switch (group, value) {
        case (configuration.command, .small(let bits)):
            let isOn = bits & 1 == 1
            go(to: isOn ? (level > 0 && ramp == nil ? level : 255) : 0, effects: &effects)
        case (configuration.value, .octets(let octets)) where octets.count == 1: go(to: octets[0], effects: &effects)
        case (configuration.dim, .small(let bits)): dim(bits, at: instant, effects: &effects)
        case (scenes?.group, _):
            guard let wanted = scenes?.received(value, level: level) else { return }
            go(to: wanted, effects: &effects)
        default: return
        }
    }

    private mutating func dim(_ bits: UInt8, at instant: Instant, effects: inout [ApplicationEffect]) {
        let code = bits & 7
        guard code != 0 else {
            if ramp != nil { go(to: level, effects: &effects) }
            return
        }
        let step = max(1, 255 >> (code - 1))
        let isUp = bits & 8 != 0
        let target = UInt8(isUp ? min(255, Int(level) + step) : max(Int(Self.least), Int(level) - step))
        guard isUp || level > 0, target != level else { return }
        let length = Int64(target > level ? target - level : level - target) * configuration.rampNanoseconds / 255
        let wasOff = level == 0
        let report = configuration.reportNanoseconds
        ramp = Ramp(
            from: level, target: target, began: instant, ends: instant + Instant.Span(nanoseconds: length),
            reportDue: report > 0 ? instant + Instant.Span(nanoseconds: report) : nil)
        guard wasOff else { return }
        level = Self.least
        effects.append(.changed(configuration.status, .small(1)))
        effects.append(.status(configuration.status))
    }

    /// At once, and says so.
    private mutating func go(to target: UInt8, effects: inout [ApplicationEffect]) {
        ramp = nil
        level = target
        tell(effects: &effects)
        effects.append(.status(configuration.status))
        if let status = configuration.valueStatus { effects.append(.status(status)) }
    }

    private func tell(effects: inout [ApplicationEffect]) {
        effects.append(.changed(configuration.status, .small(level > 0 ? 1 : 0)))
        if let status = configuration.valueStatus { effects.append(.changed(status, .octets([level]))) }
    }

    /// Where the ramp is.
    private mutating func follow(to instant: Instant) {
        guard let ramp else { return }
        let way = Int64(ramp.target) - Int64(ramp.from)
        let elapsed = min((instant - ramp.began).nanoseconds, (ramp.ends - ramp.began).nanoseconds)
        let span = max(1, (ramp.ends - ramp.began).nanoseconds)
        level = instant >= ramp.ends ? ramp.target : max(Self.least, UInt8(Int64(ramp.from) + way * elapsed / span))
    }

    var nextDue: Instant? {
        guard let ramp else { return nil }
        return min(ramp.ends, ramp.reportDue ?? ramp.ends)
    }

    mutating func advance(to instant: Instant, effects: inout [ApplicationEffect]) {
        follow(to: instant)
        guard let running = ramp, let due = nextDue, due <= instant else { return }
        if instant >= running.ends {
            ramp = nil
        } else {
            ramp?.reportDue = instant + Instant.Span(nanoseconds: configuration.reportNanoseconds)
        }
        guard let status = configuration.valueStatus else { return }
        effects.append(.changed(status, .octets([level])))
        effects.append(.write(status, at: instant))
    }

    mutating func busFailed(effects: inout [ApplicationEffect]) {
        ramp = nil
        levelBefore = level
        become(configuration.bus.level(afterFailureAt: level), effects: &effects)
    }

    mutating func busReturned(at instant: Instant, effects: inout [ApplicationEffect]) {
        let bus = configuration.bus
        become(bus.level(afterReturnAt: level, before: levelBefore), effects: &effects)
        guard bus.sendsStatus else { return }
        let due = instant + Instant.Span(nanoseconds: bus.sendDelayNanoseconds)
        effects.append(.write(configuration.status, at: due))
        if let status = configuration.valueStatus { effects.append(.write(status, at: due)) }
    }

    /// Without a word.
    private mutating func become(_ wanted: UInt8, effects: inout [ApplicationEffect]) {
        guard wanted != level else { return }
        level = wanted
        tell(effects: &effects)
    }
}
