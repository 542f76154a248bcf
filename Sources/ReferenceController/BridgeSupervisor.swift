import Glibc
import Synchronization

/// Runs the bridge as a child and starts it again when it has ended.
final class BridgeSupervisor: Sendable {
    private struct Content {
        var child: ChildProcess?
        var stopping = false
    }

    private static let restartDelayMilliseconds = 500

    private let daemon: String
    private let protections: Set<Protection>
    private let content = Mutex(Content())
    private let wakeup = Wakeup()

    /// - Parameter daemon: The socket at which the bridge reaches knxd.
    init(daemon: String, _ protections: Set<Protection>) {
        self.daemon = daemon
        self.protections = protections
    }

    private var isStopping: Bool { content.withLock { $0.stopping } }

    /// The loop of the supervisor's thread; it returns after `stop()`, or when the bridge is not to be started again.
    func run() {
        while !isStopping {
            if let child = start() {
                let reader = NamedThread("bridge output") {
                    forEachLine(of: child.output) { Log.warning("bridge output", ["line": .string($0)]) }
                }
                child.waitForEnd()
                let end = content.withLock { content in
                    content.child = nil
                    return child.reap()
                }
                reader.join()
                Log.write(ordinary: isStopping, "bridge exited", end.fields(child.pid))
            }
            if isStopping { return }
            if !protections.contains(.bridgeSupervise) {
                Log.error("bridge not restarted", ["without": .string(Protection.bridgeSupervise.rawValue)])
                return
            }
            wakeup.wait(milliseconds: Self.restartDelayMilliseconds)
        }
    }

    func stop() {
        content.withLock { content in
            content.stopping = true
            // Under the lock, so that the process cannot have been reaped and its number given to another.
            if let child = content.child { _ = kill(-child.pid, SIGTERM) }
        }
        wakeup.signal()
    }

    private func start() -> ChildProcess? {
        do throws(ChildProcess.SpawnError) {
            let child = try content.withLock { content throws(ChildProcess.SpawnError) -> ChildProcess? in
                if !content.stopping { content.child = try .spawn(["/proc/self/exe", "--bridge", daemon]) }
                return content.child
            }
            if let child { Log.info("bridge started", ["pid": JSON(child.pid)]) }
            return child
        } catch {
            Log.error("bridge not started", ["error": .string(error.message)])
            return nil
        }
    }
}
