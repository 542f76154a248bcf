import Glibc
import Synchronization

/// Asks knxd again and again for a connection of its own and ends one that does not answer.
///
/// A knxd that stands still keeps its sockets: nothing is closed, nothing is refused, and a line on which nobody speaks looks the same. Only an
/// answer tells the two apart.
final class KnxdWatchdog: Sendable {
    private static let intervalMilliseconds = 2000
    /// A knxd that is just starting may not answer yet; the socket's own time-out is 2 s.
    private static let greatestSilences = 2

    /// A knxd that answers this late stood still meanwhile, and may have lost what arrived: one that was stopped for 5 s while it waited for a confirmation
    /// begins anew with its interface and forgets what had come in (0.14.54, seen).
    private static let lateNanoseconds: Int64 = 500_000_000

    private let supervisor: KnxdSupervisor
    private let stoodStill: @Sendable () -> Void
    private let stopping = Atomic(false)
    private let wakeup = Wakeup()

    /// - Parameter stoodStill: Called when a knxd that did not answer for a while answers again.
    init(_ supervisor: KnxdSupervisor, stoodStill: @escaping @Sendable () -> Void) {
        self.supervisor = supervisor
        self.stoodStill = stoodStill
    }

    func stop() {
        stopping.store(true, ordering: .releasing)
        wakeup.signal()
    }

    private var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// The loop of the watchdog's thread; it returns after `stop()`.
    func run() {
        var silences = 0
        /// The knxd that has answered before: one that has only just started may take its time.
        var known: pid_t?
        while !isStopping {
            wakeup.wait(milliseconds: Self.intervalMilliseconds)
            guard !isStopping, let present = supervisor.pid else {
                silences = 0
                continue
            }
            let asked = monotonicNanoseconds()
            if let socket = KnxdSocket.open(KnxdSupervisor.socketPath, orderedToStop: { self.isStopping }) {
                close(socket)
                let isLate = monotonicNanoseconds() - asked > Self.lateNanoseconds
                if silences > 0 || isLate, present == known {
                    Log.warning("knxd stood still", ["silences": JSON(silences)])
                    stoodStill()
                }
                known = present
                silences = 0
                continue
            }
            silences += 1
            guard silences >= Self.greatestSilences, supervisor.isRunning, !isStopping else { continue }
            Log.error("knxd hung", ["silences": JSON(silences)])
            supervisor.endHung()
            silences = 0
        }
    }
}
