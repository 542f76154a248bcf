import CPlatform
import Glibc
import Synchronization

/// A thread of our own with a name that shows in `top -H`, for loops that block or must be on time. Nothing that blocks runs on Swift's
/// cooperative pool.
public final class NamedThread: Sendable {
    private struct State {
        var thread: pthread_t?
    }

    private let state = Mutex(State(thread: nil))
    private let realtime = Atomic(false)

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private init() {}

    /// True when the thread runs under SCHED_FIFO; false when it was not asked for or the system refused it.
    public var isRealtime: Bool { realtime.load(ordering: .acquiring) }

    /// Starts `body` on a new thread.
    ///
    /// - Parameter realtimePriority: 1…99 asks for SCHED_FIFO; without the right to it the thread runs as usual and `isRealtime` says so.
    @discardableResult
    public static func start(
        _ name: String, realtimePriority: Int32? = nil, _ body: @escaping @Sendable () -> Void
    ) -> NamedThread {
        let thread = NamedThread()
        let start = unsafe Unmanaged.passRetained(Start(name: name, body: body)).toOpaque()
        var handle = pthread_t()
        // The thread starts with all signals blocked: they are for the thread that reads the signal descriptor.
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        let result = unsafe pthread_create(
            &handle, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                // The kernel keeps 15 octets of a thread's name.
                _ = unsafe String(start.name.prefix(15)).withCString { unsafe platform_set_thread_name($0) }
                start.body()
                return nil
            }, start)
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        precondition(result == 0, "no thread could be made: \(SystemFailure.text(code: result))")
        if let realtimePriority {
            var parameters = sched_param(sched_priority: realtimePriority)
            let isRealtime = unsafe pthread_setschedparam(handle, SCHED_FIFO, &parameters) == 0
            thread.realtime.store(isRealtime, ordering: .releasing)
        }
        thread.state.withLock { $0.thread = handle }
        return thread
    }

    /// Waits for the thread's end. Joining again returns at once.
    public func join() {
        let handle = state.withLock { state in
            defer { state.thread = nil }
            return state.thread
        }
        if let handle { pthread_join(handle, nil) }
    }

    deinit {
        if let handle = state.withLock({ $0.thread }) { pthread_detach(handle) }
    }
}

/// Pages that cannot be swapped out from under a timing-critical thread.
public enum LockedMemory {
    /// Locks present and future pages of the process; false where the system refuses.
    public static func lockAll() -> Bool {
        mlockall(Int32(MCL_CURRENT) | Int32(MCL_FUTURE)) == 0
    }
}
