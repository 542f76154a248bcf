import Checkers
import Events
import Platform
import Synchronization

/// The line's supply dips again and again, through a relay or a switch on the DC side; after each dip the rig waits until the system has come back, or its time
/// is over. A system that needs a hand gets no further dip.
final class DipSweepFault: CommandedFault {
    /// From the decision to the cut, beside the phase: time for the command to get there.
    private static let ahead = Instant.Span.milliseconds(100)
    /// Nobody can tell anything sooner than this after a dip.
    private static let patience = Instant.Span.milliseconds(1_300)
    /// A rig that was late in more dips than this is none to sweep with.
    private static let mostSpoiled = 20

    private let dips: DipPlan
    private let limit: Instant.Span
    private let phases: [Instant.Span]
    private let progress: @Sendable (String) -> Void
    let commanded = Commanded()
    private let ended = Mutex<Instant?>(nil)

    /// - Parameters:
    ///   - limit: how long the system may take to come back after a dip.
    ///   - phases: how long after the decision each dip falls, in turn, so that repetitions meet the traffic at different places.
    init(
        dips: DipPlan, limit: Instant.Span, phases: [Instant.Span], progress: @escaping @Sendable (String) -> Void
    ) {
        precondition(!phases.isEmpty, "dips have phases")
        self.dips = dips
        self.limit = limit
        self.phases = phases
        self.progress = progress
    }

    var announcement: String { "sweeping dips: \(dips.cost)" }
    var healing: String { "leaving the supply alone" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        commanded.set(MonotonicClock.now())
        bench.recordLine("dips", purpose: "fault")
        var tallies: [DipTally] = []
        var made = 0
        var spoiled = 0
        var isBroken = false
        while !isBroken, let next = dips.sweep.next(after: tallies) {
            let outcome = try make(next, number: made, bench)
            made += 1
            tallies.count(outcome)
            if outcome.isSpoiled { spoiled += 1 }
            guard spoiled <= Self.mostSpoiled else {
                throw .invalid("this computer was too busy to keep time in \(spoiled) of \(made) dips")
            }
            isBroken = outcome.responses.contains(.needsHand)
            let words = DipResponse.allCases.filter(outcome.responses.contains).map(\.words)
            progress(
                "dip \(made), \(DipLength.text(next.lengthNanoseconds)) through \(next.channel): "
                    + (words.isEmpty ? "nothing" : words.joined(separator: ", "))
                    + (outcome.isSpoiled
                        ? "; not counted, since this computer was late"
                        : outcome.isSeen ? "" : "; no witness saw it"))
        }
        bench.recordLine("over", purpose: DipSweep.purpose)
        ended.withLock { $0 = MonotonicClock.now() }
    }

    private func make(_ next: DipSweep.Next, number: Int, _ bench: Bench) throws(Interruption) -> DipOutcome {
        try bench.sync()
        let length = Instant.Span(nanoseconds: next.lengthNanoseconds)
        let due = MonotonicClock.now() + Self.ahead + phases[number % phases.count]
        // Only who was interrupted can be asked to read again.
        let isInterrupting = dips.interruptsFrom.map { length >= $0 } ?? false
        let powered = try bench.dip(next.channel, for: length, due: due) {
            if isInterrupting { bench.workload?.turnSentinels() }
        }
        let deadline = powered + limit + .seconds(5)
        var pending = ""
        try bench.sleep(until: powered + Self.patience)
        while MonotonicClock.now() < deadline {
            let instant = MonotonicClock.now() - .milliseconds(300)
            let (outcome, reason) = bench.judged { $0.lastDip(at: instant) }
            if let outcome { return outcome }
            pending = reason
            try bench.sleep(until: MonotonicClock.now() + .milliseconds(150))
        }
        throw .invalid("the line did not come back after a dip: \(pending)")
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: healDue(bench))
        bench.recordLine("quiet", purpose: "heal")
    }

    func sentinelsDue(_ bench: Bench) -> Instant { healDue(bench) - .milliseconds(1_500) }

    func healDue(_ bench: Bench) -> Instant { (ended.withLock { $0 } ?? began(bench)) + .seconds(2) }
}
