import Events
import Glibc
import Platform
import Relays
import Synchronization

/// What the keeper's one thread does from its start to its end: one client, its commands, its heartbeat, the interlocks, the safe state.
final class KeeperSession {
    private let options: KeeperOptions
    private let boards: KeeperBoards
    private let lifeline: RecordChannel?
    private let journal: KeeperJournal
    private let listener: Descriptor
    private let signals: Descriptor
    private let guardian: RecordChannel
    private let guardianProcess: ChildProcess
    private var interlocks: Interlocks
    private var client: RecordChannel?
    private var clientName = ""
    /// Answers of the boards, put here by their threads.
    private let answers: Answers
    /// Commands under way: their client's id and purpose.
    private var pending: [Int64: (id: Int64, purpose: String)] = [:]
    private var lastToken: Int64 = 0

    private final class Answers: Sendable {
        private let waiting = Mutex<[(token: Int64, result: Result<Actuation, RelayFailure>)]>([])
        let wakeup: Wakeup

        init(_ wakeup: Wakeup) {
            self.wakeup = wakeup
        }

        func post(_ token: Int64, _ result: Result<Actuation, RelayFailure>) {
            waiting.withLock { $0.append((token, result)) }
            wakeup.signal()
        }

        func take() -> [(token: Int64, result: Result<Actuation, RelayFailure>)] {
            waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
        }
    }

    init(rig: Rig, options: KeeperOptions, boards: KeeperBoards, lifeline: RecordChannel?) throws {
        self.options = options
        self.boards = boards
        self.lifeline = lifeline
        journal = try KeeperJournal(path: options.journal)
        listener = try Socket.listenUnix(path: options.socket)
        unsafe chmod(options.socket, 0o600)
        signals = try Signals.descriptor(for: [SIGTERM, SIGINT, SIGHUP])
        answers = Answers(boards.wakeup)
        var limits: [String: Interlocks.Limits] = [:]
        var operations: [String: Int] = [:]
        for owned in boards.owned {
            for channel in owned.board.channels {
                limits[channel.id] = Interlocks.Limits(
                    longestCutNanoseconds: channel.longestCutNanoseconds, cyclesPerHour: rig.cyclesPerHour,
                    contactLife: channel.contactLife)
                operations[channel.id] = owned.wear.operations(of: channel.number)
            }
        }
        interlocks = Interlocks(limits, operations: operations)
        let (near, far) = try Socket.pair()
        var request = ChildProcess.Request(path: options.program, arguments: ["guardian"] + options.arguments)
        request.descriptors = [(Lifeline.childDescriptorNumber, far)]
        request.newSession = true
        guardianProcess = try ChildProcess.spawn(request)
        guardian = RecordChannel(near)
        try guardian.send(["armed": true])
        for owned in boards.owned {
            let found = owned.actuator.states.sorted { $0.key < $1.key }
            journal.write(
                "found", by: "keeper", ("board", .text(owned.board.id)),
                ("states", .record(found.map { Value.Field($0.key, .text($0.value.rawValue)) })))
        }
    }

    func run() -> Int32 {
        makeSafe(because: "start")
        defer { end() }
        while true {
            var wanted: [(descriptor: Descriptor, for: Readiness)] = [
                (signals, .readable), (boards.wakeup.descriptor, .readable), (listener, .readable),
            ]
            if let client { wanted.append((client.descriptor, .readable)) }
            if let lifeline { wanted.append((lifeline.descriptor, .readable)) }
            let ready = Poll.wait(wanted, until: interlocks.nextDeadline)
            // Death first: what follows from it must not wait for anything else.
            if client != nil, !ready[3].isEmpty, !serveClient() { return 0 }
            if lifeline != nil, let last = ready.last, !last.isEmpty, !lifelineHolds() {
                journal.write("starter_died", by: "keeper")
                return 0
            }
            if !ready[0].isEmpty { return 0 }
            if let reason = interlocks.trip(at: MonotonicClock.now()) { trip(reason) }
            if !ready[1].isEmpty {
                boards.wakeup.drain()
                for answer in answers.take() { deliver(answer.token, answer.result) }
                for notice in boards.takeNotices() { tell(notice.board, notice.notice) }
            }
            if !ready[2].isEmpty { accept() }
        }
    }

    private func lifelineHolds() -> Bool {
        guard let lifeline else { return true }
        switch try? lifeline.receive(until: MonotonicClock.now()) {
        case .record, .timeout: return true
        default: return false
        }
    }

    private func end() {
        makeSafe(because: "end")
        try? guardian.send(["farewell": true])
        _ = guardianProcess.wait(until: MonotonicClock.now() + .seconds(2))
        boards.stop()
        unsafe unlink(options.socket)
    }

    // MARK: the client

    private func accept() {
        guard let socket = try? Socket.accept(listener, until: MonotonicClock.now()),
            let peer = try? Socket.peerCredentials(socket)
        else { return }
        let channel = RecordChannel(socket)
        guard peer.user == 0 || peer.user == geteuid() else {
            try? channel.send(["refused": ["reason": "this rig belongs to another user"]])
            return
        }
        if client != nil {
            try? channel.send(["busy": ["by": .text(clientName)]])
            return
        }
        guard case .record(let value)? = try? channel.receive(until: MonotonicClock.now() + .seconds(2)),
            let hello = value["hello"], hello["version"]?.integer == 1
        else {
            try? channel.send(["refused": ["reason": "a client says hello with version 1 first"]])
            return
        }
        clientName = "run \(hello["run"]?.text ?? "?") of process \(peer.process)"
        journal.write("hello", by: "keeper", ("run", .text(clientName)))
        let warnings = boards.owned.flatMap(\.board.channels).compactMap { interlocks.warning(about: $0.id) }
        let identities = boards.owned.map { Value.text("\($0.actuator.identity)") }
        try? channel.send([
            "held": ["safe": "confirmed", "boards": .list(identities), "warnings": .list(warnings.map(Value.text))]
        ])
        client = channel
        interlocks.beat(at: MonotonicClock.now())
    }

    /// Takes what the client has sent. False when it has gone, in order or not.
    private func serveClient() -> Bool {
        guard let client else { return true }
        while true {
            switch try? client.receive(until: MonotonicClock.now()) {
            case .timeout: return true
            case .record(let value):
                interlocks.beat(at: MonotonicClock.now())
                if value["bye"] != nil {
                    makeSafe(because: "bye")
                    try? client.send(["bye": true])
                    return false
                }
                if value["safe"] != nil {
                    let confirmed = makeSafe(because: "the run asked")
                    try? client.send(["safe_done": ["confirmed": .bool(confirmed)]])
                }
                if let set = value["set"] { self.set(set) }
            default:
                journal.write("client_died", by: "keeper", ("run", .text(clientName)))
                makeSafe(because: "the run died")
                return false
            }
        }
    }

    private func set(_ set: Value) {
        guard let id = set["id"]?.integer, let channel = set["channel"]?.text,
            let meaning = set["meaning"]?.text.flatMap(Meaning.init(rawValue:))
        else { return refuse(set["id"]?.integer ?? -1, "a set needs id, channel and meaning") }
        guard let owned = boards.owner(of: channel) else { return refuse(id, "there is no channel '\(channel)'") }
        let now = MonotonicClock.now()
        if meaning == .cut, let refusal = interlocks.refusal(ofCutting: channel, at: now) { return refuse(id, refusal) }
        lastToken += 1
        let token = lastToken
        pending[token] = (id, set["purpose"]?.text ?? "set_up")
        let due = Instant(nanoseconds: set["due"]?.integer ?? now.nanoseconds)
        journal.write(
            "set", by: "keeper", ("id", .integer(id)), ("channel", .text(channel)),
            ("meaning", .text(meaning.rawValue)),
            ("due", .integer(due.nanoseconds)))
        let answers = answers
        owned.actuator.request(channel, meaning, due: due) { answers.post(token, $0) }
    }

    private func refuse(_ id: Int64, _ reason: String) {
        journal.write("refused", by: "keeper", ("id", .integer(id)), ("reason", .text(reason)))
        try? client?.send(["failed": ["id": .integer(id), "reason": .text(reason)]])
    }

    private func deliver(_ token: Int64, _ result: Result<Actuation, RelayFailure>) {
        guard let command = pending.removeValue(forKey: token) else { return }
        switch result {
        case .failure(let failure): refuse(command.id, "\(failure)")
        case .success(let actuation):
            interlocks.commanded(actuation.channel, cut: actuation.meaning == .cut, at: actuation.commanded)
            let event = actuation.event(purpose: command.purpose)
            journal.write(
                "done", at: actuation.commanded, by: "keeper", ("id", .integer(command.id)), ("actuation", event.value))
            try? client?.send(["done": ["id": .integer(command.id), "actuation": event.value]])
            if actuation.readback == .failed {
                declareUnsafe(
                    "channel '\(actuation.channel)' did not follow: \(actuation.reason ?? "the read-back says otherwise")",
                    boards.owner(of: actuation.channel))
            }
        }
    }

    // MARK: what the keeper does by itself

    private func trip(_ reason: String) {
        journal.write("tripped", by: "keeper", ("reason", .text(reason)))
        makeSafe(because: reason)
        try? client?.send(["tripped": ["reason": .text(reason)]])
        interlocks.clientGone()
    }

    private func tell(_ board: String, _ notice: RelayActuator.Notice) {
        let state: String
        var reason: String?
        switch notice {
        case .lost(let why): (state, reason) = ("lost", why)
        case .back: state = "back"
        case .drifted(let channel, let left, let found):
            (state, reason) = ("drifted", "channel '\(channel)' was left \(left.rawValue) and is \(found.rawValue)")
        case .wearNotSaved(let why): (state, reason) = ("wear not saved", why)
        }
        journal.write(
            "board", by: "keeper", ("board", .text(board)), ("state", .text(state)), ("reason", reason.map(Value.text)))
        try? client?.send(
            [
                "board": .record(present: [
                    ("id", .text(board)), ("state", .text(state)), ("reason", reason.map(Value.text)),
                ])
            ])
    }

    @discardableResult
    private func makeSafe(because reason: String) -> Bool {
        var isConfirmed = true
        for (board, answer) in boards.makeSafe() {
            guard let state = answer else {
                isConfirmed = false
                declareUnsafe("board '\(board.board.id)' did not answer the safe state within 15 s", board)
                continue
            }
            journal.write(
                "safe", at: state.commanded, by: "keeper", ("board", .text(board.board.id)), ("because", .text(reason)),
                ("commanded", .integer(state.commanded.nanoseconds)),
                ("observed", state.observed.map { .integer($0.nanoseconds) }),
                ("readback", .text(state.readback.rawValue)), ("reason", state.reason.map(Value.text)))
            guard state.readback == .failed else { continue }
            isConfirmed = false
            declareUnsafe(
                "the safe state could not be confirmed: \(state.reason ?? "the read-back says otherwise")", board)
        }
        interlocks.commandedSafe()
        return isConfirmed
    }

    private func declareUnsafe(_ reason: String, _ board: KeeperBoards.Owned?) {
        board?.lock.markUnsafe(reason)
        journal.write("unsafe", by: "keeper", ("reason", .text(reason)))
        try? client?.send(["tripped": ["reason": .text("the rig is unsafe: \(reason)")]])
    }
}
