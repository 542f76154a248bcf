import Events

/// Whether the numbers of an event are such as a clock or a counter of a real machine gives. Anything else is a damaged or made-up record; the
/// sums of the checkers are not made with it.
enum Plausibility {
    /// 36 years of nanoseconds: no machine runs that long, and the sum of several still fits.
    private static let range: ClosedRange<Int64> = 0...(1 << 60)
    private static let readings: ClosedRange<Int64> = -(1 << 60)...(1 << 60)

    static func holds(_ event: Event) -> Bool {
        guard isInstant(event.instant), range.contains(event.uncertaintyNanoseconds) else { return false }
        switch event.payload {
        case .actuation(let actuation):
            return isInstant(actuation.due) && isInstant(actuation.commanded)
                && actuation.observed.map(isInstant) ?? true
        case .frame(let frame): return isInstant(frame.began)
        case .gap(let gap): return isInstant(gap.from) && isInstant(gap.to)
        case .slip(let slip): return range.contains(slip.lateNanoseconds)
        case .supply(let supply): return readings.contains(supply.millivolts)
        case .sample(let sample): return sample.reading?.integer.map(readings.contains) ?? true
        case .plan, .phase, .interface, .stimulus, .operation, .process, .log, .link, .seal, .other: return true
        }
    }

    private static func isInstant(_ instant: Instant) -> Bool { range.contains(instant.nanoseconds) }
}
