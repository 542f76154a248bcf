import Events
public import KNX

/// One rocker of a push button: a short press switches to the other value, a long one dims until it is let go, or calls a scene.
public struct PushButton: DeviceApplication {
    /// What a long press sends.
    public enum LongPress: Hashable, Sendable {
        case nothing
        /// 3.007, up and down in turn: the whole range when the press has become long, stop when it ends.
        case dim(GroupAddress)
        /// 18.001: the number as telegrams carry it, 0…63.
        case scene(GroupAddress, number: UInt8)
    }

    public struct Configuration: Hashable, Sendable {
        /// 1.001, sent when a short press ends.
        public var command: GroupAddress
        /// 1.001: what it takes for the present value beside what it has sent itself; nil: nothing.
        public var status: GroupAddress?
        public var long: LongPress
        /// When a press becomes long (engineering assumption: 0.5 s).
        public var longAfterNanoseconds: Int64
        /// Who presses it; nil: nobody does.
        public var hand: SeededHand?

        public init(
            command: GroupAddress, status: GroupAddress? = nil, long: LongPress = .nothing,
            longAfterNanoseconds: Int64 = 500_000_000, hand: SeededHand? = nil
        ) {
            precondition(longAfterNanoseconds > 0, "a press becomes long after a while")
            self.command = command
            self.status = status
            self.long = long
            self.longAfterNanoseconds = longAfterNanoseconds
            self.hand = hand
        }
    }

    private enum Press {
        case none
        case short(longAt: Instant)
        case long
    }

    private let configuration: Configuration
    private var isOn = false
    private var dimsUp = true
    private var press = Press.none
    private var presses: SeededHand.Presses?
    private var handDue: Instant?
    /// How long the hand holds the button that it presses next, or holds already.
    private var held = Instant.Span.zero

    init(_ configuration: Configuration) {
        self.configuration = configuration
        presses = configuration.hand.map(SeededHand.Presses.init)
    }

    var groups: [GroupAddress] { [configuration.command, configuration.status].compactMap(\.self) }

    func value(of group: GroupAddress) -> GroupValue? { nil }

    mutating func received(
        _ value: GroupValue, on group: GroupAddress, at instant: Instant, effects: inout [ApplicationEffect]
    ) {
        if case .small(let bits) = value { isOn = bits & 1 == 1 }
    }

    /// The button goes down.
    mutating func pressed(at instant: Instant) {
        press = .short(longAt: instant + Instant.Span(nanoseconds: configuration.longAfterNanoseconds))
    }

    /// The button comes up.
    mutating func released(effects: inout [ApplicationEffect]) {
        switch press {
        case .none: return
        case .short:
            isOn.toggle()
            effects.append(.say(configuration.command, .write(.small(isOn ? 1 : 0))))
        case .long:
            if case .dim(let group) = configuration.long { effects.append(.say(group, .write(.small(0)))) }
        }
        press = .none
    }

    private mutating func becomeLong(effects: inout [ApplicationEffect]) {
        press = .long
        switch configuration.long {
        case .nothing: break
        case .dim(let group):
            // Step code 1: by 100 %.
            effects.append(.say(group, .write(.small(dimsUp ? 9 : 1))))
            dimsUp.toggle()
        case .scene(let group, let number): effects.append(.say(group, .write(.octets([number]))))
        }
    }

    var nextDue: Instant? {
        guard case .short(let longAt) = press else { return handDue }
        return min(longAt, handDue ?? longAt)
    }

    mutating func advance(to instant: Instant, effects: inout [ApplicationEffect]) {
        while let due = nextDue, due <= instant {
            if case .short(let longAt) = press, longAt == due {
                becomeLong(effects: &effects)
            } else if case .none = press {
                pressed(at: due)
                handDue = due + held
            } else {
                released(effects: &effects)
                expectHand(from: due)
            }
        }
    }

    /// The hand will come again.
    private mutating func expectHand(from instant: Instant) {
        guard let (pause, held) = presses?.next() else { return }
        self.held = held
        handDue = instant + pause
    }

    mutating func started(at instant: Instant, effects: inout [ApplicationEffect]) { expectHand(from: instant) }

    mutating func busFailed(effects: inout [ApplicationEffect]) {
        press = .none
        handDue = nil
        isOn = false
    }

    mutating func busReturned(at instant: Instant, effects: inout [ApplicationEffect]) { expectHand(from: instant) }
}
