public import KNX

/// A device on a line with known behaviour; simulated on a twin, real on a bench. What is nil is as the twin has it.
public struct RigDevice: Sendable, Hashable {
    /// What it does with its group objects.
    public enum Kind: Sendable, Hashable {
        case switchActuator(command: GroupAddress, status: GroupAddress)
        case dimmer(Dimmer)
        case button(Button)
        case sensor(Sensor)
        case thermostat(Thermostat)
    }

    public struct Dimmer: Sendable, Hashable {
        public var command: GroupAddress
        public var status: GroupAddress
        public var dim: GroupAddress?
        public var value: GroupAddress?
        public var valueStatus: GroupAddress?
        /// From none to full brightness.
        public var rampNanoseconds: Int64?
        /// How often the value is sent while it changes.
        public var reportNanoseconds: Int64?
    }

    public struct Button: Sendable, Hashable {
        public var command: GroupAddress
        public var status: GroupAddress?
        /// What a long press dims, or the scene that it calls, 1…64, and where.
        public var dim: GroupAddress?
        public var scene: GroupAddress?
        public var sceneNumber: Int?
        public var longAfterNanoseconds: Int64?
        /// Between two presses on average; nil: nobody presses it.
        public var pressedEveryNanoseconds: Int64?
        public var longPercent: Int?
        public var seed: UInt64?
    }

    public struct Sensor: Sendable, Hashable {
        public var group: GroupAddress
        public var type: DatapointType
        /// Hundredths of the type's unit.
        public var start: Int
        public var change: ClosedRange<Int>?
        public var limits: ClosedRange<Int>
        public var threshold: Int?
        public var sampleNanoseconds: Int64?
        public var cycleNanoseconds: Int64?
        public var seed: UInt64?
    }

    public struct Thermostat: Sendable, Hashable {
        public var actual: GroupAddress
        public var setpoint: GroupAddress
        public var mode: GroupAddress
        public var output: GroupAddress
        public var setpointStatus: GroupAddress?
        /// Of the set-point at the start, hundredths of a degree.
        public var start: Int?
        public var sampleNanoseconds: Int64?
        public var cycleNanoseconds: Int64?
    }

    public enum BusFailure: String, CaseIterable, Sendable {
        case unchanged, on, off
    }

    public enum BusReturn: String, CaseIterable, Sendable {
        case unchanged, on, off, before, toggle
    }

    /// How it lives on the voltage of its line.
    public struct Power: Sendable, Hashable {
        public var milliamperes: Int64?
        public var saveMillivolts: Int64?
        public var offMillivolts: Int64?
        public var runMillivolts: Int64?
        public var debounceNanoseconds: Int64?
        public var logicHoldUpNanoseconds: Int64?
        public var startNanoseconds: Int64?
    }

    /// What it says of itself to management.
    public struct Identity: Sendable, Hashable {
        public var mask: UInt16?
        public var manufacturer: UInt16?
        public var serial: UInt32?
        public var order: String?
        public var firmware: UInt8?
        public var isProgramming: Bool?
    }

    public var address: IndividualAddress
    public var kind: Kind
    public var onBusFailure: BusFailure
    public var onBusReturn: BusReturn
    /// Whether it sends its status, or its value, when it is back, and how long after that.
    public var sendsStatus: Bool
    public var sendDelayNanoseconds: Int64
    public var statusDelayNanoseconds: Int64?
    public var responseDelayNanoseconds: Int64?
    public var power: Power
    public var identity: Identity
}
