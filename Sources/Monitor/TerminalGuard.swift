import Events
import Glibc
public import Platform

/// Gives a terminal back whatever ends the monitor, SIGKILL too: a process of its own that keeps the terminal's settings and puts them back when its
/// lifeline ends.
public final class TerminalGuard: Sendable {
    /// Leaves the other screen, shows the cursor, takes colours away.
    static let leaving = "\u{1B}[0m\u{1B}[?25h\u{1B}[?1049l"
    static let entering = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J"

    private let channel: RecordChannel
    private let child: ChildProcess

    /// Returns when the guard has the settings as they are now.
    ///
    /// - Parameter program: our own path.
    init(program: String, terminal: Descriptor) throws(SystemFailure) {
        let (near, far) = try Socket.pair()
        var request = ChildProcess.Request(path: program, arguments: ["guard-terminal"])
        request.descriptors = [(Lifeline.childDescriptorNumber, far)]
        request.standardInput = terminal
        // So that a Ctrl-C, and the end of the terminal's jobs, do not reach it.
        request.newSession = true
        child = try ChildProcess.spawn(request)
        channel = RecordChannel(near)
        far.close()
        guard case .record = try channel.receive(until: MonotonicClock.now() + .seconds(5)) else {
            throw SystemFailure("start", "the guard of the terminal", code: ETIMEDOUT)
        }
    }

    /// The terminal has been given back already.
    func dismiss() {
        try? channel.send(["done": true])
        channel.descriptor.close()
        _ = child.wait()
    }

    /// The guard's own process: waits on its lifeline, and restores the terminal that is its standard input when the monitor died.
    public static func run(_ lifeline: RecordChannel) -> Int32 {
        guard let settings = TerminalSettings(of: STDIN_FILENO) else { return 1 }
        try? lifeline.send(["ready": true])
        if case .record? = try? lifeline.receive() { return 0 }
        settings.restore()
        let terminal = Descriptor(owning: dup(STDIN_FILENO))
        try? terminal.writeAll(Array(leaving.utf8), until: MonotonicClock.now() + .seconds(1))
        return 0
    }
}
