import Events
import KNX

/// What a device does with its group objects. Pure: it is told what comes in and what time it is.
protocol DeviceApplication: Sendable {
    /// The groups whose telegrams it takes; those too that it only answers for.
    var groups: [GroupAddress] { get }
    /// The present value of a group object that can be read; nil where it has none on this group.
    func value(of group: GroupAddress) -> GroupValue?
    /// A write or a response has come in.
    mutating func received(
        _ value: GroupValue, on group: GroupAddress, at instant: Instant, effects: inout [ApplicationEffect])
    /// When it does something by itself; later than any instant it was advanced to.
    var nextDue: Instant? { get }
    mutating func advance(to instant: Instant, effects: inout [ApplicationEffect])
    /// Its device begins to work for the first time.
    mutating func started(at instant: Instant, effects: inout [ApplicationEffect])
    /// Its device has lost its memory.
    mutating func busFailed(effects: inout [ApplicationEffect])
    /// Its device works again after that.
    mutating func busReturned(at instant: Instant, effects: inout [ApplicationEffect])
}

extension DeviceApplication {
    var nextDue: Instant? { nil }
    mutating func advance(to instant: Instant, effects: inout [ApplicationEffect]) {}
    mutating func started(at instant: Instant, effects: inout [ApplicationEffect]) {}
    mutating func busFailed(effects: inout [ApplicationEffect]) {}
}

/// What an application wants of its device.
enum ApplicationEffect: Hashable, Sendable {
    /// The group object has this value from now on.
    case changed(GroupAddress, GroupValue)
    /// Its value is to be sent after the device's status delay, as it is then.
    case status(GroupAddress)
    /// Its value is to be sent at an instant, as it is then.
    case write(GroupAddress, at: Instant)
    /// This is to be said at once.
    case say(GroupAddress, GroupService)
}

/// One function of a device, as it is configured.
public enum DeviceFunction: Hashable, Sendable {
    case switchActuator(SwitchActuator.Configuration)
    case dimmingActuator(DimmingActuator.Configuration)
    case pushButton(PushButton.Configuration)
    case sensor(Sensor.Configuration)
    case thermostat(Thermostat.Configuration)
    case statePoll(StatePoll.Configuration)

    func application() -> any DeviceApplication {
        switch self {
        case .switchActuator(let configuration): SwitchActuator(configuration)
        case .dimmingActuator(let configuration): DimmingActuator(configuration)
        case .pushButton(let configuration): PushButton(configuration)
        case .sensor(let configuration): Sensor(configuration)
        case .thermostat(let configuration): Thermostat(configuration)
        case .statePoll(let configuration): StatePoll(configuration)
        }
    }
}
