import Events
import Glibc
import Platform

/// The end of a process and of everything below it, where no namespace ends with its first process.
enum ProcessTree {
    /// Whoever starts others faster than they are killed is stopped first.
    private static let patience = Instant.Span.seconds(5)

    /// Kills everything below a process, orphans that it has taken in included, until nothing is left.
    ///
    /// - Parameter reap: called after each round, for a caller whose children become zombies.
    static func kill(below pid: Int32, reap: () -> Void = {}) {
        let deadline = MonotonicClock.now() + patience
        while MonotonicClock.now() < deadline {
            let tree = ProcessTable.descendants(of: pid)
            if tree.isEmpty { return }
            // One that stands still starts nobody between the look and the signal.
            for process in tree { _ = Glibc.kill(process.pid, SIGSTOP) }
            for process in tree { _ = Glibc.kill(process.pid, SIGKILL) }
            reap()
            MonotonicClock.sleep(for: .milliseconds(2))
        }
    }
}
