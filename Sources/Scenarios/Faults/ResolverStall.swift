import Events
import Platform
import Systems

/// Whoever answers for names on the system's network falls silent, and the system is started again while it is: questions are neither answered nor refused.
final class ResolverStall: CommandedFault {
    private let service: String
    private let duration: Instant.Span
    private let phase: Instant.Span
    let commanded = Commanded()

    init(service: String, duration: Instant.Span, phase: Instant.Span) {
        self.service = service
        self.duration = duration
        self.phase = phase
    }

    var announcement: String {
        "silencing the name server for \(duration.wholeMilliseconds / 1000) s and starting the system again"
    }
    var healing: String { "letting the name server answer again" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        try bench.watchNames()
        // The rig's own question must have been answered before.
        try bench.sleep(until: MonotonicClock.now() + .seconds(1) + phase)
        let stop = try bench.act(.stop, onService: service, purpose: "fault", due: MonotonicClock.now())
        commanded.set(stop.commanded)
        try bench.restartSystem(purpose: "restart")
    }

    func heal(_ bench: Bench) throws(Interruption) {
        _ = try bench.act(.continue, onService: service, purpose: "heal", due: bench.healing(healDue(bench)))
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
