import Events
import Glibc
import Platform
import Relays

/// What the keeper's one thread does from its start to its end: one client, its commands, its heartbeat, the interlocks, the safe state.
final class KeeperSession {
    private let options: KeeperOptions
    private let boards: KeeperBoards
    private let lifeline: RecordChannel?
    private let journal: KeeperJournal
    private let listener: Descriptor
    private let signals: Descriptor
    private var guardian: GuardianPost
    private var interlocks: Interlocks
    private var client: RecordChannel?
    private var clientName = ""
    /// Which client it is, in their order.
    private var clientNumber = 0
    private var newcomers = Newcomers()
    private let answers: BoardAnswers
    /// Commands under way: their client and its id, their purpose, and the channel that a cut was promised for.
    private var pending: [Int64: (client: Int, id: Int64, purpose: String, cuts: String?)] = [:]
    private var lastToken: Int64 = 0
    private var safeRequests: [Int64: SafeRequest] = [:]
    /// All boards confirmed the first safe state.
    private var isSafeAtStart = false
    /// The rig was offered to a client.
    private var isReady = false
    /// When the first guardian is given up; nil once it is armed.
    private var guardianIsDue: Instant?
    /// The last safe state has been asked for; nothing but its answer is waited for.
    private var isEnding = false
    /// Why nothing may be cut any more.
    private var unsafeReason: String?
    /// Boards that owe the safe state: it was commanded, and they could not confirm it.
    private var owing: Set<Int> = []
    /// Whose members may take the rig.
    private let group: UInt32?
    /// The rig file as it was read, for clients to compare with theirs.
    private let rigText: String
    private let service = ServiceNotices()
    private var nextBeat: Instant?

    init(rig: Rig, options: KeeperOptions, boards: KeeperBoards, lifeline: RecordChannel?) throws {
        self.options = options
        self.boards = boards
        self.lifeline = lifeline
        group = try options.group.map { try Self.number(ofGroup: $0) }
        rigText = String(decoding: try Files.read(options.rigFile), as: UTF8.self)
        journal = try KeeperJournal(path: options.journal)
        listener = try Socket.listenUnix(path: options.socket)
        if let group { unsafe chown(options.socket, uid_t.max, group) }
        unsafe chmod(options.socket, group == nil ? 0o600 : 0o660)
        signals = try Signals.descriptor(for: [SIGTERM, SIGINT, SIGHUP])
        answers = BoardAnswers(boards.wakeup)
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
        guardian = try GuardianPost(program: options.program, arguments: options.arguments)
        for owned in boards.owned {
            let found = owned.actuator.states.sorted { $0.key < $1.key }
            journal.write(
                "found", by: "keeper", ("board", .text(owned.board.id)),
                ("states", .record(found.map { Value.Field($0.key, .text($0.value.rawValue)) })),
                ("dead_man_ms", owned.actuator.hasDeadMan ? .integer(Int64(Keeper.deadManMilliseconds)) : nil))
        }
    }

    private static func number(ofGroup name: String) throws -> UInt32 {
        guard let entry = unsafe getgrnam(name) else {
            throw KeeperFailure(
                kind: .input,
                description: "there is no group '\(name)' on this system: scripts/install makes the one of its unit")
        }
        return unsafe entry.pointee.gr_gid
    }

    /// - Returns: the keeper's exit status.
    func run() -> Int32 {
        guardianIsDue = MonotonicClock.now() + Self.guardianPatience
        makeSafe(because: "start", then: .ready)
        nextBeat = service.beat.map { _ in MonotonicClock.now() }
        while !(isEnding && safeRequests.isEmpty) { step() }
        if isReady { payWhatIsOwed() }
        service.stopping("the safe state was commanded")
        guardian.dismiss()
        boards.stop()
        unsafe unlink(options.socket)
        return isReady && !(options.stays && unsafeReason != nil) ? 0 : 3
    }

    /// The longest line that a client may send.
    private static let longestLine = 1 << 20
    /// How many of a client's records are dealt with before the interlocks have their turn again.
    private static let mostRecords = 64
    /// How long this thread waits for a client that does not read what it is told.
    private static let clientPatience = Instant.Span.milliseconds(250)

    /// How long the first guardian may take to be armed.
    private static let guardianPatience = Instant.Span.seconds(10)

    /// How long a keeper that ends goes on commanding the safe state to a board that has not confirmed it: a board that is plugged in again, or whose
    /// firmware comes to, within this time is not left with something cut.
    private static let lastPatience = Instant.Span.seconds(10)

    /// Commands the safe state again and again to boards that owe it. The rig stays unsafe whatever comes of it, since somebody has to look.
    private func payWhatIsOwed() {
        let deadline = MonotonicClock.now() + Self.lastPatience
        while !owing.isEmpty, MonotonicClock.now() < deadline {
            MonotonicClock.sleep(for: .milliseconds(100))
            makeSafe(because: "a retry: the safe state is still owed")
            while !safeRequests.isEmpty { step() }
        }
    }

    /// A client has gone and the next one is not to be told that all is safe before it is.
    private var isSettling: Bool { client == nil && !safeRequests.isEmpty }

    /// Waits for the next thing and deals with it, without waiting for anybody in particular.
    private func step() {
        var wanted: [(descriptor: Descriptor, for: Readiness)] = [(boards.wakeup.descriptor, .readable)]
        func want(_ descriptor: Descriptor?, if condition: Bool = true) -> Int? {
            guard condition, let descriptor else { return nil }
            wanted.append((descriptor, .readable))
            return wanted.count - 1
        }
        let clientPlace = want(client?.descriptor)
        // Whoever is ending already is not asked to end.
        let lifelinePlace = want(lifeline?.descriptor, if: !isEnding)
        let signalPlace = want(signals, if: !isEnding)
        let guardianPlace = want(guardian.descriptor)
        let listenerPlace = want(listener, if: isReady && !newcomers.isFull)
        for newcomer in newcomers.waiting { _ = want(newcomer.channel.descriptor, if: !isSettling) }
        let deadlines =
            [
                interlocks.nextDeadline, isSettling ? nil : newcomers.nextDeadline, nextBeat,
                isEnding ? nil : guardian.nextStart, isEnding ? nil : guardianIsDue,
            ] + safeRequests.values.map(\.deadline)
        let hasMore = client?.holdsRecord ?? false
        let ready = Poll.wait(wanted, until: hasMore ? MonotonicClock.now() : deadlines.compactMap(\.self).min())
        func isReadable(_ place: Int?) -> Bool { place.map { !ready[$0].isEmpty } ?? false }

        // Death first: what follows from it must not wait for anything else.
        if isReadable(clientPlace) || hasMore { serveClient() }
        if isReadable(lifelinePlace), !lifelineHolds() {
            journal.write("starter_died", by: "keeper")
            end(because: "whoever started the keeper died")
        }
        if isReadable(signalPlace) { end(because: "a signal") }
        if isReadable(guardianPlace) { lookAtGuardian() }
        if !isEnding { keepGuardian() }
        if let reason = interlocks.trip(at: MonotonicClock.now()) { trip(reason) }
        if isReadable(0) {
            boards.wakeup.drain()
            for answer in answers.take() { take(answer) }
            for notice in boards.takeNotices() { tell(notice.board, notice.notice) }
        }
        giveUpOnSilentBoards()
        if isReadable(listenerPlace) { accept() }
        beat()
        guard !isSettling else { return }
        for (newcomer, hello) in newcomers.take(at: MonotonicClock.now()) { welcome(newcomer, hello) }
    }

    /// Tells a service manager that this thread goes round: one that does not is killed, and its guardian commands the safe state.
    private func beat() {
        guard let due = nextBeat, let beat = service.beat, due <= MonotonicClock.now() else { return }
        service.lives()
        nextBeat = MonotonicClock.now() + beat
    }

    private func lookAtGuardian() {
        switch guardian.take(at: MonotonicClock.now()) {
        case nil: return
        case .armed:
            guardianIsDue = nil
            offer()
        case .died(let wasArmed):
            journal.write("guardian_died", by: "keeper")
            // Nobody would command the safe state for this keeper now.
            if wasArmed, !isEnding { trip("the keeper's guardian died") }
        }
    }

    private func keepGuardian() {
        let now = MonotonicClock.now()
        guardian.fill(at: now)
        guard let due = guardianIsDue, due <= now else { return }
        guardianIsDue = nil
        let reason =
            "the keeper's guardian did not get ready within \(Self.guardianPatience.wholeMilliseconds / 1000) s"
        Keeper.refuse(reason, 3, lifeline)
        end(because: reason)
    }

    /// Offers the rig to clients, once it is safe and somebody would keep it so.
    private func offer() {
        guard isSafeAtStart, guardian.isArmed, !isReady, !isEnding else { return }
        isReady = true
        service.ready("all boards are in the safe state")
        try? lifeline?.send(["ready": true])
    }

    private func lifelineHolds() -> Bool {
        guard let lifeline else { return true }
        switch try? lifeline.receive(until: MonotonicClock.now()) {
        case .record, .timeout: return true
        default: return false
        }
    }

    /// Commands the safe state for the last time; `run` returns once it is settled.
    private func end(because reason: String, then next: SafeRequest.Next = .nothing) {
        guard !isEnding else { return }
        isEnding = true
        interlocks.clientGone()
        makeSafe(because: reason, then: next)
    }

    /// The client goes: the safe state, and then the end, or the next client. A rig that is unsafe is offered to nobody.
    private func leave(because reason: String, then next: SafeRequest.Next = .nothing) {
        guard options.stays, unsafeReason == nil else { return end(because: reason, then: next) }
        interlocks.clientGone()
        makeSafe(because: reason, then: next)
    }

    // MARK: the client

    private func accept() {
        guard let socket = try? Socket.accept(listener, until: MonotonicClock.now()),
            let peer = try? Socket.peerCredentials(socket)
        else { return }
        let groups = group == nil ? [] : [peer.group] + ((try? Socket.peerGroups(socket)) ?? [])
        // Whatever the answer, it waits for the hello: a socket closed under somebody's hello loses the answer.
        newcomers.add(
            RecordChannel(socket, longestLine: Newcomers.longestLine, patience: Self.clientPatience),
            process: peer.process, user: peer.user, groups: groups, at: MonotonicClock.now())
    }

    private func welcome(_ newcomer: Newcomers.Newcomer, _ hello: Value?) {
        let channel = newcomer.channel
        func refuse(_ reason: String) { try? channel.send(["refused": ["reason": .text(reason)]]) }
        let isMember = group.map { newcomer.groups.contains($0) } ?? false
        guard newcomer.user == 0 || newcomer.user == geteuid() || isMember else {
            return refuse(
                "this rig belongs to another user"
                    + (options.group.map { ": it is for members of the group \($0)" } ?? ""))
        }
        guard let hello, hello["version"]?.integer == 1 else {
            return refuse("a client says hello with version 1 first")
        }
        guard client == nil else {
            _ = try? channel.send(["busy": ["by": .text(clientName)]])
            return
        }
        if isEnding { return refuse("this keeper is ending: start another one") }
        if let unsafeReason { return refuse("the rig is unsafe: \(unsafeReason)") }
        clientName = "run \(hello["run"]?.text ?? "?") of process \(newcomer.process)"
        journal.write("hello", by: "keeper", ("run", .text(clientName)))
        let warnings = boards.owned.flatMap(\.board.channels).compactMap { interlocks.warning(about: $0.id) }
        let identities = boards.owned.map { Value.text("\($0.actuator.identity)") }
        try? channel.send([
            "held": [
                "safe": "confirmed", "boards": .list(identities), "warnings": .list(warnings.map(Value.text)),
                "rig_file": .text(options.rigFile), "rig": .text(rigText),
            ]
        ])
        channel.allow(longestLine: Self.longestLine)
        client = channel
        clientNumber += 1
        interlocks.beat(at: MonotonicClock.now())
        // What came in one piece with the hello wakes nobody again.
        serveClient()
    }

    /// Takes what the client has sent.
    private func serveClient() {
        for number in 0..<Self.mostRecords {
            guard let client else { return }
            switch try? client.take(reading: number == 0) {
            case .timeout: return
            case .record(let value): serve(value)
            default:
                self.client = nil
                if isEnding { return }
                journal.write("client_died", by: "keeper", ("run", .text(clientName)))
                leave(because: "the run died")
                return
            }
        }
    }

    private func serve(_ value: Value) {
        // Who is on its way out beats in vain.
        if !isEnding { interlocks.beat(at: MonotonicClock.now()) }
        if value["bye"] != nil { leave(because: "bye", then: .farewell) }
        if value["list"] != nil { list() }
        if value["safe"] != nil { makeSafe(because: "the run asked", then: .answer) }
        if let set = value["set"] { self.set(set) }
    }

    private func set(_ set: Value) {
        guard let id = set["id"]?.integer, let channel = set["channel"]?.text,
            let meaning = set["meaning"]?.text.flatMap(Meaning.init(rawValue:))
        else { return refuse(set["id"]?.integer ?? -1, "a set needs id, channel and meaning") }
        guard let owned = boards.owner(of: channel) else { return refuse(id, "there is no channel '\(channel)'") }
        let now = MonotonicClock.now()
        let due = Instant(nanoseconds: set["due"]?.integer ?? now.nanoseconds)
        guard due.nanoseconds >= 0 else { return refuse(id, "a due instant is not before the clock's zero") }
        if meaning == .cut {
            if let refusal = refusal(ofCutting: channel, at: now) { return refuse(id, refusal) }
            interlocks.promised(cutting: channel)
        }
        lastToken += 1
        let token = lastToken
        pending[token] = (clientNumber, id, set["purpose"]?.text ?? "set_up", meaning == .cut ? channel : nil)
        journal.write(
            "set", by: "keeper", ("id", .integer(id)), ("channel", .text(channel)),
            ("meaning", .text(meaning.rawValue)),
            ("due", .integer(due.nanoseconds)))
        let answers = answers
        owned.actuator.request(channel, meaning, due: due) { answers.post(.command(token: token, $0)) }
    }

    private func refusal(ofCutting channel: String, at instant: Instant) -> String? {
        if let unsafeReason { return "the rig is unsafe: \(unsafeReason)" }
        if isEnding || !safeRequests.isEmpty { return "the safe state is being commanded" }
        guard guardian.isArmed else { return "the keeper's guardian died, and another one is not armed yet" }
        return interlocks.refusal(ofCutting: channel, at: instant)
    }

    /// What hangs on each channel and what it is in, as far as that is known.
    private func list() {
        let boards = boards.owned.map { owned -> Value in
            let states = owned.actuator.states
            let channels = owned.board.channels.map { channel -> Value in
                [
                    "id": .text(channel.id), "number": .integer(Int64(channel.number)),
                    "feeds": .text(channel.feeds), "is": states[channel.id].map { .text($0.rawValue) } ?? .null,
                ]
            }
            return [
                "id": .text(owned.board.id), "identity": .text("\(owned.actuator.identity)"),
                "channels": .list(channels),
            ]
        }
        try? client?.send(["listed": ["boards": .list(boards)]])
    }

    private func refuse(_ id: Int64, _ reason: String) {
        journal.write("refused", by: "keeper", ("id", .integer(id)), ("reason", .text(reason)))
        try? client?.send(["failed": ["id": .integer(id), "reason": .text(reason)]])
    }

    private func take(_ answer: BoardAnswers.Answer) {
        switch answer {
        case .command(let token, let result): deliver(token, result)
        case .safe(let request, let board, let state): deliver(request, board, state)
        }
    }

    private func deliver(_ token: Int64, _ result: Result<Actuation, RelayFailure>) {
        guard let command = pending.removeValue(forKey: token) else { return }
        if let channel = command.cuts { interlocks.fulfilled(cutting: channel) }
        // Of a client that has gone: done or not, nobody is told.
        let isMine = command.client == clientNumber && client != nil
        switch result {
        case .failure(let failure) where isMine: refuse(command.id, "\(failure)")
        case .failure: break
        case .success(let actuation):
            interlocks.commanded(
                actuation.channel, cut: actuation.meaning == .cut, followed: actuation.readback != .failed,
                at: actuation.commanded)
            let event = actuation.event(purpose: command.purpose)
            journal.write(
                "done", at: actuation.commanded, by: "keeper", ("id", .integer(command.id)), ("actuation", event.value))
            if isMine { try? client?.send(["done": ["id": .integer(command.id), "actuation": event.value]]) }
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
        // The command first: telling a client may take its time.
        makeSafe(because: reason)
        interlocks.clientGone()
        try? client?.send(["tripped": ["reason": .text(reason)]])
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
        if case .back = notice, let index = boards.owned.firstIndex(where: { $0.board.id == board }),
            owing.contains(index)
        {
            makeSafe(because: "board '\(board)' is back and owes the safe state")
        }
    }

    /// Asks all boards for the safe state, ahead of everything queued, and returns at once.
    private func makeSafe(because reason: String, then next: SafeRequest.Next = .nothing) {
        lastToken += 1
        let request = lastToken
        let answers = answers
        boards.requestSafe { answers.post(.safe(request: request, board: $0, $1)) }
        interlocks.commandedSafe(boards.owned.flatMap(\.board.channels).map(\.id))
        let open = Set(boards.owned.indices)
        safeRequests[request] = SafeRequest(
            reason: reason, next: next, open: open, deadline: MonotonicClock.now() + SafeRequest.patience)
        if open.isEmpty { settle(request) }
    }

    private func deliver(_ request: Int64, _ index: Int, _ state: SafeState) {
        let board = boards.owned[index]
        // A late answer to what was given up is worth a line, and no more.
        journal.write(
            "safe", at: state.commanded, by: "keeper", ("board", .text(board.board.id)),
            ("because", .text(safeRequests[request]?.reason ?? "given up")),
            ("commanded", .integer(state.commanded.nanoseconds)),
            ("observed", state.observed.map { .integer($0.nanoseconds) }),
            ("readback", .text(state.readback.rawValue)), ("reason", state.reason.map(Value.text)))
        // A cut that was under way was told before this and counted from its instant.
        interlocks.commandedSafe(board.board.channels.map(\.id))
        if state.readback == .failed {
            safeRequests[request]?.isConfirmed = false
            owing.insert(index)
            declareUnsafe(
                "the safe state could not be confirmed: \(state.reason ?? "the read-back says otherwise")", board)
        } else {
            owing.remove(index)
        }
        safeRequests[request]?.open.remove(index)
        if safeRequests[request]?.open.isEmpty == true { settle(request) }
    }

    private func giveUpOnSilentBoards() {
        let now = MonotonicClock.now()
        for (request, safe) in safeRequests where safe.deadline <= now {
            safeRequests[request]?.isConfirmed = false
            for index in safe.open {
                owing.insert(index)
                let board = boards.owned[index]
                declareUnsafe("board '\(board.board.id)' did not answer the safe state within 15 s", board)
            }
            settle(request)
        }
    }

    private func settle(_ request: Int64) {
        guard let safe = safeRequests.removeValue(forKey: request) else { return }
        switch safe.next {
        case .nothing: break
        case .answer: try? client?.send(["safe_done": ["confirmed": .bool(safe.isConfirmed)]])
        case .farewell:
            try? client?.send(["bye": true])
            client = nil
        case .ready where safe.isConfirmed:
            isSafeAtStart = true
            offer()
        case .ready:
            Keeper.refuse("the rig is unsafe: \(unsafeReason ?? "the safe state could not be confirmed")", 3, lifeline)
            end(because: "the rig is unsafe")
        }
    }

    private func declareUnsafe(_ reason: String, _ board: KeeperBoards.Owned?) {
        let isNews = unsafeReason != reason
        unsafeReason = reason
        board?.lock.markUnsafe(reason)
        guard isNews else { return }
        journal.write("unsafe", by: "keeper", ("reason", .text(reason)))
        try? client?.send(["tripped": ["reason": .text("the rig is unsafe: \(reason)")]])
        // With nobody to tell, there is nothing to stay for.
        if options.stays, client == nil, isReady { end(because: "the rig is unsafe") }
    }
}
