import Checkers
import Events
import Platform
import Rigs
import Synchronization
import Systems

/// What is looked at or held while a fault lasts.
extension Bench {
    func watchWrites(_ attempt: @escaping @Sendable () -> String) {
        let sink = sink
        parts.withLock { parts in
            if parts.writeWatch == nil { parts.writeWatch = WriteWatch(attempt, sink: sink) }
        }
    }

    /// Begins to look at something again and again; once for each view.
    func watch(
        _ view: String, every interval: Instant.Span,
        _ look: @escaping @Sendable () -> [(point: String, reading: Value)]
    ) {
        let sink = sink
        parts.withLock { parts in
            if parts.watches[view] == nil {
                parts.watches[view] = Watch(view, every: interval, sink: sink, look)
            }
        }
    }

    func hold(_ lock: DatabaseLockHolder) { parts.withLock { $0.databaseLock = lock } }

    func releaseLock() {
        parts.withLock { parts in
            defer { parts.databaseLock = nil }
            return parts.databaseLock
        }?.release()
    }

    /// The ballast for the disk of the system's data, which is a small one of its own.
    func ballast() throws(Interruption) -> DiskBallast {
        guard let directory = system?.dataDirectory else { throw .error("there is no system under test") }
        return parts.withLock { parts in
            let ballast = parts.ballast ?? DiskBallast(directory: directory)
            parts.ballast = ballast
            return ballast
        }
    }

    func sample(_ view: String, _ point: String, _ said: String) {
        recorder.append(
            Event(
                at: MonotonicClock.now(), source: view,
                .sample(.init(view: view, point: point, reading: .text(said)))))
    }

    /// Begins to look whether the device of the system's interface is there.
    func watchInterface() throws(Interruption) {
        guard parts.withLock({ $0.interfaceWatch }) == nil else { return }
        guard let interface = plan.line.attachments(.sut).first else {
            throw .invalid("line '\(plan.line.id)' has no interface for the system under test")
        }
        let watch = InterfaceWatch(device: device(of: interface), line: plan.line.id, sink: sink)
        parts.withLock { $0.interfaceWatch = watch }
    }

    /// Waits until the system has asked for a value on the line after `instant`; false when it has not by `deadline`.
    func waitForRead(after instant: Instant, until deadline: Instant) throws(Interruption) -> Bool {
        while MonotonicClock.now() < deadline {
            if judged({ $0.hasRead(after: instant) }) { return true }
            try sleep(until: MonotonicClock.now() + .milliseconds(5))
        }
        return false
    }
}
