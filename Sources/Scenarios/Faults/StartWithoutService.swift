import Events
import Platform
import Synchronization

/// The system is started while a service that it needs is down; the service comes a while later.
final class StartWithoutService: Fault {
    private let service: String
    private let duration: Instant.Span
    private let phase: Instant.Span
    private let killed = Mutex<Instant?>(nil)

    init(service: String, duration: Instant.Span, phase: Instant.Span) {
        self.service = service
        self.duration = duration
        self.phase = phase
    }

    var announcement: String {
        "starting the system again without the \(service), which comes \(duration.wholeMilliseconds / 1000) s later"
    }
    var healing: String { "starting the \(service)" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        let kill = try bench.killService(
            service, purpose: "fault", due: MonotonicClock.now() + .milliseconds(100) + phase)
        killed.withLock { $0 = kill.commanded }
        try bench.watchAttempts(toReach: service)
        try bench.restartSystem(purpose: "restart")
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: healDue(bench))
        bench.stopWatchingAttempts()
        try bench.startService(service, purpose: "heal")
    }

    func began(_ bench: Bench) -> Instant {
        killed.withLock { killed in
            let instant = killed ?? MonotonicClock.now()
            killed = instant
            return instant
        }
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
