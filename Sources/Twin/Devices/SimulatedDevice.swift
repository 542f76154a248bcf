public import Events
public import KNX

/// A simulated device of a line: what it does with its group objects, and what it answers to management, behind one individual address. It behaves as a
/// device does; tracers and sentinels are not its business.
public struct SimulatedDevice: Sendable {
    public enum Action: Hashable, Sendable {
        case say(Acknowledgement)
        case send(Transmission)
        /// A group object has this value from now on.
        case changed(GroupAddress, GroupValue)
        /// Its stack starts anew.
        case restart
        /// It has another individual address from now on.
        case readdressed
    }

    private enum Telegram {
        /// The value of a group object as it is when it is sent.
        case value(application: Int, GroupAddress, isResponse: Bool)
        case restart
    }

    /// From what asks for a restart until the device is gone, so that its acknowledge gets onto the line (engineering assumption).
    private static let restartDelay = Instant.Span.milliseconds(200)

    public let configuration: Configuration
    private var applications: [any DeviceApplication]
    private var management: DeviceManagement
    private var due: [(at: Instant, telegram: Telegram)] = []
    private var lastAccepted: [UInt16: [UInt8]] = [:]
    private var nextNumber = 0
    private var hasMemory: Bool
    private var effects: [ApplicationEffect] = []

    /// A device whose line has had power for a long time, or has none.
    public init(_ configuration: Configuration, isPowered: Bool = true, at instant: Instant = Instant(nanoseconds: 0)) {
        self.configuration = configuration
        applications = configuration.functions.map { $0.application() }
        management = DeviceManagement(
            configuration.identity, address: configuration.address,
            startNanoseconds: configuration.power?.startNanoseconds ?? 0)
        hasMemory = isPowered
        guard isPowered else { return }
        for index in applications.indices {
            applications[index].started(at: instant, effects: &effects)
            take(effectsOf: index, at: instant)
        }
    }

    /// Its individual address; management may give it another.
    public var address: IndividualAddress { management.address }
    /// The groups whose telegrams its functions take.
    public var groups: Set<GroupAddress> { Set(applications.flatMap(\.groups)) }
    /// Present value of each of its switch channels.
    public var values: [Bool] { applications.compactMap { ($0 as? SwitchActuator)?.isOn } }
    /// Present value of one of its group objects.
    public func value(of group: GroupAddress) -> GroupValue? {
        applications.lazy.compactMap { $0.value(of: group) }.first
    }

    // MARK: Telegrams

    /// Somebody else's frame has passed that is for this device: its own address, a group that it acknowledges, or everybody.
    public mutating func received(_ frame: TP1Frame, octets: [UInt8], at instant: Instant, actions: inout [Action]) {
        actions.append(.say(.acknowledge))
        // A repetition of what was accepted from this source is acknowledged and otherwise ignored.
        var essence = octets.dropLast()
        essence[0] |= 0x20
        let isKnown = frame.isRepetition && lastAccepted[frame.source.raw] == Array(essence)
        lastAccepted[frame.source.raw] = Array(essence)
        guard !isKnown else { return }
        switch frame.destination {
        case .individual:
            perform(management.received(frame.transportUnit, from: frame.source, at: instant), at: instant, &actions)
        case .group(let group) where group.raw == 0:
            perform(management.broadcast(frame.transportUnit), at: instant, &actions)
        case .group(let group):
            guard let service = try? GroupService(transportUnit: frame.transportUnit) else { return }
            take(service, on: group, at: instant, &actions)
        }
    }

    private mutating func take(
        _ service: GroupService, on group: GroupAddress, at instant: Instant, _ actions: inout [Action]
    ) {
        for index in applications.indices where applications[index].groups.contains(group) {
            if let value = service.value {
                applications[index].received(value, on: group, at: instant, effects: &effects)
                take(effectsOf: index, at: instant, &actions)
            } else if applications[index].value(of: group) != nil {
                schedule(
                    .value(application: index, group, isResponse: true),
                    at: instant + Instant.Span(nanoseconds: configuration.responseDelayNanoseconds))
            }
        }
    }

    private mutating func schedule(_ telegram: Telegram, at instant: Instant) {
        due.insert((instant, telegram), at: due.firstIndex { $0.at > instant } ?? due.count)
    }

    private mutating func send(
        _ unit: [UInt8], to destination: Destination, priority: Priority = .low, _ actions: inout [Action]
    ) {
        nextNumber += 1
        let frame = TP1Frame(priority: priority, source: address, destination: destination, transportUnit: unit)
        actions.append(.send(Transmission(number: nextNumber, octets: frame.octets)))
    }

    // MARK: What applications and management want

    private mutating func take(effectsOf index: Int, at instant: Instant) {
        var none: [Action] = []
        take(effectsOf: index, at: instant, &none)
    }

    private mutating func take(effectsOf index: Int, at instant: Instant, _ actions: inout [Action]) {
        for effect in effects {
            switch effect {
            case .changed(let group, let value): actions.append(.changed(group, value))
            case .status(let group):
                schedule(
                    .value(application: index, group, isResponse: false),
                    at: instant + Instant.Span(nanoseconds: configuration.statusDelayNanoseconds))
            case .write(let group, let due):
                schedule(.value(application: index, group, isResponse: false), at: due)
            case .say(let group, let service): send(service.transportUnit, to: .group(group), &actions)
            }
        }
        effects.removeAll(keepingCapacity: true)
    }

    private mutating func perform(
        _ effects: [DeviceManagement.Effect], at instant: Instant, _ actions: inout [Action]
    ) {
        for effect in effects {
            switch effect {
            case .send(let tpdu, let partner):
                let destination = partner.map(Destination.individual) ?? .group(GroupAddress(raw: 0))
                send(tpdu, to: destination, priority: .system, &actions)
            case .restart: schedule(.restart, at: instant + Self.restartDelay)
            case .readdressed: actions.append(.readdressed)
            }
        }
    }

    // MARK: Time

    /// When it does something by itself; nil while it is off.
    public var nextDue: Instant? {
        guard hasMemory else { return nil }
        var next = due.first?.at
        for application in applications {
            if let due = application.nextDue { next = min(next ?? due, due) }
        }
        if let due = management.nextDue { next = min(next ?? due, due) }
        return next
    }

    /// Does what is due; telegrams have the values of now.
    public mutating func advance(to instant: Instant, actions: inout [Action]) {
        guard hasMemory else { return }
        for index in applications.indices where applications[index].nextDue.map({ $0 <= instant }) == true {
            applications[index].advance(to: instant, effects: &effects)
            take(effectsOf: index, at: instant, &actions)
        }
        if let next = management.nextDue, next <= instant {
            perform(management.advance(to: instant), at: instant, &actions)
        }
        while let next = due.first, next.at <= instant {
            due.removeFirst()
            switch next.telegram {
            case .value(let index, let group, let isResponse):
                guard let value = applications[index].value(of: group) else { continue }
                let service: GroupService = isResponse ? .response(value) : .write(value)
                send(service.transportUnit, to: .group(group), &actions)
            case .restart:
                due = []
                lastAccepted = [:]
                actions.append(.restart)
                perform(management.restarting(), at: instant, &actions)
            }
        }
    }

    // MARK: Power

    /// Follows the power of the device.
    public mutating func powerChanged(to state: BusPower.State, at instant: Instant, actions: inout [Action]) {
        switch state {
        case .off where hasMemory:
            hasMemory = false
            due = []
            lastAccepted = [:]
            management.restarted()
            for index in applications.indices {
                applications[index].busFailed(effects: &effects)
                take(effectsOf: index, at: instant, &actions)
            }
        case .running where !hasMemory:
            hasMemory = true
            for index in applications.indices {
                applications[index].busReturned(at: instant, effects: &effects)
                take(effectsOf: index, at: instant, &actions)
            }
        default: break
        }
    }
}
