import Events
import Glibc
import Platform
import Synchronization

/// Watches the files of a database while whoever has it open is asked to end: when a descriptor that could write it was closed last, and when its
/// write-ahead log was removed. The kernel tells it (inotify), so that a file that is gone for a moment only is seen too.
final class DatabaseClosing: Sendable {
    /// When something happened: after one look that found nothing of it and before the next.
    struct Seen: Equatable, Sendable {
        var after: Instant
        var before: Instant

        var middle: Instant { Instant(nanoseconds: (after.nanoseconds + before.nanoseconds) / 2) }

        /// Standard uncertainty: the width over √12.
        var uncertaintyNanoseconds: Int64 {
            Int64((Double((before - after).nanoseconds) / 12.0.squareRoot()).rounded(.up))
        }
    }

    /// The last of each; nil for what did not happen.
    struct Report: Equatable, Sendable {
        var closed: Seen?
        var logRemoved: Seen?
        /// The kernel had more to tell than it keeps.
        var isIncomplete = false
    }

    /// The kernel wakes the thread; where nothing happens it looks all the same, so that what happens lies within so long.
    private static let interval = Instant.Span.milliseconds(2)
    /// A run that is broken off asks for no report.
    private static let atMost = Instant.Span.seconds(60)

    private let path: String
    private let queue: Descriptor
    private let isFinishing = Atomic(false)
    private let report = Mutex(Report())
    private let thread = Mutex<NamedThread?>(nil)

    /// Begins to watch.
    ///
    /// - Parameter path: of the database.
    init(path: String) throws(SystemFailure) {
        self.path = path
        let number = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        guard number >= 0 else { throw SystemFailure("watch", path) }
        queue = Descriptor(owning: number)
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        guard
            unsafe inotify_add_watch(
                number, directory.isEmpty ? "/" : directory, UInt32(IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM)) >= 0
        else { throw SystemFailure("watch", directory) }
        let started = NamedThread.start("database closing") { [self] in
            let end = MonotonicClock.now() + Self.atMost
            var empty = MonotonicClock.now()
            while !isFinishing.load(ordering: .acquiring), MonotonicClock.now() < end {
                _ = Poll.wait([(queue, .readable)], until: empty + Self.interval)
                look(&empty)
            }
            // What came before the order to finish.
            look(&empty)
        }
        thread.withLock { $0 = started }
    }

    /// Ends the watch.
    func finish() -> Report {
        isFinishing.store(true, ordering: .releasing)
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
        queue.close()
        return report.withLock { $0 }
    }

    /// - Parameter empty: before the last look that found no more; moved on.
    private func look(_ empty: inout Instant) {
        while true {
            let begun = MonotonicClock.now()
            guard let octets = try? queue.read(maximum: 1 << 16), !octets.isEmpty else {
                empty = begun
                return
            }
            let seen = Seen(after: empty, before: MonotonicClock.now())
            report.withLock { report in
                for change in Self.changes(octets) {
                    let name = path.split(separator: "/").last.map(String.init) ?? path
                    if change.mask & UInt32(IN_Q_OVERFLOW) != 0 { report.isIncomplete = true }
                    if change.name == name, change.mask & UInt32(IN_CLOSE_WRITE) != 0 { report.closed = seen }
                    if change.name == name + "-wal", change.mask & UInt32(IN_DELETE | IN_MOVED_FROM) != 0 {
                        report.logRemoved = seen
                    }
                }
            }
        }
    }

    /// What the kernel tells, each as inotify(7) lays it out: watch, mask, cookie and length of the name in 32 bits each, then the name, filled up with zeros.
    private static func changes(_ octets: [UInt8]) -> [(mask: UInt32, name: String)] {
        let head = 16
        var changes: [(mask: UInt32, name: String)] = []
        var rest = octets[...]
        func number(_ at: Int) -> UInt32 {
            rest.dropFirst(at).prefix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        while rest.count >= head {
            let mask = number(4)
            let length = Int(number(12))
            let name = rest.dropFirst(head).prefix(length).prefix { $0 != 0 }
            changes.append((mask, String(decoding: name, as: UTF8.self)))
            rest = rest.dropFirst(head + length)
        }
        return changes
    }
}
