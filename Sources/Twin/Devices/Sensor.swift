import Events
public import KNX
import Platform

/// A sensor that measures a quantity which wanders, and sends it on change and in a cycle. Seeded.
public struct Sensor: DeviceApplication {
    public struct Configuration: Hashable, Sendable {
        public var group: GroupAddress
        /// What the value is: any type of one number, or of one bit (on from half of one up).
        public var type: DatapointType
        /// The quantity at the start, in hundredths of the type's unit.
        public var hundredths: Int
        /// By how much it changes from one sample to the next, drawn from here; 0…n for a counter, which only rises.
        public var change: ClosedRange<Int>
        /// Where the quantity stays.
        public var limits: ClosedRange<Int>
        /// From one sample to the next.
        public var sampleNanoseconds: Int64
        /// How far the value must be from what was sent last to be sent before its cycle; nil: it is sent in its cycle alone.
        public var threshold: Int?
        /// After how long the value is sent again though nothing has changed; nil: never.
        public var cycleNanoseconds: Int64?
        public var seed: UInt64
        /// What it does when the bus is back: `sendsStatus` sends the value, after the delay.
        public var bus: BusBehaviour

        public init(
            group: GroupAddress, type: DatapointType, hundredths: Int, change: ClosedRange<Int> = -10...10,
            limits: ClosedRange<Int>, sampleNanoseconds: Int64 = 10_000_000_000, threshold: Int? = 20,
            cycleNanoseconds: Int64? = 300_000_000_000, seed: UInt64 = 1, bus: BusBehaviour = BusBehaviour()
        ) {
            precondition(limits.contains(hundredths), "the quantity starts where it stays")
            precondition(
                sampleNanoseconds > 0 && cycleNanoseconds.map { $0 > 0 } != false && threshold.map { $0 > 0 } != false)
            self.group = group
            self.type = type
            self.hundredths = hundredths
            self.change = change
            self.limits = limits
            self.sampleNanoseconds = sampleNanoseconds
            self.threshold = threshold
            self.cycleNanoseconds = cycleNanoseconds
            self.seed = seed
            self.bus = bus
        }

        /// Whether the type can carry the whole range.
        public var isSound: Bool {
            [hundredths, limits.lowerBound, limits.upperBound].allSatisfy { type.value(hundredths: $0) != nil }
        }
    }

    private let configuration: Configuration
    private var generator: SeededGenerator
    private(set) var hundredths: Int
    private var sent: Int?
    private var sentAt: Instant?
    private(set) var nextDue: Instant?

    init(_ configuration: Configuration) {
        precondition(configuration.isSound, "the type carries the whole range of the quantity")
        self.configuration = configuration
        generator = SeededGenerator(seed: configuration.seed)
        hundredths = configuration.hundredths
    }

    var groups: [GroupAddress] { [configuration.group] }

    func value(of group: GroupAddress) -> GroupValue? {
        group == configuration.group ? configuration.type.value(hundredths: hundredths) : nil
    }

    mutating func received(
        _ value: GroupValue, on group: GroupAddress, at instant: Instant, effects: inout [ApplicationEffect]
    ) {}

    mutating func advance(to instant: Instant, effects: inout [ApplicationEffect]) {
        guard let due = nextDue, due <= instant else { return }
        nextDue = due + Instant.Span(nanoseconds: configuration.sampleNanoseconds)
        // Samples that nobody could take are not made up for.
        if let next = nextDue, next <= instant {
            nextDue = instant + Instant.Span(nanoseconds: configuration.sampleNanoseconds)
        }
        let (change, limits) = (configuration.change, configuration.limits)
        let step = change.lowerBound + Int(generator.next() % UInt64(change.upperBound - change.lowerBound + 1))
        hundredths = min(max(hundredths + step, limits.lowerBound), limits.upperBound)
        let hasChanged = configuration.threshold.map { threshold in
            sent.map { abs($0 - hundredths) >= threshold } ?? true
        }
        let isCycle = configuration.cycleNanoseconds.map { cycle in
            sentAt.map { (instant - $0).nanoseconds >= cycle } ?? true
        }
        guard hasChanged == true || isCycle == true else { return }
        send(at: instant, effects: &effects)
    }

    private mutating func send(at instant: Instant, effects: inout [ApplicationEffect]) {
        sent = hundredths
        sentAt = instant
        effects.append(.write(configuration.group, at: instant))
    }

    /// Sensors of one line do not measure in step: the first sample comes anywhere in a cycle.
    private mutating func schedule(from instant: Instant) {
        let spread = UInt64(
            max(configuration.sampleNanoseconds, min(configuration.cycleNanoseconds ?? 0, 60_000_000_000)))
        nextDue = instant + Instant.Span(nanoseconds: Int64(generator.next() % spread) + 1)
    }

    mutating func started(at instant: Instant, effects: inout [ApplicationEffect]) { schedule(from: instant) }

    mutating func busFailed(effects: inout [ApplicationEffect]) {
        nextDue = nil
        sent = nil
        sentAt = nil
    }

    mutating func busReturned(at instant: Instant, effects: inout [ApplicationEffect]) {
        guard configuration.bus.sendsStatus else { return schedule(from: instant) }
        let due = instant + Instant.Span(nanoseconds: configuration.bus.sendDelayNanoseconds)
        send(at: due, effects: &effects)
        nextDue = due + Instant.Span(nanoseconds: configuration.sampleNanoseconds)
    }
}
