import Events
import Platform

/// What the thread of a `RelayActuator` has: the board, what its channels are known to be in, and the commands under way.
struct BoardOwner {
    struct Order: Sendable {
        var wiring: ChannelWiring
        var meaning: Meaning
        var due: Instant
        var done: RelayActuator.Completion
    }

    private let board: any RelayBoard
    private let channels: [ChannelWiring]
    private let wear: WearCounter?
    private let hasDeadMan: Bool
    private let notices: @Sendable (RelayActuator.Notice) -> Void
    private let publish: @Sendable ([String: Meaning]) -> Void
    private var schedule = ActuationSchedule()
    private var orders: [Int: Order] = [:]
    /// Orders that gave way to the safe state in the middle.
    private var interrupted: [Order] = []
    private var commanded: [Int: Actuation] = [:]
    private var nextID = 0
    /// The coils as last seen or assumed, for counting their operations; kept over a loss.
    private var coils: [Bool]
    private var worn: [Int] = []
    private var states: [String: Meaning] = [:] {
        didSet { if states != oldValue { publish(states) } }
    }
    private var isLost = false
    /// True after a command failed, until the board was read.
    private(set) var isInDoubt = false

    init(
        board: any RelayBoard, channels: [ChannelWiring], coils read: [Bool]?, at instant: Instant, wear: WearCounter?,
        hasDeadMan: Bool = false,
        notices: @escaping @Sendable (RelayActuator.Notice) -> Void,
        publish: @escaping @Sendable ([String: Meaning]) -> Void
    ) {
        self.board = board
        self.channels = channels
        self.wear = wear
        self.hasDeadMan = hasDeadMan
        self.notices = notices
        self.publish = publish
        coils = read ?? [Bool](repeating: false, count: board.channelCount)
        if let read { saw(read, at: instant) }
    }

    mutating func submit(_ order: Order) {
        let request = ActuationSchedule.Request(
            id: nextID, wiring: order.wiring, meaning: order.meaning, due: order.due)
        orders[nextID] = order
        nextID += 1
        schedule.submit(request)
    }

    /// Does what is next. Returns `wait` when there is nothing to do.
    mutating func step(at now: Instant) -> ActuationSchedule.Step {
        let step = schedule.next(at: now)
        switch step {
        case .command(let request, let heldBack): command(request, heldBack)
        case .settled(let id):
            if let actuation = commanded.removeValue(forKey: id) { finish(id, .success(actuation)) }
        case .wait: break
        }
        return step
    }

    private mutating func command(_ request: ActuationSchedule.Request, _ heldBack: Instant.Span) {
        let wiring = request.wiring
        let energised = wiring.energised(for: request.meaning)
        var actuation = Actuation(
            channel: wiring.id, meaning: request.meaning, due: request.due, commanded: MonotonicClock.now(),
            observed: nil,
            readback: .failed)
        if heldBack > .zero {
            actuation.reason = "held back for \(heldBack.wholeMilliseconds) ms by the channel's dwell"
        }
        do {
            actuation.readback = try board.set(wiring.number, energised: energised)
            let observed = MonotonicClock.now()
            actuation.observed = observed
            saw(wiring.number, energised: energised, at: observed)
            commanded[request.id] = actuation
            schedule.commanded(request, at: observed)
        } catch {
            isInDoubt = true
            if error.hasGivenWay {
                if let order = orders.removeValue(forKey: request.id) { interrupted.append(order) }
                return
            }
            actuation.reason = "\(error)"
            if error.isLoss { lose(error) }
            finish(request.id, .success(actuation))
        }
    }

    private mutating func finish(_ id: Int, _ result: Result<Actuation, RelayFailure>) {
        orders.removeValue(forKey: id)?.done(result)
    }

    /// Commands all coils off, whatever dwell says, and ends all that was under way.
    mutating func makeSafe(overtaking unseen: [Order]) -> SafeState {
        var outcome = SafeState(
            commanded: MonotonicClock.now(), observed: nil, readback: .failed, reason: nil, overtaken: [])
        do {
            // A lost board may be there again, and then its relays are off; that is only known once it was read. One that is silent is commanded all the same.
            if !board.isOpen {
                try board.reopen()
                outcome.commanded = MonotonicClock.now()
            }
            outcome.readback = try board.setAllOff()
            let observed = MonotonicClock.now()
            outcome.observed = observed
            isLost = false
            saw([Bool](repeating: false, count: board.channelCount), at: observed)
        } catch {
            outcome.reason = "\(error)"
            isInDoubt = true
            if error.isLoss { lose(error) }
        }
        for order in interrupted + schedule.open.compactMap({ orders.removeValue(forKey: $0) }) + unseen {
            outcome.overtaken.append(order.wiring.id)
            order.done(.failure(.overtakenBySafeState(channel: order.wiring.id)))
        }
        interrupted = []
        schedule.clear()
        commanded = [:]
        return outcome
    }

    /// Reads the board, or looks for it when it is lost, and says what has changed.
    mutating func look() {
        isInDoubt = false
        do {
            if !board.isOpen { try board.reopen() }
            let read = try board.readAll()
            let wasLost = isLost
            isLost = false
            guard let read else {
                if wasLost { notices(.back([:])) }
                return
            }
            let left = states
            saw(read, at: MonotonicClock.now())
            if wasLost { notices(.back(states)) }
            for channel in channels {
                if let before = left[channel.id], let now = states[channel.id], before != now {
                    notices(.drifted(channel: channel.id, left: before, found: now))
                }
            }
        } catch {
            if error.hasGivenWay { isInDoubt = true } else { lose(error) }
        }
    }

    /// Takes in the coils of the whole board.
    private mutating func saw(_ read: [Bool], at instant: Instant) {
        for (index, energised) in read.enumerated() { saw(index + 1, energised: energised, at: instant) }
    }

    private mutating func saw(_ number: Int, energised: Bool, at instant: Instant) {
        if coils[number - 1] != energised {
            coils[number - 1] = energised
            worn.append(number)
        }
        guard let channel = channels.first(where: { $0.number == number }) else { return }
        let meaning = channel.meaning(energised: energised)
        states[channel.id] = meaning
        schedule.saw(channel.id, in: meaning, at: instant)
    }

    private mutating func lose(_ failure: RelayFailure) {
        guard !isLost else { return }
        isLost = true
        states = [:]
        schedule.forgetStates()
        notices(.lost(reason: "\(failure)"))
    }

    /// Writes what was counted; false when there is nothing new.
    mutating func saveWear() -> Bool {
        guard !worn.isEmpty else { return false }
        defer { worn = [] }
        do {
            try wear?.record(worn)
        } catch {
            notices(.wearNotSaved(reason: "\(error)"))
        }
        return true
    }

    mutating func end() {
        for order in schedule.open.compactMap({ orders.removeValue(forKey: $0) }) { order.done(.failure(.stopped)) }
        _ = saveWear()
        // Who comes next may want the relays to stay.
        if hasDeadMan { try? board.disarmDeadMan() }
        board.close()
    }
}
