import Events
import Platform
import Systems

/// A service that the system needs is stopped for a while and let go on: its port takes connections, and nobody answers.
final class ServiceStall: CommandedFault {
    private let service: String
    private let duration: Instant.Span
    private let phase: Instant.Span
    let commanded = Commanded()

    init(service: String, duration: Instant.Span, phase: Instant.Span) {
        self.service = service
        self.duration = duration
        self.phase = phase
    }

    var announcement: String { "stopping the \(service) for \(duration.wholeMilliseconds / 1000) s" }
    var healing: String { "letting the \(service) go on" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        let stop = try bench.act(
            .stop, onService: service, purpose: "fault", due: MonotonicClock.now() + .milliseconds(100) + phase)
        commanded.set(stop.commanded)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        _ = try bench.act(.continue, onService: service, purpose: "heal", due: bench.healing(healDue(bench)))
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
