import Events
import KNX
import Platform

/// The line is saturated from addresses that win every arbitration against the system's: it hears everything, and never gets its turn.
final class LineStarvation: CommandedFault {
    private let sources: [IndividualAddress]
    private let duration: Instant.Span
    private let phase: Instant.Span
    let commanded = Commanded()

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
        commanded.set(now)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: bench.healing(healDue(bench)))
        bench.starve(from: nil, purpose: "heal")
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
