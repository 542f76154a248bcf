import Events
import Platform

/// The line's supply is cut by a relay channel for a while.
final class BusCut: CommandedFault {
    private let channel: String
    private let duration: Instant.Span
    private let phase: Instant.Span
    private let motion: SupplyMotion?
    let commanded = Commanded()

    /// - Parameter channel: the rig's channel that feeds the line.
    /// - Parameter phase: how long after the decision the cut falls, so that repetitions meet the traffic at different places.
    /// - Parameter motion: how the contact moves; nil: at once, and once.
    init(channel: String, duration: Instant.Span, phase: Instant.Span, motion: SupplyMotion? = nil) {
        self.channel = channel
        self.duration = duration
        self.phase = phase
        self.motion = motion
    }

    var announcement: String {
        let milliseconds = duration.wholeMilliseconds
        let length = milliseconds.isMultiple(of: 1000) ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
        return "cutting the bus for \(length)\(motion.map { "; \($0.text)" } ?? "")"
    }
    var healing: String { "powering the bus again" }
    var lineIsAlive: Bool { false }

    func inject(_ bench: Bench) throws(Interruption) {
        if let motion { try bench.wire(motion) }
        let cut = try bench.actuate(
            channel, meaning: "cut", purpose: "fault", due: MonotonicClock.now() + .milliseconds(100) + phase)
        commanded.set(cut.commanded)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.actuate(channel, meaning: "powered", purpose: "heal", due: bench.healing(healDue(bench)))
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
