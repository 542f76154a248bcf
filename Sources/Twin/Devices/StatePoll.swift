import Events
public import KNX
import Platform

/// A display that asks the devices of a line for their state, one group after the other. Seeded.
public struct StatePoll: DeviceApplication {
    public struct Configuration: Hashable, Sendable {
        /// What it asks for.
        public var states: [GroupAddress]
        /// Between two questions on average; each pause is half to one and a half of it.
        public var everyNanoseconds: Int64
        public var seed: UInt64

        public init(states: [GroupAddress], everyNanoseconds: Int64, seed: UInt64) {
            precondition(!states.isEmpty && everyNanoseconds > 1, "a display asks for something, now and then")
            self.states = states
            self.everyNanoseconds = everyNanoseconds
            self.seed = seed
        }
    }

    private let configuration: Configuration
    private var generator: SeededGenerator
    private(set) var nextDue: Instant?

    init(_ configuration: Configuration) {
        self.configuration = configuration
        generator = SeededGenerator(seed: configuration.seed)
    }

    var groups: [GroupAddress] { configuration.states }
    func value(of group: GroupAddress) -> GroupValue? { nil }
    mutating func received(
        _ value: GroupValue, on group: GroupAddress, at instant: Instant, effects: inout [ApplicationEffect]
    ) {}

    mutating func advance(to instant: Instant, effects: inout [ApplicationEffect]) {
        guard let due = nextDue, due <= instant else { return }
        let place = Int(generator.next() % UInt64(configuration.states.count))
        effects.append(.say(configuration.states[place], .read))
        schedule(from: instant)
    }

    private mutating func schedule(from instant: Instant) {
        let pause =
            configuration.everyNanoseconds / 2 + Int64(generator.next() % UInt64(configuration.everyNanoseconds))
        nextDue = instant + Instant.Span(nanoseconds: pause)
    }

    mutating func started(at instant: Instant, effects: inout [ApplicationEffect]) { schedule(from: instant) }
    mutating func busFailed(effects: inout [ApplicationEffect]) { nextDue = nil }
    mutating func busReturned(at instant: Instant, effects: inout [ApplicationEffect]) { schedule(from: instant) }
}
