public import Events
public import Platform
import Synchronization

/// Hands events from the drivers' threads, which must not wait, to the thread that shows or writes them. What that thread leaves lying for too
/// long is dropped and counted.
public final class EventQueue: Sendable {
    /// About half an hour of a full line.
    private static let longest = 100_000

    private let state = Mutex<(events: [Event], dropped: Int)>(([], 0))
    private let wakeup: Wakeup

    public init() throws(SystemFailure) {
        wakeup = try Wakeup()
    }

    /// Readable while there is something to take.
    public var descriptor: Descriptor { wakeup.descriptor }

    public func put(_ event: Event) {
        state.withLock { state in
            if state.events.count < Self.longest { state.events.append(event) } else { state.dropped += 1 }
        }
        wakeup.signal()
    }

    /// All that came since the last time, and how many were dropped in between.
    public func take() -> (events: [Event], dropped: Int) {
        wakeup.drain()
        return state.withLock { state in
            defer { state = ([], 0) }
            return state
        }
    }
}
