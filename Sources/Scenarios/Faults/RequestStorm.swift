import Events
import Platform
import Synchronization
import Systems

/// Clients ask for more than anybody needs: state and commands as fast as they are answered, bodies that are too large, heads that never end, and
/// connections that say nothing.
final class RequestStorm: Fault {
    /// Fewer requests than these are no storm.
    static let leastRequests = 1000

    private let duration: Instant.Span
    private let phase: Instant.Span
    private let commanded = Mutex<Instant?>(nil)

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
        commanded.withLock { $0 = begun }
        bench.recordRequests(purpose: "fault")
        try bench.startStorm(until: begun + duration)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: healDue(bench))
        bench.finishStorm()
        bench.recordRequests(purpose: "heal")
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
