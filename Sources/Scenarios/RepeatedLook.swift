import Events
import Platform
import Synchronization

/// A thread that looks at something again and again until it is stopped: what the rig's own watches are made of.
final class RepeatedLook: Sendable {
    private let isStopping = Atomic(false)
    private let thread = Mutex<NamedThread?>(nil)

    /// - Parameter name: of the thread.
    /// - Parameter interval: from the beginning of one look to the beginning of the next; a look that takes longer is followed by the next at once.
    /// - Parameter look: one look, on the thread, with when it began.
    init(_ name: String, every interval: Instant.Span, _ look: @escaping @Sendable (_ begun: Instant) -> Void) {
        let started = NamedThread.start(name) { [self] in
            while !isStopping.load(ordering: .acquiring) {
                let begun = MonotonicClock.now()
                look(begun)
                MonotonicClock.sleep(until: begun + interval)
            }
        }
        thread.withLock { $0 = started }
    }

    /// Waits for the look that is under way. Calling it again does nothing.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }
}
