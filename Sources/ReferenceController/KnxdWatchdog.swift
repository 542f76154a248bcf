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

    private let supervisor: KnxdSupervisor
    private let stopping = Atomic(false)
    private let wakeup = Wakeup()

    init(_ supervisor: KnxdSupervisor) {
        self.supervisor = supervisor
    }

    func stop() {
        stopping.store(true, ordering: .releasing)
        wakeup.signal()
    }

    private var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// The loop of the watchdog's thread; it returns after `stop()`.
    func run() {
        var silences = 0
        while !isStopping {
            wakeup.wait(milliseconds: Self.intervalMilliseconds)
            guard !isStopping, supervisor.isRunning else {
                silences = 0
                continue
            }
            if let socket = KnxdSocket.open(orderedToStop: { self.isStopping }) {
                close(socket)
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
