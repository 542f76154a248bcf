import Events
import Platform

/// The system's computer loses its power under load and gets it back some seconds later: everything on it ends at once, services too, and what is to start with
/// the computer is started. Before it the rig changes what the system stores and keeps the record of what was answered; afterwards it reads back.
final class HostPowerCycle: CommandedFault {
    private static let changesFor = Instant.Span.seconds(3)
    /// What is missed must be missed while nobody listens.
    private static let sentinelsAfter = Instant.Span.milliseconds(500)

    private let duration: Instant.Span
    private let phase: Instant.Span
    let commanded = Commanded()

    /// - Parameter duration: how long it is without power; power supplies of computers want 5 s.
    init(duration: Instant.Span, phase: Instant.Span) {
        self.duration = duration
        self.phase = phase
    }

    var announcement: String { "cutting the power of the system's computer for \(duration.wholeMilliseconds / 1000) s" }
    var healing: String { "powering the computer again" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        bench.mutate(true)
        try bench.sleep(until: MonotonicClock.now() + Self.changesFor + phase)
        let cut = try bench.cutHostPower(purpose: "fault")
        bench.mutate(false)
        commanded.set(cut.commanded)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: healDue(bench))
        try bench.bootHost(purpose: "heal")
        try bench.readBackMutations()
    }

    func sentinelsDue(_ bench: Bench) -> Instant { began(bench) + Self.sentinelsAfter }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
