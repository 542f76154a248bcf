import Events
import Platform
import Synchronization
import Systems

/// Somebody else holds the system's database when it is started; later the lock is released and it is started again.
final class StartLocked: CommandedFault {
    /// For a system that refuses, and for one that does not.
    private static let watched = Instant.Span.seconds(15)

    private let phase: Instant.Span
    let commanded = Commanded()
    private let settled = Mutex<Instant?>(nil)

    init(phase: Instant.Span) {
        self.phase = phase
    }

    var announcement: String { "starting the system again while its database is locked" }
    var healing: String { "releasing the lock and starting the system" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        try bench.watchWrites(.locked)
        try bench.sleep(until: MonotonicClock.now() + .seconds(1) + phase)
        let made = try bench.takeWritingAway(.locked, purpose: "fault")
        commanded.set(made.commanded)
        try bench.restartSystem(purpose: "restart")
        let deadline = MonotonicClock.now() + Self.watched
        while bench.system?.isRunning == true, MonotonicClock.now() < deadline {
            try bench.sleep(until: MonotonicClock.now() + .milliseconds(20))
        }
        settled.withLock { $0 = MonotonicClock.now() }
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: healDue(bench))
        try bench.giveWritingBack(.locked, purpose: "heal")
        if bench.system?.isRunning != true { try bench.startSystem(purpose: "start") }
    }

    func sentinelsDue(_ bench: Bench) -> Instant { healDue(bench) - .milliseconds(1200) }

    func healDue(_ bench: Bench) -> Instant { (settled.withLock { $0 } ?? began(bench)) + .seconds(2) }
}
