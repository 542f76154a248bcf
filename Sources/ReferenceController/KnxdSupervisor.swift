import Glibc
import Synchronization

/// Runs knxd as a child: writes its configuration, starts it, logs its output, notices its exit and starts it again.
///
/// knxd leaves the process when its interface fails (0.14.54: unplugged at once, bus dead 5.0 s after a blocked send or
/// 12.8 s when idle) and re-opens nothing within a process; so its exit is ordinary, and starting it again the cure.
final class KnxdSupervisor: Sendable {
    private struct Content {
        var child: ChildProcess?
        var stopping = false
    }

    /// Names within the data directory, which is the working directory: a path to a Unix socket must be short.
    static let socketPath = "knxd.sock"
    private static let pidFile = "knxd.pid"

    private static let greatestDelayMilliseconds = 4000
    /// One that lived shorter could not open its interface.
    private static let openedAfterNanoseconds: Int64 = 1_000_000_000
    /// A knxd that lived this long was well; the delay goes back to its base.
    private static let wellAfterNanoseconds: Int64 = 30_000_000_000

    /// How many restarts in how long are taken for a knxd that cannot be helped, where their number has a limit. systemd's own (5 in 10 s) nobody
    /// reaches: on a dead line a knxd takes 2.5 s to find out.
    private static let limitedRestarts = 5
    private static let limitNanoseconds: Int64 = 60_000_000_000

    private let configuration: Configuration.Knxd
    /// Absolute, so that a knxd of this data directory is known by its command line.
    private let iniPath: String
    private let protections: Set<Protection>
    private let status: Status
    private let content = Mutex(Content())
    private let wakeup = Wakeup()

    init(_ configuration: Configuration, protections: Set<Protection>, status: Status) {
        self.configuration = configuration.knxd
        iniPath = configuration.data + "/knxd.ini"
        self.protections = protections
        self.status = status
    }

    var isRunning: Bool { pid != nil }

    /// Of the knxd that runs; nil while none does.
    var pid: pid_t? { content.withLock { $0.child?.pid } }

    /// The loop of the supervisor's thread; it returns after `stop()`, or when knxd is not to be started again.
    func run() {
        endLeftover()
        let base = configuration.restartDelayMilliseconds
        var delay = base
        var restarts: [Int64] = []
        while true {
            let started = monotonicNanoseconds()
            let reader = start()
            if let reader, let child = content.withLock({ $0.child }) {
                child.waitForEnd()
                let end = content.withLock { content in
                    content.child = nil
                    return child.reap()
                }
                status.knxdPID.store(0, ordering: .relaxed)
                unsafe unlink(Self.pidFile)
                Log.write(ordinary: isStopping, "knxd exited", end.fields(child.pid))
                reader.join()
            }
            if isStopping { return }
            if !protections.contains(.knxdRestart) {
                Log.error("knxd not restarted", ["without": .string(Protection.knxdRestart.rawValue)])
                return
            }
            let lived = monotonicNanoseconds() - started
            if lived < Self.openedAfterNanoseconds, !protections.contains(.interfaceReopen) {
                Log.error("knxd not restarted", ["without": .string(Protection.interfaceReopen.rawValue)])
                return
            }
            restarts.removeAll { monotonicNanoseconds() - $0 > Self.limitNanoseconds }
            if restarts.count >= Self.limitedRestarts, !protections.contains(.knxdRestartUnlimited) {
                Log.error("knxd not restarted", ["without": .string(Protection.knxdRestartUnlimited.rawValue)])
                return
            }
            if lived >= Self.wellAfterNanoseconds { delay = base }
            wakeup.wait(milliseconds: delay)
            delay = min(delay * 3 / 2, max(base, Self.greatestDelayMilliseconds))
            if isStopping { return }
            restarts.append(monotonicNanoseconds())
            status.knxdRestarts.add(1, ordering: .relaxed)
        }
    }

    /// Ends knxd: SIGTERM, and SIGKILL when it is still there after 1 s.
    func stop() {
        content.withLock { $0.stopping = true }
        wakeup.signal()
        signal(SIGTERM)
        let deadline = monotonicNanoseconds() + 1_000_000_000
        while isRunning, monotonicNanoseconds() < deadline { usleep(5000) }
        signal(SIGKILL)
    }

    /// Ends a knxd that answers nobody; its exit is then noticed like any other.
    func endHung() { signal(SIGKILL) }

    private var isStopping: Bool { content.withLock { $0.stopping } }

    /// Under the lock, so that the process cannot have been reaped and its number given to another.
    private func signal(_ number: Int32) {
        content.withLock { content in
            if let child = content.child { _ = kill(-child.pid, number) }
        }
    }

    /// Starts knxd and the thread that logs its output; nil when that was not possible.
    private func start() -> NamedThread? {
        unsafe unlink(Self.socketPath)
        let child: ChildProcess?
        do throws(ChildProcess.SpawnError) {
            try writeFile(iniPath, ini)
            child = try content.withLock { content throws(ChildProcess.SpawnError) in
                if !content.stopping { content.child = try .spawn([configuration.binary, iniPath]) }
                return content.child
            }
        } catch {
            Log.error("knxd not started", ["error": .string(error.message)])
            return nil
        }
        guard let child else { return nil }
        status.knxdPID.store(child.pid, ordering: .relaxed)
        do throws(ChildProcess.SpawnError) {
            try writeFile(Self.pidFile, "\(child.pid)\n")
        } catch {
            Log.warning("knxd pid file not written", ["error": .string(error.message)])
        }
        Log.info("knxd started", ["pid": JSON(child.pid)])
        return NamedThread("knxd output") {
            forEachLine(of: child.output) { Log.info("knxd output", ["line": .string($0)]) }
        }
    }

    /// The queue filter takes the interface's pace off the router: without it a full bus delays what is received by
    /// hundreds of milliseconds (0.14.54, measured). There is no retry filter: knxd's own detection ends the process.
    private var ini: String {
        """
        [main]
        addr = \(configuration.address)
        client-addrs = \(configuration.clientAddresses)
        connections = unix,tp

        [unix]
        server = knxd_unix
        path = \(Self.socketPath)

        [tp]
        driver = tpuart
        device = \(configuration.device)
        filters = q

        [q]
        filter = queue

        """
    }

    /// Ends a knxd that outlived a controller killed by SIGKILL. The pid file alone proves nothing: numbers are reused.
    private func endLeftover() {
        guard let content = try? readFile(Self.pidFile),
            let pid = pid_t(String(decoding: content, as: UTF8.self).filter { !$0.isWhitespace }), pid > 1
        else { return }
        for signal in [SIGTERM, SIGKILL] where isOurs(pid) {
            Log.warning("leftover knxd ended", ["pid": JSON(pid), "signal": JSON(signal)])
            _ = kill(pid, signal)
            let deadline = monotonicNanoseconds() + 1_000_000_000
            while isOurs(pid), monotonicNanoseconds() < deadline { usleep(5000) }
        }
        unsafe unlink(Self.pidFile)
    }

    private func isOurs(_ pid: pid_t) -> Bool {
        guard let line = try? readFile("/proc/\(pid)/cmdline") else { return false }
        return line.split(separator: 0).contains { $0.elementsEqual(iniPath.utf8) }
    }

    private func writeFile(_ path: String, _ text: String) throws(ChildProcess.SpawnError) {
        // What is there already is left alone: on a full disk it could be emptied and not be filled again.
        if let present = try? readFile(path), present.elementsEqual(text.utf8) { return }
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .init(message: "\(path): \(systemError())") }
        defer { close(descriptor) }
        guard writeAll(text, to: descriptor) else { throw .init(message: "\(path): \(systemError())") }
    }
}
