import Events
import Platform
import Synchronization

/// A fault that begins with one command.
protocol CommandedFault: Fault {
    var commanded: Commanded { get }
}

extension CommandedFault {
    func began(_ bench: Bench) -> Instant { commanded.instant }
}

/// When a fault was commanded: told by the fault, asked by the run.
final class Commanded: Sendable {
    private let told = Mutex<Instant?>(nil)

    func set(_ instant: Instant) { told.withLock { $0 = instant } }

    /// As told; the first question stands for a fault that ended before its command.
    var instant: Instant {
        told.withLock { told in
            let instant = told ?? MonotonicClock.now()
            told = instant
            return instant
        }
    }
}
