public import Events
public import KNX

/// A simulated device of a line: switch actuators behind one individual address. It behaves as a device does; tracers and sentinels are
/// not its business.
public struct SimulatedDevice: Sendable {
    /// One switch channel with its two group objects, both DPT 1.001.
    public struct Actuator: Hashable, Sendable {
        /// A write here switches.
        public var command: GroupAddress
        /// The present value is sent here after every switching.
        public var status: GroupAddress
        /// The value at the start.
        public var isOn: Bool

        public init(command: GroupAddress, status: GroupAddress, isOn: Bool = false) {
            self.command = command
            self.status = status
            self.isOn = isOn
        }
    }

    /// What its switches do when bus power comes back. No telegram says so.
    public enum BusReturn: String, CaseIterable, Sendable {
        case unchanged, on, off
        /// The other value than before: a change while the line is dead.
        case toggled = "toggle"
    }

    public struct Configuration: Hashable, Sendable {
        /// Names it in the truth.
        public var id: String
        public var address: IndividualAddress
        public var actuators: [Actuator]
        /// Groups beside its own that it acknowledges.
        public var acknowledges: [ClosedRange<GroupAddress>]
        public var onBusReturn: BusReturn
        /// From the end of a command to its status telegram.
        public var statusDelayNanoseconds: Int64
        /// From the end of a read to its response.
        public var responseDelayNanoseconds: Int64
        /// nil: dead until the line is nominal, then 200 ms.
        public var power: BusPowerParameters?

        public init(
            id: String, address: IndividualAddress, actuators: [Actuator],
            acknowledges: [ClosedRange<GroupAddress>] = [], onBusReturn: BusReturn = .unchanged,
            statusDelayNanoseconds: Int64 = 20_000_000, responseDelayNanoseconds: Int64 = 5_000_000,
            power: BusPowerParameters? = nil
        ) {
            self.id = id
            self.address = address
            self.actuators = actuators
            self.acknowledges = acknowledges
            self.onBusReturn = onBusReturn
            self.statusDelayNanoseconds = statusDelayNanoseconds
            self.responseDelayNanoseconds = responseDelayNanoseconds
            self.power = power
        }
    }

    public enum Action: Hashable, Sendable {
        case say(Acknowledgement)
        case send(Transmission)
        /// An actuator, by its place in the configuration, has this value from now on.
        case changed(actuator: Int, isOn: Bool)
    }

    private enum Answer {
        case status
        case response(GroupAddress)
    }

    public let configuration: Configuration
    /// Present value of each actuator.
    public private(set) var values: [Bool]
    private var due: [(at: Instant, actuator: Int, answer: Answer)] = []
    private var lastAccepted: [UInt16: [UInt8]] = [:]
    private var nextNumber = 0
    private var hasLostMemory = false

    public init(_ configuration: Configuration) {
        self.configuration = configuration
        values = configuration.actuators.map(\.isOn)
    }

    /// The check octet of somebody else's frame has passed.
    public mutating func frameCompleted(_ octets: [UInt8], at instant: Instant, actions: inout [Action]) {
        guard let frame = try? TP1Frame(octets: octets) else {
            actions.append(.say(.notAcknowledge))
            return
        }
        switch frame.destination {
        case .individual(let address):
            if address == configuration.address { actions.append(.say(.acknowledge)) }
        case .group(let group):
            guard group.raw == 0 || isMine(group) || configuration.acknowledges.contains(where: { $0.contains(group) })
            else { return }
            actions.append(.say(.acknowledge))
            accept(frame, octets: octets, group: group, at: instant, actions: &actions)
        }
    }

    private func isMine(_ group: GroupAddress) -> Bool {
        configuration.actuators.contains { $0.command == group || $0.status == group }
    }

    private mutating func accept(
        _ frame: TP1Frame, octets: [UInt8], group: GroupAddress, at instant: Instant, actions: inout [Action]
    ) {
        // A repetition of what was accepted from this source is acknowledged and otherwise ignored.
        var essence = octets.dropLast()
        essence[0] |= 0x20
        let isKnown = frame.isRepetition && lastAccepted[frame.source.raw] == Array(essence)
        lastAccepted[frame.source.raw] = Array(essence)
        guard !isKnown, frame.transportUnit.count == 2, frame.transportUnit[0] & 0xFC == 0 else { return }
        let service = UInt16(frame.transportUnit[0] & 3) << 8 | UInt16(frame.transportUnit[1] & 0xC0)
        for (index, actuator) in configuration.actuators.enumerated() {
            if service == 0x080, actuator.command == group {
                values[index] = frame.transportUnit[1] & 1 == 1
                actions.append(.changed(actuator: index, isOn: values[index]))
                schedule(.status, of: index, at: instant + span(configuration.statusDelayNanoseconds))
            } else if service == 0x000, actuator.command == group || actuator.status == group {
                schedule(.response(group), of: index, at: instant + span(configuration.responseDelayNanoseconds))
            }
        }
    }

    private mutating func schedule(_ answer: Answer, of actuator: Int, at instant: Instant) {
        due.insert((instant, actuator, answer), at: due.firstIndex { $0.at > instant } ?? due.count)
    }

    public var nextDue: Instant? { due.first?.at }

    /// Sends the telegrams that are due, with the values of now.
    public mutating func advance(to instant: Instant, actions: inout [Action]) {
        while let next = due.first, next.at <= instant {
            due.removeFirst()
            let value: UInt8 = values[next.actuator] ? 1 : 0
            switch next.answer {
            case .status:
                send(to: configuration.actuators[next.actuator].status, service: 0x80 | value, actions: &actions)
            case .response(let group): send(to: group, service: 0x40 | value, actions: &actions)
            }
        }
    }

    private mutating func send(to group: GroupAddress, service: UInt8, actions: inout [Action]) {
        nextNumber += 1
        let frame = TP1Frame(
            source: configuration.address, destination: .group(group), transportUnit: [0x00, service])
        actions.append(.send(Transmission(number: nextNumber, octets: frame.octets)))
    }

    /// Follows the power of the device.
    public mutating func powerChanged(to state: BusPower.State, actions: inout [Action]) {
        switch state {
        case .off:
            guard !hasLostMemory else { return }
            hasLostMemory = true
            due = []
            lastAccepted = [:]
            if configuration.onBusReturn == .toggled { change(actions: &actions) { !$0 } }
        case .running where hasLostMemory:
            hasLostMemory = false
            switch configuration.onBusReturn {
            case .on: change(actions: &actions) { _ in true }
            case .off: change(actions: &actions) { _ in false }
            case .unchanged, .toggled: break
            }
        default: break
        }
    }

    private mutating func change(actions: inout [Action], _ next: (Bool) -> Bool) {
        for index in values.indices where next(values[index]) != values[index] {
            values[index].toggle()
            actions.append(.changed(actuator: index, isOn: values[index]))
        }
    }

    private func span(_ nanoseconds: Int64) -> Instant.Span { Instant.Span(nanoseconds: nanoseconds) }
}
