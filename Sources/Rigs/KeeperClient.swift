public import Events
import Glibc
import Platform
import Synchronization

/// What the keeper would not or could not do.
public struct KeeperFailure: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// The rig file is wrong.
        case input
        /// The rig is held by somebody else, unsafe, or lacks its board.
        case rig
        /// The keeper refused or lost a command.
        case command
        /// The keeper is gone.
        case gone
    }

    public var kind: Kind
    public var description: String
}

/// The run's side of the keeper: starts one, speaks with it, and beats so that it knows the run to be alive.
public final class KeeperClient: Sendable {
    /// What the keeper says by itself.
    public enum Push: Sendable, Hashable {
        case boardLost(String, reason: String?)
        case boardBack(String)
        case tripped(String)
        /// The keeper is dead; its guardian has the boards now.
        case died
    }

    private struct State {
        var lastID: Int64 = 0
        var answers: [Int64: Result<Event.Actuation, KeeperFailure>] = [:]
        var isEnding = false
        var isDead = false
        var safeDone = 0
        var safeConfirmed = false
        var saidBye = false
        var listed: Value?
    }

    /// Identities of the boards it holds.
    public let boards: [String]
    /// Contacts near the end of their life.
    public let warnings: [String]
    /// Its process and the lifeline to it; nil of one that was there before.
    private let started: (process: ChildProcess, lifeline: RecordChannel)?
    private let channel: RecordChannel
    private let state = Mutex(State())
    private let changed: Wakeup
    private let onPush: @Sendable (Push) -> Void
    private let threads = Mutex<[NamedThread]>([])

    /// Starts a keeper and takes the rig.
    ///
    /// - Parameter run: the run's name, for others who find the rig busy.
    /// - Throws: what the keeper said: a wrong rig file, a missing board, a held lock, an unsafe rig.
    public convenience init(
        options: KeeperOptions, run: String, onPush: @escaping @Sendable (Push) -> Void
    ) throws(KeeperFailure) {
        let started = try Self.start(options)
        try self.init(options.socket, options.rigFile, run, started, onPush)
    }

    /// Takes the rig from a keeper that is there already, such as an installed service.
    ///
    /// - Parameters:
    ///   - socket: where it listens.
    ///   - rigFile: the run's own, which has to say the same as the keeper's; nil where the caller has none.
    public convenience init(
        joining socket: String, rigFile: String?, run: String, onPush: @escaping @Sendable (Push) -> Void
    ) throws(KeeperFailure) {
        try self.init(socket, rigFile, run, nil, onPush)
    }

    private static func start(
        _ options: KeeperOptions
    ) throws(KeeperFailure) -> (process: ChildProcess, lifeline: RecordChannel) {
        let lifeline: RecordChannel
        let process: ChildProcess
        do {
            let (near, far) = try Socket.pair()
            var request = ChildProcess.Request(path: options.program, arguments: ["keeper"] + options.arguments)
            request.descriptors = [(Lifeline.childDescriptorNumber, far)]
            request.newSession = true
            process = try ChildProcess.spawn(request)
            lifeline = RecordChannel(near)
            far.close()
        } catch {
            throw KeeperFailure(kind: .rig, description: "the keeper could not be started: \(error)")
        }
        let first = try? lifeline.receive(until: MonotonicClock.now() + .seconds(20))
        guard case .record(let answer)? = first, answer["ready"]?.bool == true else {
            var reason = "the keeper did not get ready within 20 s"
            var kind = KeeperFailure.Kind.rig
            if case .record(let answer)? = first, let refused = answer["refused"]?.text {
                reason = refused
                if answer["status"]?.integer == 2 { kind = .input }
            }
            lifeline.descriptor.close()
            throw KeeperFailure(kind: kind, description: reason)
        }
        return (process, lifeline)
    }

    private init(
        _ socket: String, _ rigFile: String?, _ run: String,
        _ started: (process: ChildProcess, lifeline: RecordChannel)?, _ onPush: @escaping @Sendable (Push) -> Void
    ) throws(KeeperFailure) {
        self.onPush = onPush
        self.started = started
        let held: Value
        do {
            changed = try Wakeup()
            channel = RecordChannel(
                try Socket.connectUnix(path: socket, until: MonotonicClock.now() + .seconds(2)))
            try channel.send(["hello": ["version": 1, "run": .text(run), "rig": .text(rigFile ?? "")]])
            // One that stays may still be at the safe state of the client before.
            guard case .record(let answer) = try channel.receive(until: MonotonicClock.now() + .seconds(20)) else {
                throw SystemFailure("hear from", "the keeper", code: ETIMEDOUT)
            }
            held = answer
        } catch {
            throw KeeperFailure(kind: .gone, description: "the keeper at \(socket) does not answer: \(error)")
        }
        guard let details = held["held"] else {
            let reason =
                held["busy"]?["by"]?.text.map { "the rig is in use by \($0)" } ?? held["refused"]?["reason"]?.text
            throw KeeperFailure(kind: .rig, description: reason ?? "the keeper refused")
        }
        if let rigFile, started == nil, let text = details["rig"]?.text {
            guard let own = try? Files.read(rigFile), own == Array(text.utf8) else {
                throw KeeperFailure(
                    kind: .input,
                    description:
                        "the keeper at \(socket) holds its boards by \(details["rig_file"]?.text ?? "another file"), which "
                        + "says something else than \(rigFile): install this one and restart the keeper")
            }
        }
        boards = (details["boards"]?.list ?? []).compactMap(\.text)
        warnings = (details["warnings"]?.list ?? []).compactMap(\.text)
        let reader = NamedThread.start("keeper reader") { [self] in read() }
        let beats = NamedThread.start("keeper beat", realtimePriority: 25) { [self] in beat() }
        threads.withLock { $0 = [reader, beats] }
    }

    /// Where the unit `knxrig-keeper@RIG` has its keeper listen.
    public static func installedSocket(rig: String) -> String { "/run/knxrig/\(rig)/keeper" }

    /// Commands a channel and returns when the keeper has read it back.
    public func set(
        channel id: String, meaning: String, due: Instant, purpose: String
    ) throws(KeeperFailure) -> Event.Actuation {
        try answer(to: post(channel: id, meaning: meaning, due: due, purpose: purpose))
    }

    /// A command that the keeper has and has not answered yet.
    public struct Ticket: Sendable {
        let number: Int64
        let channel: String
        let meaning: String
        let due: Instant
    }

    /// Commands a channel and returns at once: what is due soon after it can be commanded too before it is.
    public func post(
        channel id: String, meaning: String, due: Instant, purpose: String
    ) throws(KeeperFailure) -> Ticket {
        let number = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        do {
            try channel.send([
                "set": [
                    "id": .integer(number), "channel": .text(id), "meaning": .text(meaning),
                    "due": .integer(due.nanoseconds), "purpose": .text(purpose),
                ]
            ])
        } catch {
            throw KeeperFailure(kind: .gone, description: "the keeper is gone: \(error)")
        }
        return Ticket(number: number, channel: id, meaning: meaning, due: due)
    }

    /// Waits until the keeper has read a command back.
    public func answer(to ticket: Ticket) throws(KeeperFailure) -> Event.Actuation {
        let deadline = max(ticket.due, MonotonicClock.now()) + .seconds(15)
        while true {
            let answer = state.withLock { state in state.answers.removeValue(forKey: ticket.number) }
            if let answer { return try answer.get() }
            if state.withLock({ $0.isDead }) {
                throw KeeperFailure(
                    kind: .gone,
                    description: "the keeper died while channel '\(ticket.channel)' was to be \(ticket.meaning)")
            }
            guard wait(until: deadline) else {
                throw KeeperFailure(
                    kind: .command, description: "the keeper did not answer for channel '\(ticket.channel)' within 15 s"
                )
            }
        }
    }

    /// Asks for the safe state at once; usable from any thread, also while a command is outstanding. Does not wait.
    public func safe() {
        try? channel.send(["safe": [:]])
    }

    /// Asks for the safe state and waits for its confirmation; the keeper stays.
    ///
    /// - Returns: whether every board confirmed it.
    public func confirmSafe() -> Bool {
        let before = state.withLock { $0.safeDone }
        safe()
        let deadline = MonotonicClock.now() + .seconds(20)
        while state.withLock({ $0.safeDone == before && !$0.isDead }), wait(until: deadline) {}
        return state.withLock { $0.safeDone > before && $0.safeConfirmed }
    }

    /// Asks for the safe state, waits for its confirmation, and lets the keeper go.
    ///
    /// - Returns: whether every board confirmed it.
    public func bye() -> Bool {
        let before = state.withLock { state in
            state.isEnding = true
            return state.safeDone
        }
        safe()
        let deadline = MonotonicClock.now() + .seconds(20)
        while state.withLock({ $0.safeDone == before && !$0.isDead }), wait(until: deadline) {}
        try? channel.send(["bye": [:]])
        while state.withLock({ !$0.saidBye && !$0.isDead }), wait(until: deadline) {}
        let isConfirmed = state.withLock { state in
            state.isDead = true
            return state.safeDone > before && state.safeConfirmed
        }
        changed.signal()
        shutdown(channel.descriptor.number, Int32(SHUT_RDWR))
        for thread in threads.withLock({ $0 }) { thread.join() }
        guard let (process, lifeline) = started else { return isConfirmed }
        lifeline.descriptor.close()
        if process.wait(until: MonotonicClock.now() + .seconds(30)) == nil {
            process.send(signal: SIGKILL)
            _ = process.wait()
        }
        return isConfirmed
    }

    /// The keeper's process, for tests that kill it; 0 of one that was there before.
    public var pid: Int32 { started?.process.pid ?? 0 }

    /// Asks what its boards are and what each channel is in.
    public func list() throws(KeeperFailure) -> Value {
        state.withLock { $0.listed = nil }
        try? channel.send(["list": [:]])
        let deadline = MonotonicClock.now() + .seconds(5)
        while wait(until: deadline), !state.withLock({ $0.isDead }) {
            if let listed = state.withLock({ $0.listed }) { return listed }
        }
        throw KeeperFailure(kind: .gone, description: "the keeper did not say what it has within 5 s")
    }

    /// Returns false at the deadline.
    private func wait(until deadline: Instant) -> Bool {
        // Short waits: several may wait on the one descriptor, and one of them drains it.
        let slice = min(deadline, MonotonicClock.now() + .milliseconds(20))
        if !Poll.wait([(changed.descriptor, .readable)], until: slice)[0].isEmpty { changed.drain() }
        return MonotonicClock.now() < deadline
    }

    private func beat() {
        while !state.withLock({ $0.isDead }) {
            try? channel.send(["beat": true])
            _ = Poll.wait([(channel.descriptor, [])], until: MonotonicClock.now() + .milliseconds(500))
        }
    }

    private func read() {
        while case .record(let value)? = try? channel.receive() { take(value) }
        let isUnexpected = state.withLock { state in
            defer { state.isDead = true }
            return !state.isEnding && !state.isDead
        }
        changed.signal()
        if isUnexpected { onPush(.died) }
    }

    private func take(_ value: Value) {
        if let done = value["done"], let id = done["id"]?.integer, let details = done["actuation"],
            let actuation = try? Event.Actuation(Record(details))
        {
            state.withLock { $0.answers[id] = .success(actuation) }
        } else if let failed = value["failed"], let id = failed["id"]?.integer {
            let reason = failed["reason"]?.text ?? "the keeper gives no reason"
            state.withLock { $0.answers[id] = .failure(KeeperFailure(kind: .command, description: reason)) }
        } else if let safe = value["safe_done"] {
            state.withLock { state in
                state.safeDone += 1
                state.safeConfirmed = safe["confirmed"]?.bool ?? false
            }
        } else if let listed = value["listed"] {
            state.withLock { $0.listed = listed }
        } else if value["bye"] != nil {
            state.withLock { $0.saidBye = true }
        } else if let board = value["board"], let id = board["id"]?.text {
            switch board["state"]?.text {
            case "lost", "drifted": onPush(.boardLost(id, reason: board["reason"]?.text))
            case "back": onPush(.boardBack(id))
            default: break
            }
        } else if let reason = value["tripped"]?["reason"]?.text {
            onPush(.tripped(reason))
        }
        changed.signal()
    }
}
