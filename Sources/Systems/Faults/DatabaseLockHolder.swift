import Events
import Glibc
public import Platform

/// The process that holds the lock of a database, and the command that it runs.
///
/// It is a process of its own, because POSIX locks belong to a process and not to a descriptor: whatever of that process closes any descriptor of
/// the file lets all its locks go (fcntl(2)), while SQLite in it still believes to hold them. A holder that does nothing else cannot lose
/// its lock like that, and the rig's own attempts, made elsewhere, ask the kernel and not SQLite's memory.
public final class DatabaseLockHolder: Sendable {
    /// The holder itself waits two seconds for a writer that has the lock.
    private static let heldWithin = Instant.Span.seconds(5)

    private let process: ChildProcess
    private let lifeline: RecordChannel

    /// Starts the holder and returns when it has the lock.
    ///
    /// - Parameter program: path of the knxrig program, which is started as `knxrig hold-database`.
    /// - Throws: why the lock could not be had.
    public init(path: String, program: String) throws(SystemFault) {
        do throws(SystemFailure) {
            let (ours, theirs) = try Socket.pair()
            var request = ChildProcess.Request(path: program, arguments: ["hold-database", path])
            request.descriptors = [(Lifeline.childDescriptorNumber, theirs)]
            request.newSession = true
            process = try ChildProcess.spawn(request)
            theirs.close()
            lifeline = RecordChannel(ours)
        } catch {
            throw SystemFault("what is to lock \(path) could not be started: \(error)")
        }
        let answer = try? lifeline.receive(until: MonotonicClock.now() + Self.heldWithin)
        guard case .record(let record) = answer, record["is"] == "held" else {
            let reason = if case .record(let record) = answer { record["reason"]?.text } else { nil as String? }
            release()
            throw SystemFault(reason ?? "what is to lock \(path) did not answer within 5 s")
        }
    }

    deinit { release() }

    /// Ends the holder, and the lock with it. Nothing was changed under it. Calling it again does nothing.
    public func release() {
        process.send(signal: SIGKILL)
        _ = process.wait()
    }

    /// What the holder does: takes the lock and keeps it until its lifeline ends.
    ///
    /// - Returns: the exit status of the process.
    public static func run(path: String, lifeline: RecordChannel) -> Int32 {
        let lock = DatabaseLock(path: path)
        do {
            try lock.take()
            try lifeline.send(["is": "held"])
        } catch {
            try? lifeline.send(["is": "failed", "reason": .text("\(error)")])
            return 1
        }
        while case .record = try? lifeline.receive() {}
        lock.release()
        return 0
    }
}
