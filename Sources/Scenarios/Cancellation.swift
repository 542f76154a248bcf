import Events
public import Platform
import Synchronization

/// Somebody wants the run to stop: Ctrl-C, a stranger on the line, a board that vanished, the death of the command. The first reason
/// stands.
public final class Cancellation: Sendable {
    /// Why a run stops before its end.
    public enum Cause: Sendable, Hashable {
        /// A person or a signal asked for it.
        case aborted(String)
        /// The rig can no longer prove anything: a stranger, a lost board, a tripped interlock.
        case invalid(String)
        /// A step did not get to where the run goes on from, within its time.
        case unreached(String)
        /// Something of the rig's own broke.
        case error(String)

        public var reason: String {
            switch self {
            case .aborted(let reason), .invalid(let reason), .unreached(let reason), .error(let reason): reason
            }
        }
    }

    private let first = Mutex<Cause?>(nil)
    private let wakeup: Wakeup

    public init() throws(SystemFailure) {
        wakeup = try Wakeup()
    }

    /// Asks the run to stop. Callable from any thread.
    public func cancel(_ cause: Cause) {
        first.withLock { first in
            if first == nil { first = cause }
        }
        wakeup.signal()
    }

    public var cause: Cause? { first.withLock { $0 } }

    /// Returns at `instant`, or at once when the run has been cancelled.
    ///
    /// - Throws: the cause, as soon as there is one.
    func sleep(until instant: Instant) throws(Interruption) {
        if cause == nil { _ = Poll.wait([(wakeup.descriptor, .readable)], until: instant) }
        try check()
    }

    /// As `sleep(until:)`, and also returns when `other` is signalled.
    func sleep(until instant: Instant, or other: Wakeup) throws(Interruption) {
        if cause == nil {
            _ = Poll.wait([(wakeup.descriptor, .readable), (other.descriptor, .readable)], until: instant)
        }
        try check()
    }

    func check() throws(Interruption) {
        if let cause { throw Interruption(cause: cause) }
    }
}

/// Leaves the seven steps early; the safe state follows all the same.
public struct Interruption: Error {
    public var cause: Cancellation.Cause

    static func invalid(_ reason: String) -> Interruption { Interruption(cause: .invalid(reason)) }
    static func unreached(_ reason: String) -> Interruption { Interruption(cause: .unreached(reason)) }
    static func error(_ reason: String) -> Interruption { Interruption(cause: .error(reason)) }
}
