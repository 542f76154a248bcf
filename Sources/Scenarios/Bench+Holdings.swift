import Checkers
import Events
import Platform
import Systems

extension Bench {
    /// From one look to the next, so that all of them lie within a second and none meets another's request.
    private static let lookInterval = Instant.Span.milliseconds(210)
    /// Of which the middle one counts.
    private static let looks = 5

    /// Looks at what the system's processes hold, a few times, at the quiet point after a cycle; 0 for the one before the first.
    func lookAtHoldings(after cycle: Int) throws(Interruption) {
        guard let system else { throw .error("there is no system under test") }
        for _ in 0..<Self.looks {
            for holding in system.holdings() {
                var footprint = Footprint(
                    pid: holding.pid, cycle: Int64(cycle),
                    values: [.threads: holding.threads, .descriptors: holding.descriptors])
                footprint.values[.memory] = holding.privateKilobytes
                record(
                    .sample(
                        .init(
                            view: Footprint.view, point: holding.isMain ? Footprint.main : holding.process,
                            reading: footprint.reading)))
            }
            try sleep(until: MonotonicClock.now() + Self.lookInterval)
        }
    }
}
