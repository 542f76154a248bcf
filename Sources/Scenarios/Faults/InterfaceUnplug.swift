import Events
import Platform

/// The system's interface to the line is unplugged by a relay channel for a while; where the scenario says so a second time, as soon as the
/// system has begun to read its state again.
final class InterfaceUnplug: CommandedFault {
    /// How long the rig waits for the first read before the interface goes a second time.
    private static let readOutWithin = Instant.Span.seconds(30)

    private let channel: String
    private let duration: Instant.Span
    private let again: Instant.Span?
    private let phase: Instant.Span
    let commanded = Commanded()

    /// - Parameter channel: the rig's channel that feeds the interface, or switches its port.
    init(channel: String, duration: Instant.Span, again: Instant.Span?, phase: Instant.Span) {
        self.channel = channel
        self.duration = duration
        self.again = again
        self.phase = phase
    }

    var announcement: String { "unplugging the system's interface for \(duration.wholeMilliseconds / 1000) s" }
    var healing: String { "plugging the interface in again" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        try bench.watchInterface()
        let cut = try bench.actuate(
            channel, meaning: "cut", purpose: "fault", due: MonotonicClock.now() + .milliseconds(100) + phase)
        commanded.set(cut.commanded)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        guard let again else {
            try bench.actuate(channel, meaning: "powered", purpose: "heal", due: bench.healing(healDue(bench)))
            return
        }
        let restored = try bench.actuate(
            channel, meaning: "powered", purpose: "restore", due: bench.healing(healDue(bench)))
        // A relay's shortest time on comes before any read: the system needs longer than that to start its daemon.
        guard try bench.waitForRead(after: restored.commanded, until: restored.commanded + Self.readOutWithin) else {
            // A system that never reads gives no occasion; what that is worth the judge says.
            try bench.actuate(channel, meaning: "powered", purpose: "heal", due: MonotonicClock.now())
            return
        }
        let cut = try bench.actuate(channel, meaning: "cut", purpose: "fault_again", due: MonotonicClock.now())
        try bench.actuate(channel, meaning: "powered", purpose: "heal", due: cut.commanded + again)
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
