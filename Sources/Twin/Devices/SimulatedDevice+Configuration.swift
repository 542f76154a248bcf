public import KNX

extension SimulatedDevice {
    public typealias Actuator = SwitchActuator.Configuration
    public typealias BusReturn = BusBehaviour.Return

    public struct Configuration: Hashable, Sendable {
        /// Names it in the truth.
        public var id: String
        public var address: IndividualAddress
        public var functions: [DeviceFunction]
        /// Groups beside its own that it acknowledges.
        public var acknowledges: [ClosedRange<GroupAddress>]
        /// From the end of a command to its status telegram.
        public var statusDelayNanoseconds: Int64
        /// From the end of a read to its response.
        public var responseDelayNanoseconds: Int64
        /// nil: dead until the line is nominal, then 200 ms.
        public var power: BusPowerParameters?
        public var identity: DeviceIdentity

        public init(
            id: String, address: IndividualAddress, functions: [DeviceFunction],
            acknowledges: [ClosedRange<GroupAddress>] = [], statusDelayNanoseconds: Int64 = 20_000_000,
            responseDelayNanoseconds: Int64 = 5_000_000, power: BusPowerParameters? = nil,
            identity: DeviceIdentity? = nil
        ) {
            self.id = id
            self.address = address
            self.functions = functions
            self.acknowledges = acknowledges
            self.statusDelayNanoseconds = statusDelayNanoseconds
            self.responseDelayNanoseconds = responseDelayNanoseconds
            self.power = power
            // No two devices of a line have the same serial number.
            self.identity = identity ?? DeviceIdentity(serial: UInt32(address.raw))
        }

        /// A device of switch channels that all do the same when the bus is back.
        public init(
            id: String, address: IndividualAddress, actuators: [Actuator],
            acknowledges: [ClosedRange<GroupAddress>] = [], onBusReturn: BusReturn = .unchanged,
            statusDelayNanoseconds: Int64 = 20_000_000, responseDelayNanoseconds: Int64 = 5_000_000,
            power: BusPowerParameters? = nil
        ) {
            let functions = actuators.map { actuator in
                var actuator = actuator
                actuator.bus.onReturn = onBusReturn
                return DeviceFunction.switchActuator(actuator)
            }
            self.init(
                id: id, address: address, functions: functions, acknowledges: acknowledges,
                statusDelayNanoseconds: statusDelayNanoseconds, responseDelayNanoseconds: responseDelayNanoseconds,
                power: power)
        }
    }
}
