import Events
import Platform
import Synchronization

/// The system is asked to end under load, looked at while it is down, and started again.
final class SystemStop: CommandedFault {
    /// Longer than any limit for an orderly end, so that one that takes too long is measured.
    private static let endsWithin = Instant.Span.seconds(15)
    /// Stores are looked at while it is down.
    private static let downFor = Instant.Span.seconds(4)

    private let phase: Instant.Span
    let commanded = Commanded()
    private let ended = Mutex<Instant?>(nil)

    init(phase: Instant.Span) {
        self.phase = phase
    }

    var announcement: String { "asking the system to end" }
    var healing: String { "starting it again" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        let due = MonotonicClock.now() + .milliseconds(100) + phase
        try bench.sleep(until: due - .milliseconds(50))
        let closing = bench.watchDatabaseClosing()
        let stop = try bench.terminateSystem(purpose: "fault", due: due)
        commanded.set(stop.commanded)
        try bench.waitSystemEnded(until: stop.commanded + Self.endsWithin)
        ended.withLock { $0 = MonotonicClock.now() }
        bench.lookAtClosedDatabase(closing)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: healDue(bench))
        try bench.readKept()
        try bench.startSystem(purpose: "heal")
    }

    func sentinelsDue(_ bench: Bench) -> Instant { healDue(bench) - .milliseconds(1000) }

    func healDue(_ bench: Bench) -> Instant {
        (ended.withLock { $0 } ?? began(bench)) + Self.downFor
    }
}
