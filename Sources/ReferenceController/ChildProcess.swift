import Glibc

/// How a process ended.
enum ProcessEnd: Sendable {
    case status(Int32)
    case signal(Int32)

    /// For a log line.
    func fields(_ pid: pid_t) -> JSON {
        switch self {
        case .status(let code): ["pid": JSON(pid), "status": JSON(code)]
        case .signal(let number): ["pid": JSON(pid), "signal": JSON(number)]
        }
    }
}

/// A child in a process group of its own, with nothing inherited but its output.
struct ChildProcess: Sendable {
    let pid: pid_t
    /// What it writes to standard output and standard error; to be closed by whoever reads it.
    let output: Int32

    struct SpawnError: Error {
        let message: String
    }

    /// Far above what 256 HTTP connections and the rest need.
    private static let greatestDescriptor: Int32 = 1024

    /// Starts a program with an empty signal mask and default signals, whatever the state of the calling thread.
    static func spawn(_ arguments: [String]) throws(SpawnError) -> ChildProcess {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw SpawnError(message: "no pipe: \(systemError())") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO)
        // libmosquitto does not mark its sockets close-on-exec, so all numbers that we can reach are closed; closing
        // one that is not open is no error here.
        for descriptor in STDERR_FILENO + 1..<min(getdtablesize(), greatestDescriptor) {
            unsafe posix_spawn_file_actions_addclose(&actions, descriptor)
        }

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

        var vector = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { for index in unsafe vector.indices { unsafe free(vector[index]) } }
        var pid: pid_t = 0
        let result = unsafe posix_spawn(&pid, arguments[0], &actions, &attributes, &vector, unsafe environ)
        close(ends[1])
        guard result == 0 else {
            close(ends[0])
            throw SpawnError(message: "\(arguments[0]): \(systemError(result))")
        }
        return ChildProcess(pid: pid, output: ends[0])
    }

    /// Waits for the end without taking the process from the table: its number stays its own until `reap()`.
    func waitForEnd() {
        var information = unsafe siginfo_t()
        while unsafe waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    }

    /// Takes an ended process from the table.
    func reap() -> ProcessEnd {
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? .status(status >> 8 & 0xFF) : .signal(signal)
    }
}

/// Splits what a descriptor delivers into lines until its end, which closes it.
func forEachLine(of descriptor: Int32, _ body: (String) -> Void) {
    var pending: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = unsafe read(descriptor, &part, part.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        for byte in part[..<count] {
            if byte != UInt8(ascii: "\n") { pending.append(byte) }
            if byte == UInt8(ascii: "\n") || pending.count == 4096 {
                body(String(decoding: pending, as: UTF8.self))
                pending.removeAll(keepingCapacity: true)
            }
        }
    }
    if !pending.isEmpty { body(String(decoding: pending, as: UTF8.self)) }
    close(descriptor)
}
