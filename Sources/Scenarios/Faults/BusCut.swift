import Events
import Platform
import Synchronization

/// The line's supply is cut by a relay channel for a while.
final class BusCut: Fault {
    private let channel: String
    private let duration: Instant.Span
    private let phase: Instant.Span
    private let commanded = Mutex<Instant?>(nil)

    /// - Parameter channel: the rig's channel that feeds the line.
    /// - Parameter phase: how long after the decision the cut falls, so that repetitions meet the traffic at different places.
    init(channel: String, duration: Instant.Span, phase: Instant.Span) {
        self.channel = channel
        self.duration = duration
        self.phase = phase
    }

    var announcement: String { "cutting the bus for \(duration.wholeMilliseconds / 1000) s" }
    var healing: String { "powering the bus again" }
    var lineIsAlive: Bool { false }

    func inject(_ bench: Bench) throws(Interruption) {
        let cut = try bench.actuate(
            channel, meaning: "cut", purpose: "fault", due: MonotonicClock.now() + .milliseconds(100) + phase)
        commanded.withLock { $0 = cut.commanded }
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.actuate(channel, meaning: "powered", purpose: "heal", due: bench.healing(healDue(bench)))
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
