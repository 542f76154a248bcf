import Checkers
import Events
import Platform
import Synchronization

/// A fault that is made and healed again and again on one system in one process. Between two the rig waits until the system has come back and that has held for
/// the cool-down, and looks at what its processes hold; a system that does not come back gets no further fault. The last one is the run's own: it is healed, and
/// its recovery waited for, as that of any other fault.
final class FaultCycles: Fault {
    private let faults: [any Fault]
    private let coolDown: Instant.Span
    /// The longest that a recovery may take, with its cool-down.
    private let patience: Instant.Span
    private let isNull: Bool
    private let progress: @Sendable (String) -> Void
    /// The cycle that was begun last, and whether it has been healed already.
    private let state = Mutex<(cycle: Int, isHealed: Bool)>((0, false))

    /// - Parameters:
    ///   - faults: one for each cycle, each at another phase of the traffic.
    ///   - limit: how long the system may take to come back.
    init(
        _ faults: [any Fault], coolDown: Instant.Span, limit: Instant.Span, isNull: Bool,
        progress: @escaping @Sendable (String) -> Void
    ) {
        precondition(!faults.isEmpty, "there are cycles")
        self.faults = faults
        self.coolDown = coolDown
        patience = limit + coolDown + .seconds(3)
        self.isNull = isNull
        self.progress = progress
    }

    private var present: any Fault { faults[state.withLock { $0.cycle }] }

    var announcement: String { "making \(faults.count) cycles of a fault" }
    var healing: String { state.withLock { $0.isHealed } ? "no further cycle" : present.healing }
    var lineIsAlive: Bool { present.lineIsAlive }

    func inject(_ bench: Bench) throws(Interruption) {
        try bench.lookAtHoldings(after: 0)
        for (index, fault) in faults.enumerated() {
            state.withLock { $0 = (index, false) }
            progress("cycle \(index + 1) of \(faults.count): \(fault.announcement)")
            try bench.sync()
            try fault.inject(bench)
            guard index + 1 < faults.count else { return }
            try fault.pass(until: fault.healDue(bench) - .milliseconds(300), bench)
            try fault.heal(bench)
            state.withLock { $0.isHealed = true }
            guard try isBack(from: index + 1, bench) else {
                return progress("the system did not come back from cycle \(index + 1)")
            }
            try bench.lookAtHoldings(after: index + 1)
        }
    }

    /// Waits until the cycle is over for good, one way or the other; what that is worth the judge says.
    private func isBack(from number: Int, _ bench: Bench) throws(Interruption) -> Bool {
        let deadline = MonotonicClock.now() + patience
        if isNull {
            try bench.sleep(until: MonotonicClock.now() + coolDown)
            return true
        }
        while MonotonicClock.now() < deadline {
            let instant = MonotonicClock.now() - .milliseconds(300)
            switch bench.judged({ $0.cycle(number, at: instant) }) {
            case .holds: return true
            case .broken: return false
            case .pending: try bench.sleep(until: MonotonicClock.now() + .milliseconds(150))
            }
        }
        return false
    }

    func heal(_ bench: Bench) throws(Interruption) {
        guard !state.withLock({ $0.isHealed }) else { return }
        try present.heal(bench)
    }

    func recovered(_ bench: Bench) throws(Interruption) {
        guard !state.withLock({ $0.isHealed }) else { return }
        try bench.lookAtHoldings(after: faults.count)
    }

    func pass(until instant: Instant, _ bench: Bench) throws(Interruption) {
        try present.pass(until: instant, bench)
    }

    func began(_ bench: Bench) -> Instant { present.began(bench) }
    func healDue(_ bench: Bench) -> Instant { present.healDue(bench) }
    func sentinelsDue(_ bench: Bench) -> Instant { present.sentinelsDue(bench) }
}
