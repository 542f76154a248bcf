import Events
public import KNX

/// One channel of a switch actuator: a command and a status object, both DPT 1.001.
public struct SwitchActuator: DeviceApplication {
    public struct Configuration: Hashable, Sendable {
        /// A write here switches.
        public var command: GroupAddress
        /// The present value is sent here after every switching.
        public var status: GroupAddress
        /// The value at the start.
        public var isOn: Bool
        public var bus: BusBehaviour
        public var scenes: SceneMemory?

        public init(
            command: GroupAddress, status: GroupAddress, isOn: Bool = false, bus: BusBehaviour = BusBehaviour(),
            scenes: SceneMemory? = nil
        ) {
            self.command = command
            self.status = status
            self.isOn = isOn
            self.bus = bus
            self.scenes = scenes
        }
    }

    private let configuration: Configuration
    private var scenes: SceneMemory?
    private(set) var isOn: Bool
    private var wasOn: Bool

    init(_ configuration: Configuration) {
        self.configuration = configuration
        scenes = configuration.scenes
        isOn = configuration.isOn
        wasOn = isOn
    }

    var groups: [GroupAddress] {
        [configuration.command, configuration.status] + (configuration.scenes.map { [$0.group] } ?? [])
    }

    func value(of group: GroupAddress) -> GroupValue? {
        group == configuration.command || group == configuration.status ? .small(isOn ? 1 : 0) : nil
    }

    mutating func received(
        _ value: GroupValue, on group: GroupAddress, at instant: Instant, effects: inout [ApplicationEffect]
    ) {
        if group == configuration.command, case .small(let bits) = value {
            turn(on: bits & 1 == 1, effects: &effects)
        } else if group == scenes?.group, let level = scenes?.received(value, level: isOn ? 255 : 0) {
            turn(on: level > 0, effects: &effects)
        }
    }

    private mutating func turn(on: Bool, effects: inout [ApplicationEffect]) {
        isOn = on
        effects.append(.changed(configuration.status, .small(on ? 1 : 0)))
        effects.append(.status(configuration.status))
    }

    mutating func busFailed(effects: inout [ApplicationEffect]) {
        wasOn = isOn
        become(configuration.bus.level(afterFailureAt: isOn ? 255 : 0), effects: &effects)
    }

    mutating func busReturned(at instant: Instant, effects: inout [ApplicationEffect]) {
        let bus = configuration.bus
        become(bus.level(afterReturnAt: isOn ? 255 : 0, before: wasOn ? 255 : 0), effects: &effects)
        guard bus.sendsStatus else { return }
        effects.append(.write(configuration.status, at: instant + Instant.Span(nanoseconds: bus.sendDelayNanoseconds)))
    }

    /// Without a word.
    private mutating func become(_ level: UInt8, effects: inout [ApplicationEffect]) {
        guard isOn != (level > 0) else { return }
        isOn.toggle()
        effects.append(.changed(configuration.status, .small(isOn ? 1 : 0)))
    }
}
