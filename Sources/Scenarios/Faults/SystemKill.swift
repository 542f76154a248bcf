import Events
import Platform

/// The system is killed under load, several times at random instants, and started again each time as a supervisor would. Before each kill the rig changes
/// what the system stores and keeps the record of what was answered; after each start it reads back.
final class SystemKill: CommandedFault {
    /// As a supervisor waits before it starts again.
    private static let restartDelay = Instant.Span.seconds(1)
    /// What is missed must be missed while nobody listens.
    private static let sentinelsAfter = Instant.Span.milliseconds(50)
    private static let changesFor = Instant.Span.seconds(3)

    private let times: Int
    private let phases: [Instant.Span]
    let commanded = Commanded()

    /// - Parameter phases: how long after it is ready again each further kill falls; one for each time.
    init(times: Int, phases: [Instant.Span]) {
        precondition(phases.count >= times, "each kill has its instant")
        self.times = times
        self.phases = phases
    }

    var announcement: String { "killing the system\(times > 1 ? ", \(times) times" : "")" }
    var healing: String { "starting it again" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        bench.mutate(true)
        try bench.sleep(until: MonotonicClock.now() + Self.changesFor + phases[0])
        let kill = try bench.killSystem(purpose: "fault", due: MonotonicClock.now())
        bench.mutate(false)
        commanded.set(kill.commanded)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        for time in 1...times {
            try bench.sleep(until: MonotonicClock.now() + Self.restartDelay)
            try bench.startSystem(purpose: time == times ? "heal" : "restart")
            try bench.readBackMutations()
            guard time < times else { return }
            bench.mutate(true)
            try bench.sleep(until: MonotonicClock.now() + Self.changesFor + phases[time])
            _ = try bench.killSystem(purpose: "fault_again", due: MonotonicClock.now())
            bench.mutate(false)
        }
    }

    func sentinelsDue(_ bench: Bench) -> Instant { began(bench) + Self.sentinelsAfter }

    func healDue(_ bench: Bench) -> Instant { began(bench) }
}
