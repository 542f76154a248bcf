import Checkers
import Events
import Platform

/// Writing is taken away where the system keeps its data: its database is locked by somebody else, or its disk is full. Where changes are judged, the rig
/// makes them through the system's interface all the while; it reads back when the fault is over, before newer ones hide what became of them.
final class StoreFault: CommandedFault {
    enum Kind: Sendable {
        case locked, full
    }

    /// A system that has nothing to write meets a full disk late.
    private static let metWithin = Instant.Span.seconds(30)

    private let kind: Kind
    private let duration: Instant.Span
    private let phase: Instant.Span
    private let makesChanges: Bool
    let commanded = Commanded()

    /// - Parameter makesChanges: changes go on when this fault is over, until the run ends them.
    init(kind: Kind, duration: Instant.Span, phase: Instant.Span, makesChanges: Bool) {
        self.kind = kind
        self.duration = duration
        self.phase = phase
        self.makesChanges = makesChanges
    }

    var announcement: String {
        let span = "for \(duration.wholeMilliseconds / 1000) s"
        return kind == .locked ? "locking the system's database \(span)" : "filling the system's disk \(span)"
    }

    var healing: String { kind == .locked ? "releasing the lock" : "making room on the disk" }
    var lineIsAlive: Bool { true }
    var preparation: Instant.Span { .seconds(1) }

    func inject(_ bench: Bench) throws(Interruption) {
        try bench.watchWrites(kind)
        bench.mutate(makesChanges)
        // The rig's own write must have worked before.
        try bench.sleep(until: MonotonicClock.now() + .seconds(1) + phase)
        let made = try bench.takeWritingAway(kind, purpose: "fault")
        commanded.set(made.commanded)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        let due = bench.healing(healDue(bench))
        try bench.sleep(until: due)
        if kind == .full {
            // The fault lasts until the system has met it, or it was none.
            while case .pending(_) = bench.judged({ $0.faultWitnessed(at: MonotonicClock.now() - .milliseconds(300)) }),
                MonotonicClock.now() < due + Self.metWithin
            {
                try bench.sleep(until: MonotonicClock.now() + .milliseconds(100))
            }
        }
        if makesChanges { bench.mutate(false) }
        try bench.giveWritingBack(kind, purpose: "heal")
        guard makesChanges else { return }
        try bench.readBackMutations()
        bench.mutate(true)
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
