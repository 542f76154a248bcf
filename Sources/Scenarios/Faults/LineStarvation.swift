import Events
import KNX
import Platform
import Synchronization

/// The line is saturated from addresses that win every arbitration against the system's: it hears everything, and never gets its turn.
final class LineStarvation: Fault {
    private let sources: [IndividualAddress]
    private let duration: Instant.Span
    private let phase: Instant.Span
    private let commanded = Mutex<Instant?>(nil)

    /// - Parameter sources: where each stimulus sends from.
    init(sources: [IndividualAddress], duration: Instant.Span, phase: Instant.Span) {
        self.sources = sources
        self.duration = duration
        self.phase = phase
    }

    var announcement: String {
        "filling the line for \(duration.wholeMilliseconds / 1000) s from addresses that win against the system's"
    }
    var healing: String { "giving the line back" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: MonotonicClock.now() + .milliseconds(100) + phase)
        let now = MonotonicClock.now()
        bench.starve(from: sources, purpose: "fault")
        commanded.withLock { $0 = now }
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: bench.healing(healDue(bench)))
        bench.starve(from: nil, purpose: "heal")
    }

    func began(_ bench: Bench) -> Instant {
        commanded.withLock { commanded in
            let instant = commanded ?? MonotonicClock.now()
            commanded = instant
            return instant
        }
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
