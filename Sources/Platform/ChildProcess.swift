import CPlatform
public import Events
import Glibc
import Synchronization

/// A child process of ours.
public final class ChildProcess: Sendable {
    public let pid: Int32

    /// How a process ended.
    public enum Exit: Hashable, Sendable, CustomStringConvertible {
        case status(Int32)
        case signal(Int32)

        public var description: String {
            switch self {
            case .status(let status): "exit status \(status)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    /// A namespace of its own for a child.
    public enum Namespace: Hashable, Sendable {
        case network, mount, process
    }

    /// What is to be started, and with what.
    public struct Request: Sendable {
        /// Path of the program; a bare name is looked up in PATH.
        public var path: String
        /// Without the program's own name.
        public var arguments: [String]
        /// nil: as ours.
        public var environment: [String: String]?
        public var workingDirectory: String?
        /// Descriptors of ours that the child gets, under which numbers. Any other is closed for it.
        public var descriptors: [(number: Int32, descriptor: Descriptor)] = []
        /// nil: /dev/null.
        public var standardInput: Descriptor?
        /// nil: ours.
        public var standardOutput: Descriptor?
        /// nil: ours.
        public var standardError: Descriptor?
        /// A session of its own, so that Ctrl-C at the terminal does not reach it.
        public var newSession = false
        public var namespaces: Set<Namespace> = []
        /// SIGKILL when the thread that spawned it ends: only for threads that outlive the child.
        public var diesWithParent = false

        public init(path: String, arguments: [String] = []) {
            self.path = path
            self.arguments = arguments
        }
    }

    private let exit = Mutex<Exit?>(nil)

    private init(pid: Int32) {
        self.pid = pid
    }

    /// Starts a process with an empty signal mask, default dispositions, normal scheduling and no descriptor but those named.
    ///
    /// - Throws: what failed between here and the program's first instruction, with the program's path.
    public static func spawn(_ request: Request) throws(SystemFailure) -> ChildProcess {
        guard let path = Program.find(request.path) else {
            throw SystemFailure("execute", request.path, code: ENOENT)
        }
        let nothing = try Descriptor.null()
        var handed: [(number: Int32, descriptor: Descriptor)] = [(0, request.standardInput ?? nothing)]
        if let output = request.standardOutput { handed.append((1, output)) }
        if let error = request.standardError { handed.append((2, error)) }
        handed += request.descriptors
        let environment = (request.environment ?? Program.environment).map { "\($0.key)=\($0.value)" }
        var failedStep: UnsafePointer<CChar>? = nil
        let sources = handed.map(\.descriptor.number)
        let numbers = handed.map(\.number)
        let pid = unsafe withArgumentVector([path] + request.arguments) { arguments in
            unsafe withArgumentVector(environment) { variables in
                unsafe path.withCString { path in
                    unsafe withOptionalCString(request.workingDirectory) { directory in
                        unsafe sources.withUnsafeBufferPointer { sources in
                            unsafe numbers.withUnsafeBufferPointer { numbers in
                                var spawn = unsafe platform_spawn()
                                unsafe spawn.path = path
                                unsafe spawn.arguments = arguments
                                unsafe spawn.environment = variables
                                unsafe spawn.working_directory = directory
                                unsafe spawn.descriptors = sources.baseAddress
                                unsafe spawn.descriptor_numbers = numbers.baseAddress
                                unsafe spawn.descriptor_count = Int32(sources.count)
                                unsafe spawn.new_session = request.newSession
                                unsafe spawn.new_network = request.namespaces.contains(.network)
                                unsafe spawn.new_mounts = request.namespaces.contains(.mount)
                                unsafe spawn.new_processes = request.namespaces.contains(.process)
                                unsafe spawn.dies_with_parent = request.diesWithParent
                                return unsafe platform_spawn(&spawn, &failedStep)
                            }
                        }
                    }
                }
            }
        }
        withExtendedLifetime(handed) {}
        guard pid > 0 else {
            let step = unsafe failedStep.map { unsafe String(cString: $0) } ?? "spawn"
            throw SystemFailure("\(step) for", request.path, code: -pid)
        }
        return ChildProcess(pid: pid)
    }

    /// Waits for the end of the process.
    public func wait() -> Exit {
        wait(until: nil) ?? .status(-1)
    }

    /// Waits for the end of the process until `deadline`; nil when it still runs then.
    public func wait(until deadline: Instant) -> Exit? {
        wait(until: Optional(deadline))
    }

    private func wait(until deadline: Instant?) -> Exit? {
        if let known = exit.withLock({ $0 }) { return known }
        let number = platform_pidfd_open(pid)
        if number >= 0 {
            let handle = Descriptor(owning: number)
            if Poll.wait([(handle, .readable)], until: deadline)[0].isEmpty { return nil }
        }
        return exit.withLock { exit in
            if let exit { return exit }
            var status: Int32 = 0
            var result: pid_t
            repeat { result = unsafe waitpid(pid, &status, 0) } while result < 0 && errno == EINTR
            guard result == pid else { return nil }
            let code = platform_exit_status(status)
            exit = code >= 0 ? .status(code) : .signal(platform_exit_signal(status))
            return exit
        }
    }

    /// Sends a signal, unless the process has been waited for already (its number may be somebody else's by then).
    public func send(signal: Int32) {
        exit.withLock { exit in
            if exit == nil { _ = kill(pid, signal) }
        }
    }
}

private func withArgumentVector<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe texts.map { unsafe strdup($0) } + [nil]
    defer {
        for index in unsafe pointers.indices { unsafe free(pointers[index]) }
    }
    return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an argument vector ends in NULL") }
        return unsafe body(UnsafePointer(base))
    }
}

private func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    guard let text else { return body(nil) }
    return unsafe text.withCString { unsafe body($0) }
}
