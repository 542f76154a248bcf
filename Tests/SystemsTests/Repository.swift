import Events
import Foundation
import Glibc
import Platform
import Synchronization
import Testing

@testable import Systems

/// Where the sources and the built programs lie.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func path(_ relative: String) -> String { root + "/" + relative }

    /// A program built from this package; nil when it is not there.
    static func program(_ name: String) -> String? {
        let path = path(".build/debug/" + name)
        return Files.exists(path) ? path : nil
    }

    /// Namespaces of one's own need root.
    static let canHost = geteuid() == 0 && program("knxrig") != nil
    static let whyNoHost: Comment = "needs root for namespaces and the built knxrig"
}

extension String {
    /// nil when `part` does not occur.
    func replacingFirst(_ part: String, with other: String) -> String? {
        guard let range = range(of: part) else { return nil }
        return replacingCharacters(in: range, with: other)
    }

    func replacingOccurrences(_ part: String, with other: String) -> String {
        replacingOccurrences(of: part, with: other)
    }
}

/// Collects the events of whatever is tested, and waits for some.
final class Collector: Sendable {
    private let events = Mutex<[Event]>([])

    /// As the program does first of all: a reader that went away is an error where it happens.
    init() { Signals.ignorePipe() }

    var sink: EventSink { { event in self.events.withLock { $0.append(event) } } }
    var all: [Event] { events.withLock { $0 } }

    /// Waits until an event fulfils `condition`; nil after `seconds`.
    func first(within seconds: Int64 = 10, where condition: (Event) -> Bool) -> Event? {
        let deadline = MonotonicClock.now() + .seconds(seconds)
        while true {
            if let event = all.first(where: condition) { return event }
            if MonotonicClock.now() > deadline { return nil }
            MonotonicClock.sleep(for: .milliseconds(5))
        }
    }
}

/// Waits until `condition` holds; false after `seconds`.
func eventually(within seconds: Int64 = 10, _ condition: () -> Bool) -> Bool {
    let deadline = MonotonicClock.now() + .seconds(seconds)
    while !condition() {
        if MonotonicClock.now() > deadline { return false }
        MonotonicClock.sleep(for: .milliseconds(5))
    }
    return true
}
