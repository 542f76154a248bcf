import Glibc

/// A plain thread with a name that `ps -L` shows. Blocking loops live here.
struct NamedThread: Sendable {
    private let thread: pthread_t

    /// Runs `body` on a new thread. All signals are as in the starting thread, that is blocked.
    /// - Parameter name: At most 15 octets.
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        final class Start {
            let name: String
            let body: @Sendable () -> Void
            init(_ name: String, _ body: @escaping @Sendable () -> Void) {
                self.name = name
                self.body = body
            }
        }
        var thread = pthread_t()
        let start = unsafe Unmanaged.passRetained(Start(name, body))
        let result = unsafe pthread_create(
            &thread, nil,
            { argument in
                let start = unsafe Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                let comm = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
                if comm >= 0 {
                    writeAll(start.name, to: comm)
                    close(comm)
                }
                start.body()
                return nil
            }, start.toOpaque())
        precondition(result == 0, "cannot start thread \(name): \(systemError(result))")
        self.thread = thread
    }

    /// Waits until the thread has ended. To be called once.
    func join() {
        pthread_join(thread, nil)
    }
}
