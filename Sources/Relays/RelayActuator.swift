public import Events
import Platform
import Synchronization

/// Owns one board on one thread, where transfers block and due instants are waited for. It watches the board while it is idle. The safe state
/// overtakes whatever is queued. It lives until `stop()`.
public final class RelayActuator: Sendable {
    /// What happens to the board beside what it is told.
    public enum Notice: Hashable, Sendable {
        /// The board does not answer any more. Its relays are off if it lost its power.
        case lost(reason: String)
        /// It answers again; its channels are in these states, as far as it can be read.
        case back([String: Meaning])
        /// A channel is not in the state it was left in: the board lost its power for a moment, or another program drives it.
        case drifted(channel: String, left: Meaning, found: Meaning)
        /// Operations are counted on, but the count can't be written.
        case wearNotSaved(reason: String)
    }

    /// Called on the board's thread; must not wait for the actuator. A command that was given to the board is a success here, whatever its read-back
    /// says; a failure never reached it.
    public typealias Completion = @Sendable (Result<Actuation, RelayFailure>) -> Void

    private struct Inbox {
        var orders: [BoardOwner.Order] = []
        /// Orders that the safe state has overtaken before the thread saw them.
        var overtaken: [BoardOwner.Order] = []
        var safe: [@Sendable (SafeState) -> Void] = []
        var isStopping = false
        var hasStopped = false
        var hasNews = false
        var states: [String: Meaning] = [:]
    }

    public let channels: [ChannelWiring]
    public let identity: BoardIdentity
    /// Whether the board turns all off by itself when it is not spoken to.
    public let hasDeadMan: Bool
    private let inbox = Mutex(Inbox())
    private let wakeup: Wakeup
    private let urgency: Urgency
    private let thread = Mutex<NamedThread?>(nil)

    /// Takes over `board`, reads it once, and watches it from then on.
    ///
    /// - Parameters:
    ///   - pollMilliseconds: how often an idle board is read, and a lost one looked for.
    ///   - realtimePriority: 1…99 asks for SCHED_FIFO.
    ///   - deadManMilliseconds: after which silence a board that can is to turn all off by itself; several polls long. Disarmed by `stop()`.
    ///   - notices: called on the board's thread; must not wait for the actuator.
    /// - Throws: when two channels share an id or a number, a number is none of the board's, or the board can't be read.
    public init(
        board: any RelayBoard, channels: [ChannelWiring], wear: WearCounter? = nil, pollMilliseconds: Int = 1_000,
        realtimePriority: Int32? = nil, deadManMilliseconds: Int? = nil, notices: @escaping @Sendable (Notice) -> Void
    ) throws(RelayFailure) {
        for (index, channel) in channels.enumerated() {
            guard (1...board.channelCount).contains(channel.number) else {
                throw .noSuchChannel(board: "\(board.identity)", channel: channel.number, count: board.channelCount)
            }
            guard !channels[..<index].contains(where: { $0.id == channel.id || $0.number == channel.number }) else {
                throw .wiredTwice(board: "\(board.identity)", channel: channel.id, number: channel.number)
            }
        }
        do {
            wakeup = try Wakeup()
            urgency = try Urgency()
        } catch {
            throw .system("\(error)")
        }
        self.channels = channels
        identity = board.identity
        let coils = try board.readAll()
        var hasDeadMan = false
        if let deadManMilliseconds { hasDeadMan = try board.armDeadMan(milliseconds: deadManMilliseconds) }
        self.hasDeadMan = hasDeadMan
        let poll = Instant.Span.milliseconds(Int64(pollMilliseconds))
        let started = NamedThread.start("relay \(identity.path)", realtimePriority: realtimePriority) {
            [self, hasDeadMan] in
            var owner = BoardOwner(
                board: board, channels: channels, coils: coils, at: MonotonicClock.now(), wear: wear,
                hasDeadMan: hasDeadMan, notices: notices,
                publish: { [self] states in inbox.withLock { $0.states = states } })
            run(&owner, poll)
        }
        thread.withLock { $0 = started }
    }

    /// What each channel was last read to be in, or assumed to be; empty while the board is lost.
    public var states: [String: Meaning] { inbox.withLock { $0.states } }

    /// Queues a command and returns at once. It is done when the contact has settled, or when it failed.
    public func request(_ channel: String, _ meaning: Meaning, due: Instant, then done: @escaping Completion) {
        guard let wiring = channels.first(where: { $0.id == channel }) else {
            return done(.failure(.unknownChannel(id: channel, known: channels.map(\.id))))
        }
        let isQueued = inbox.withLock { inbox in
            guard !inbox.hasStopped else { return false }
            inbox.orders.append(BoardOwner.Order(wiring: wiring, meaning: meaning, due: due, done: done))
            return true
        }
        guard isQueued else { return done(.failure(.stopped)) }
        wakeup.signal()
    }

    /// Commands a channel at `due` and returns after its settle time with what was seen.
    ///
    /// - Throws: what kept the command from being given. A command that was given and not confirmed is an actuation with a failed read-back.
    public func set(_ channel: String, _ meaning: Meaning, due: Instant) throws(RelayFailure) -> Actuation {
        let waiter = try Waiter<Result<Actuation, RelayFailure>>()
        request(channel, meaning, due: due) { waiter.fill($0) }
        return try waiter.wait().get()
    }

    /// Commands all channels off at once, ahead of everything queued, whose requests end as overtaken, as does a command that is under way and that the
    /// board has not answered in time; a look at it is broken off. `done` is called on the board's thread.
    public func requestSafe(then done: @escaping @Sendable (SafeState) -> Void) {
        let isQueued = inbox.withLock { inbox in
            guard !inbox.hasStopped else { return false }
            inbox.overtaken += inbox.orders
            inbox.orders = []
            inbox.safe.append(done)
            urgency.ask()
            return true
        }
        guard isQueued else {
            let reason = "\(RelayFailure.stopped)"
            return done(
                SafeState(
                    commanded: MonotonicClock.now(), observed: nil, readback: .failed, reason: reason, overtaken: []))
        }
        wakeup.signal()
    }

    /// `requestSafe`, waited for.
    public func allSafe() throws(RelayFailure) -> SafeState {
        let waiter = try Waiter<SafeState>()
        requestSafe { waiter.fill($0) }
        return waiter.wait()
    }

    /// Says that something was plugged in or unplugged, so that the board is looked at now instead of at the next poll.
    public func plugsChanged() {
        inbox.withLock { $0.hasNews = true }
        wakeup.signal()
    }

    /// Ends the thread and closes the board, leaving its relays as they are; a safe state already asked for is commanded first. Calling it again does
    /// nothing.
    public func stop() {
        inbox.withLock { $0.isStopping = true }
        wakeup.signal()
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    /// A poll is put off when a command is due within this time.
    private static let quietBeforeCommand = Instant.Span.milliseconds(50)
    /// For how long a command goes on though the safe state is asked for: a board that answers at all has answered all its transfers by then.
    private static let commandPatience = Instant.Span.milliseconds(20)

    private func run(_ owner: inout BoardOwner, _ poll: Instant.Span) {
        var nextPoll = MonotonicClock.now() + poll
        while true {
            let mail = inbox.withLock { inbox in
                defer {
                    inbox.orders = []
                    inbox.overtaken = []
                    inbox.safe = []
                    inbox.hasNews = false
                    inbox.hasStopped = inbox.isStopping
                }
                if !inbox.safe.isEmpty { urgency.take() }
                return inbox
            }
            if !mail.safe.isEmpty {
                let outcome = owner.makeSafe(overtaking: mail.overtaken)
                for done in mail.safe { done(outcome) }
            }
            for order in mail.orders { owner.submit(order) }
            if mail.isStopping { return owner.end() }

            let now = MonotonicClock.now()
            guard case .wait(let until) = urgency.heeded(after: Self.commandPatience, { owner.step(at: now) }) else {
                continue
            }
            if owner.isInDoubt || mail.hasNews { nextPoll = min(nextPoll, now) }
            let quiet = until.map { $0 - now > Self.quietBeforeCommand } ?? true
            if quiet, owner.saveWear() { continue }
            if quiet, nextPoll <= now {
                urgency.heeded { owner.look() }
                nextPoll = MonotonicClock.now() + poll
                continue
            }
            let wake = nextPoll > now ? min(nextPoll, until ?? nextPoll) : until
            if !Poll.wait([(wakeup.descriptor, .readable)], until: wake)[0].isEmpty { wakeup.drain() }
        }
    }
}

/// A place for one result that another thread brings.
private final class Waiter<Result: Sendable>: Sendable {
    private let result = Mutex<Result?>(nil)
    private let wakeup: Wakeup

    init() throws(RelayFailure) {
        do {
            wakeup = try Wakeup()
        } catch {
            throw .system("\(error)")
        }
    }

    func fill(_ value: Result) {
        result.withLock { $0 = value }
        wakeup.signal()
    }

    func wait() -> Result {
        while true {
            if let value = result.withLock({ $0 }) { return value }
            _ = Poll.wait([(wakeup.descriptor, .readable)], until: nil)
        }
    }
}
