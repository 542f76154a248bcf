import Synchronization

/// Commands that wait for the actuator's status telegram. Whatever becomes of a command, its answer is given once.
final class CommandService: Sendable {
    /// What became of a command.
    enum Outcome: Sendable {
        case done
        case failed(String)
    }

    private struct Waiting {
        let command: Configuration.Command
        let expected: [UInt8]
        let deadline: Int64
        let answer: @Sendable (Outcome) -> Void
    }

    private struct Content {
        var waiting: [Int: Waiting] = [:]
        var next = 0
        var stopping = false
    }

    private let commands: [GroupAddress: Configuration.Command]
    private let timeoutMilliseconds: Int
    private let confirms: Bool
    private let content = Mutex(Content())
    private let wakeup = Wakeup()

    init(_ configuration: Configuration, protections: Set<Protection>) {
        commands = Dictionary(uniqueKeysWithValues: configuration.commands.map { ($0.group, $0) })
        timeoutMilliseconds = configuration.commandTimeoutMilliseconds
        confirms = protections.contains(.commandsConfirmed)
    }

    subscript(group: GroupAddress) -> Configuration.Command? { commands[group] }

    /// Sends a command and answers when the status address reports the value, or when it is clear that it won't.
    /// - Parameter send: Hands the telegram to the bus; false when that is not possible.
    /// - Returns: Whether the telegram was handed over. If not, `answer` is not called.
    func start(
        _ command: Configuration.Command, _ value: GroupValue, send: (GroupAddress, [UInt8]) -> Bool,
        answer: @escaping @Sendable (Outcome) -> Void
    ) -> Bool {
        guard confirms else {
            _ = send(command.group, GroupTelegram.write(value).apdu)
            answer(.done)
            return true
        }
        // Waiting begins before sending: the actuator may answer before `send` returns.
        let id: Int? = content.withLock { content in
            guard !content.stopping else { return nil }
            content.next += 1
            content.waiting[content.next] = Waiting(
                command: command, expected: value.octets,
                deadline: monotonicNanoseconds() + Int64(timeoutMilliseconds) * 1_000_000, answer: answer)
            return content.next
        }
        guard let id else { return false }
        guard send(command.group, GroupTelegram.write(value).apdu) else {
            // Nobody else may have answered it meanwhile and then be told that it was not sent.
            return content.withLock { $0.waiting.removeValue(forKey: id) } == nil
        }
        wakeup.signal()
        return true
    }

    /// A value arrived on an address.
    func observe(_ group: GroupAddress, _ octets: [UInt8]) {
        finish(.done) { $0.command.status == group && $0.expected == octets }
    }

    /// The connection to knxd is gone: no status telegram will come in time.
    func connectionLost() {
        finish(.failed("the connection to knxd was lost before the actuator reported")) { _ in true }
    }

    /// The loop of the thread that watches the deadlines; it returns after `stop()`.
    func run() {
        while true {
            let (stopping, nearest) = content.withLock { ($0.stopping, $0.waiting.values.map(\.deadline).min()) }
            if stopping { return }
            let now = monotonicNanoseconds()
            if let nearest {
                wakeup.wait(milliseconds: Int(max(0, nearest - now) / 1_000_000) + 1)
            } else {
                wakeup.wait(milliseconds: -1)
            }
            let later = monotonicNanoseconds()
            finish(.failed("the actuator did not report the value within \(timeoutMilliseconds) ms")) {
                $0.deadline <= later
            }
        }
    }

    func stop() {
        content.withLock { $0.stopping = true }
        finish(.failed("the controller is stopping")) { _ in true }
        wakeup.signal()
    }

    private func finish(_ outcome: Outcome, where matches: (Waiting) -> Bool) {
        let finished = content.withLock { content in
            let finished = content.waiting.filter { matches($0.value) }
            for id in finished.keys { content.waiting[id] = nil }
            return finished
        }
        for (_, waiting) in finished.sorted(by: { $0.key < $1.key }) {
            let group = JSON.string("\(waiting.command.group)")
            switch outcome {
            case .done: Log.info("command done", ["group": group])
            case .failed(let error): Log.warning("command failed", ["group": group, "error": .string(error)])
            }
            waiting.answer(outcome)
        }
    }
}
