import Events
import Platform
import Synchronization

/// A service that the system needs is killed and stays away for a while; meanwhile its gate is closed, so that the system meets a refused
/// connection and the rig decides when the service is back: up, the rig's own probe subscribed, then the gate open.
final class ServiceKill: Fault {
    private let service: String
    private let duration: Instant.Span
    private let phase: Instant.Span
    private let killed = Mutex<Instant?>(nil)

    init(service: String, duration: Instant.Span, phase: Instant.Span) {
        self.service = service
        self.duration = duration
        self.phase = phase
    }

    var announcement: String { "killing the \(service) for \(duration.wholeMilliseconds / 1000) s" }
    var healing: String { "starting the \(service) again" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        let kill = try bench.killService(
            service, purpose: "fault", due: MonotonicClock.now() + .milliseconds(100) + phase)
        killed.withLock { $0 = kill.commanded }
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: healDue(bench))
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
