import Events
import Platform
import Systems

/// A process of the system's own is killed, or stopped and after a while let go on, or stopped for good.
final class ProcessStrike: CommandedFault {
    enum Kind: Sendable {
        case killed
        case stalled(Instant.Span)
        case hung
    }

    /// What is missed must be missed while nobody listens: a killed daemon may be back within a second.
    static let sentinelsAfter = Instant.Span.milliseconds(50)

    private let process: String
    private let kind: Kind
    private let phase: Instant.Span
    let commanded = Commanded()

    init(process: String, kind: Kind, phase: Instant.Span) {
        self.process = process
        self.kind = kind
        self.phase = phase
    }

    var announcement: String {
        switch kind {
        case .killed: "killing \(process)"
        case .stalled(let span): "stopping \(process) for \(span.wholeMilliseconds / 1000) s"
        case .hung: "stopping \(process) for good"
        }
    }

    var healing: String {
        if case .stalled = kind { "letting \(process) go on" } else { "nothing heals it but the system itself" }
    }

    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        let isKill = if case .killed = kind { true } else { false }
        let strike = try bench.act(
            isKill ? .kill : .stop, onProcess: process, purpose: "fault",
            due: MonotonicClock.now() + .milliseconds(100) + phase)
        commanded.set(strike.commanded)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        guard case .stalled = kind else { return }
        _ = try bench.act(.continue, onProcess: process, purpose: "heal", due: bench.healing(healDue(bench)))
    }

    func sentinelsDue(_ bench: Bench) -> Instant { began(bench) + Self.sentinelsAfter }

    func healDue(_ bench: Bench) -> Instant {
        if case .stalled(let span) = kind { began(bench) + span } else { began(bench) }
    }
}
