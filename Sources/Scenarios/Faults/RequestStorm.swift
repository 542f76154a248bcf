import Events
import Platform
import Systems

/// Clients ask for more than anybody needs: state and commands as fast as they are answered, bodies that are too large, heads that never end, and
/// connections that say nothing.
final class RequestStorm: CommandedFault {
    /// Fewer requests than these are no storm.
    static let leastRequests = 1000

    private let duration: Instant.Span
    private let phase: Instant.Span
    let commanded = Commanded()

    init(duration: Instant.Span, phase: Instant.Span) {
        self.duration = duration
        self.phase = phase
    }

    var announcement: String { "flooding the interface with requests for \(duration.wholeMilliseconds / 1000) s" }
    var healing: String { "the requests are over" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: MonotonicClock.now() + .milliseconds(100) + phase)
        let begun = MonotonicClock.now()
        commanded.set(begun)
        bench.recordRequests(purpose: "fault")
        try bench.startStorm(until: begun + duration)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: healDue(bench))
        bench.finishStorm()
        bench.recordRequests(purpose: "heal")
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
