import Events

/// When the voltage of a line is told, so that its curve can be drawn: where a stretch begins, once per millisecond while it moves, where it crosses a
/// threshold of anybody on the line, and where it comes to rest. Pure.
struct SupplyTrace: Sendable {
    /// While the voltage moves it is told once per millisecond.
    private static let step = Instant.Span.milliseconds(1)

    /// Thresholds of the participants, without repeats.
    private let levels: [Int64]
    private(set) var nextDue: Instant?
    private var told: Int64

    init(levels: Set<Int64>, millivolts: Int64) {
        self.levels = levels.sorted()
        told = millivolts
    }

    /// The supply has begun a new stretch.
    mutating func begin(_ supply: Supply) {
        nextDue = supply.ramp.lowerBound
    }

    /// The voltage changes at another rate from here on.
    mutating func review(_ supply: Supply, at instant: Instant) {
        guard let due = nextDue else { return }
        nextDue = next(supply, after: instant).map { min($0, due) }
    }

    /// What is to be told at an instant that was due; nil when nothing is.
    mutating func reading(_ supply: Supply, at instant: Instant) -> Int64? {
        let ramp = supply.ramp
        let millivolts = supply.millivolts(at: instant)
        let isEdge = instant == ramp.lowerBound && ramp.upperBound > instant
        nextDue = next(supply, after: instant)
        guard isEdge || millivolts != told else { return nil }
        told = millivolts
        return millivolts
    }

    private func next(_ supply: Supply, after instant: Instant) -> Instant? {
        let ramp = supply.ramp
        if instant < ramp.lowerBound { return ramp.lowerBound }
        guard instant < ramp.upperBound else { return nil }
        var due = min(instant + Self.step, ramp.upperBound)
        for level in levels {
            let crossing = supply.isRising ? supply.instant(reaching: level) : supply.instant(below: level)
            if let crossing, crossing > instant { due = min(due, crossing) }
        }
        return due
    }
}
