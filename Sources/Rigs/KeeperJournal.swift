import Events
import Glibc
import Platform
import Synchronization

/// The keeper's own record: one JSON line per command, read-back, client and trip, on disk before the next thing happens. It is written apart
/// from the run's evidence because the keeper acts after the run is dead.
final class KeeperJournal: Sendable {
    private let file: Descriptor?

    /// - Parameter path: appended to; nil writes nothing.
    init(path: String?) throws(SystemFailure) {
        guard let path else {
            file = nil
            return
        }
        let number = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard number >= 0 else { throw SystemFailure("append to", path) }
        file = Descriptor(owning: number)
    }

    func write(
        _ kind: String, at instant: Instant = MonotonicClock.now(), by process: String, _ details: (String, Value?)...
    ) {
        guard let file else { return }
        let fixed: [(String, Value?)] = [
            ("t", .integer(instant.nanoseconds)), ("at", .text(process)), ("k", .text(kind)),
        ]
        var line: [UInt8] = []
        JSON.append(.record(present: fixed + details), to: &line)
        line.append(0x0A)
        try? file.writeAll(line)
    }
}
