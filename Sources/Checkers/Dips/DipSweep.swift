/// Which length is tried next. Pure: it is told what came of the dips so far.
///
/// Every length of the grid is made a number of times, shortest first. Then the length in the middle of two neighbours is tried as often, where a response
/// differs between them by more than chance, and so on until they lie as near as is wanted. The response need be neither monotone nor
/// deterministic: neighbours are compared by their intervals, wherever they lie, and lengths without a difference are left alone.
public struct DipSweep: Sendable, Hashable {
    /// The purpose of every actuation that belongs to a sweep.
    public static let purpose = "dip"

    /// The lengths of one switch.
    public struct Arm: Sendable, Hashable {
        public var channel: String
        /// Rising, nanoseconds.
        public var lengths: [Int64]

        public init(channel: String, lengths: [Int64]) {
            self.channel = channel
            self.lengths = lengths
        }
    }

    /// One dip to be made.
    public struct Next: Sendable, Hashable {
        public var channel: String
        public var lengthNanoseconds: Int64

        public init(channel: String, lengthNanoseconds: Int64) {
            self.channel = channel
            self.lengthNanoseconds = lengthNanoseconds
        }
    }

    public var arms: [Arm]
    /// How often each length is made.
    public var times: Int
    /// Neighbours whose lengths differ by no more than this many percent are near enough.
    public var resolutionPercent: Int
    /// Dips that the bisection may add, for the contacts' sake.
    public var mostMore: Int
    /// Lengths that are not tried, because their outcome would be chance by the system's own word.
    public var forbidden: [ClosedRange<Int64>]

    public init(
        arms: [Arm], times: Int, resolutionPercent: Int = 15, mostMore: Int = 60, forbidden: [ClosedRange<Int64>] = []
    ) {
        self.arms = arms
        self.times = times
        self.resolutionPercent = resolutionPercent
        self.mostMore = mostMore
        self.forbidden = forbidden
    }

    /// Dips of the grid.
    public var atLeast: Int { arms.reduce(0) { $0 + $1.lengths.count } * times }

    /// Whether so many repetitions can tell two lengths apart at all: none of all and all of them.
    public var canTellApart: Bool {
        var none = DipTally(channel: "", lengthNanoseconds: 1)
        none.made = times
        var all = none
        all.counts = [.chipsRestarted: times]
        return none.differs(from: all, in: .chipsRestarted)
    }

    /// The next dip; nil when the sweep is complete.
    ///
    /// - Parameter tallies: of all lengths that were tried so far.
    public func next(after tallies: [DipTally]) -> Next? {
        func made(_ channel: String, _ length: Int64) -> Int {
            tallies.first { $0.channel == channel && $0.lengthNanoseconds == length }?.made ?? 0
        }
        for arm in arms {
            for length in arm.lengths where made(arm.channel, length) < times {
                return Next(channel: arm.channel, lengthNanoseconds: length)
            }
        }
        // A length that was begun is made as often as the others.
        if let begun = tallies.first(where: { $0.made < times && !isOfTheGrid($0) }) {
            return Next(channel: begun.channel, lengthNanoseconds: begun.lengthNanoseconds)
        }
        let more = tallies.filter { !isOfTheGrid($0) }.reduce(0) { $0 + $1.made }
        guard more + times <= mostMore else { return nil }
        var widest: (ratio: Double, next: Next)?
        for arm in arms {
            let own = tallies.filter { $0.channel == arm.channel }.sorted {
                $0.lengthNanoseconds < $1.lengthNanoseconds
            }
            for (shorter, longer) in zip(own, own.dropFirst()) {
                let ratio = Double(longer.lengthNanoseconds) / Double(shorter.lengthNanoseconds)
                guard ratio * 100 > Double(100 + resolutionPercent), ratio > widest?.ratio ?? 0,
                    DipResponse.allCases.contains(where: { shorter.differs(from: longer, in: $0) }),
                    let middle = DipGrid.middle(shorter.lengthNanoseconds, longer.lengthNanoseconds),
                    !forbidden.contains(where: { $0.contains(middle) })
                else { continue }
                widest = (ratio, Next(channel: arm.channel, lengthNanoseconds: middle))
            }
        }
        return widest?.next
    }

    private func isOfTheGrid(_ tally: DipTally) -> Bool {
        arms.contains { $0.channel == tally.channel && $0.lengths.contains(tally.lengthNanoseconds) }
    }
}
