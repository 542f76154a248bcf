import Events
import Platform
import Synchronization

/// What can't wait for the transfers that a board's thread has under way: the safe state. Within `heeded` they end as `gaveWay` once it is asked for;
/// outside of it, as when the safe state itself is commanded, they take the time that they need.
final class Urgency: Sendable {
    private struct Heeded {
        var urgency: Urgency
        var from: Instant
    }

    /// What the calls of this thread heed. Carried beside them, since every one of them may be the one that lasts.
    @TaskLocal private static var current: Heeded?

    private let isAsked = Atomic(false)
    private let wakeup: Wakeup

    init() throws(SystemFailure) {
        wakeup = try Wakeup()
    }

    /// Callable from any thread, but not at once with `take()`.
    func ask() {
        isAsked.store(true, ordering: .releasing)
        wakeup.signal()
    }

    /// It is being seen to.
    func take() {
        isAsked.store(false, ordering: .releasing)
        wakeup.drain()
    }

    /// Does `body`, whose transfers give way.
    ///
    /// - Parameter span: for how long they don't: what an honest board is done with by then is better done than left in the middle.
    func heeded<Result>(after span: Instant.Span = .zero, _ body: () -> Result) -> Result {
        Self.$current.withValue(Heeded(urgency: self, from: MonotonicClock.now() + span), operation: body)
    }

    /// Whether this thread's transfers are to give way now.
    static var isPressing: Bool {
        guard let current else { return false }
        return current.urgency.isAsked.load(ordering: .acquiring) && current.from <= MonotonicClock.now()
    }

    static func giveWay() throws(TransportFailure) {
        if isPressing { throw .gaveWay }
    }

    /// Waits until there is something to read; false when there is nothing at the deadline.
    static func waitToRead(_ descriptor: Descriptor, until deadline: Instant) throws(TransportFailure) -> Bool {
        guard let current else { return !Poll.wait([(descriptor, .readable)], until: deadline)[0].isEmpty }
        while true {
            let now = MonotonicClock.now()
            let isDeaf = now < current.from
            let urgent: [(descriptor: Descriptor, for: Readiness)] =
                isDeaf ? [] : [(current.urgency.wakeup.descriptor, .readable)]
            let ready = Poll.wait(
                [(descriptor, .readable)] + urgent, until: isDeaf ? min(deadline, current.from) : deadline)
            if !ready[0].isEmpty { return true }
            try giveWay()
            if deadline <= MonotonicClock.now() { return false }
        }
    }
}
