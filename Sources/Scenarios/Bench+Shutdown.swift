import Events
import Platform
import Systems

/// What a run looks at when the system is asked to end.
extension Bench {
    private static let view = "shutdown"
    /// Until stores that do not answer are given up.
    private static let patience = Instant.Span.seconds(5)

    /// Begins to watch the system's database; the rig itself looks away until the system has ended.
    ///
    /// - Returns: nil where there is no database, or it cannot be watched.
    func watchDatabaseClosing() -> DatabaseClosing? {
        guard let system, let path = system.databasePath else { return nil }
        system.lookAwayFromDatabase(true)
        do throws(SystemFailure) {
            let closing = try DatabaseClosing(path: path)
            sample(Self.view, "watched", "yes")
            return closing
        } catch {
            sample(Self.view, "watched", "no: \(error)")
            return nil
        }
    }

    /// What a system that has ended left of its database, and when it closed it.
    func lookAtClosedDatabase(_ closing: DatabaseClosing?) {
        guard let system, let path = system.databasePath else { return }
        sample(Self.view, "write_ahead_log", Files.exists(path + "-wal") ? "left" : "gone")
        if let report = closing?.finish() {
            if report.isIncomplete { sample(Self.view, "watched", "no: more happened than the kernel keeps") }
            for (point, seen) in [("log_removed", report.logRemoved), ("database_closed", report.closed)] {
                guard let seen else { continue }
                sink(
                    Event(
                        at: seen.middle, uncertaintyNanoseconds: seen.uncertaintyNanoseconds, source: Self.view,
                        .sample(.init(view: Self.view, point: point, reading: .text("seen")))))
            }
        }
        system.lookAwayFromDatabase(false)
    }

    /// Reads all that the stores of a system that has ended hold; stores that do not answer are asked again for a while.
    func readKept() throws(Interruption) {
        guard let system else { return }
        let deadline = MonotonicClock.now() + Self.patience
        if system.profile.rows != nil {
            while !system.readKeptRows(), MonotonicClock.now() < deadline {
                try sleep(until: MonotonicClock.now() + .milliseconds(200))
            }
        }
        guard system.profile.history?.entries != nil, let look = system.history else { return }
        while MonotonicClock.now() < deadline {
            let begun = MonotonicClock.now()
            if let entries = look.entries() {
                for (point, raw, reading) in entries {
                    sink(
                        Event(
                            at: begun,
                            uncertaintyNanoseconds: max(1_000_000, (MonotonicClock.now() - begun).nanoseconds),
                            source: HistoryLook.keptView,
                            .sample(.init(view: HistoryLook.keptView, point: point, raw: raw, reading: reading))))
                }
                return
            }
            try sleep(until: MonotonicClock.now() + .milliseconds(200))
        }
    }
}
