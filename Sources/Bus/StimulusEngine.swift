import Events
import KNX

/// What a stimulus does with its chip: give it an address, hand it one frame after another, answer reads, notice when it is dead.
struct StimulusEngine: InterfaceEngine {
    private enum State {
        case closed
        /// U_Reset.req was sent and is repeated at `next` unless Reset.ind comes.
        case resetting(next: Instant)
        case ready
    }

    static let answerTime = Instant.Span.milliseconds(500)
    static let quietTime = Instant.Span.seconds(1)
    static let confirmationTime = Instant.Span.seconds(2)
    /// Repetitions of a read come within this time after it, 3 after BUSY included.
    private static let repetitionTime = Instant.Span.seconds(1)

    let source: String
    let line: String
    let address: IndividualAddress
    let chip: TPUARTStimulus.Chip
    let reportedFrames: TPUARTStimulus.ReportedFrames
    let answersForTracers: Bool
    let uncertaintyNanoseconds: Int64
    private let parameters: TPUARTStream.Parameters
    private var stream: TPUARTStream
    private var state = State.closed
    private var queue = SendQueue()
    private var inFlight: (telegram: Telegram, until: Instant)?
    private var points: [GroupAddress: GroupValue] = [:]
    private var lastRead: (frame: TP1Frame, at: Instant)?
    private var lastState: UInt8?
    /// When the answer to U_State.req is overdue.
    private var answerDue: Instant?
    private var hasToldClosed = false
    private var hasToldSilence = false
    private(set) var lastSign: Instant?

    init(_ configuration: TPUARTStimulus.Configuration) {
        source = configuration.source
        line = configuration.line
        address = configuration.address
        chip = configuration.chip
        reportedFrames = configuration.reportedFrames
        answersForTracers = configuration.answersForTracers
        uncertaintyNanoseconds = configuration.uncertaintyNanoseconds
        var parameters = TPUARTStream.Parameters()
        parameters.characterNanoseconds = configuration.port.characterNanoseconds
        self.parameters = parameters
        stream = TPUARTStream(mode: .link, parameters: parameters)
    }

    var isReady: Bool {
        if case .ready = state { true } else { false }
    }

    var pendingCount: Int { queue.count + (inFlight == nil ? 0 : 1) }

    var nextDeadline: Instant? {
        let ofStream = stream.nextDeadlineNanoseconds.map { Instant(nanoseconds: $0) }
        switch state {
        case .closed: return ofStream
        case .resetting(let next): return .earliest(ofStream, next)
        case .ready:
            return .earliest(ofStream, inFlight?.until, answerDue ?? lastSign.map { $0 + Self.quietTime })
        }
    }

    // MARK: What the rig asks for

    func value(of group: GroupAddress) -> GroupValue? { points[group] }

    mutating func setPoint(
        _ group: GroupAddress, _ value: GroupValue, announce: Bool, role: Event.Stimulation.Role, at now: Instant
    ) -> [InterfaceEffect] {
        points[group] = value
        let telegram = write(group, value, role, .low)
        return announce ? send(telegram, at: now) : [report(telegram, .changed, at: now)]
    }

    /// Tells that the telegram is due, and hands it over now or after those before it. A chip that is not there, or that `limit` telegrams
    /// already wait for, gets nothing.
    mutating func send(_ telegram: Telegram, limit: Int = .max, at now: Instant) -> [InterfaceEffect] {
        var effects = [report(telegram, .due, at: now)]
        guard isReady else { return effects + [report(telegram, .unanswered, at: now)] }
        guard pendingCount < limit else { return effects }
        queue.append(telegram)
        effects += handOver(at: now)
        return effects
    }

    /// A GroupValueWrite of ours.
    ///
    /// - Parameter source: from another address than its own.
    func write(
        _ group: GroupAddress, _ value: GroupValue, _ role: Event.Stimulation.Role, _ priority: Priority,
        from source: IndividualAddress? = nil
    ) -> Telegram {
        telegram(.write(value), to: group, role, priority, from: source)
    }

    // MARK: What happens

    mutating func opened(at now: Instant) -> [InterfaceEffect] {
        stream = TPUARTStream(mode: .link, parameters: parameters)
        hasToldClosed = false
        hasToldSilence = false
        return [report(.opened, at: now)] + reset(at: now)
    }

    mutating func closed(_ reason: String, at now: Instant) -> [InterfaceEffect] {
        let effects = drop(at: now)
        state = .closed
        guard !hasToldClosed else { return effects }
        hasToldClosed = true
        return effects + [report(.closed, detail: reason, at: now)]
    }

    mutating func received(_ octets: [UInt8], at now: Instant) -> [InterfaceEffect] {
        lastSign = now
        answerDue = nil
        var effects: [InterfaceEffect] = []
        for octet in octets {
            for output in stream.feed(octet, atNanoseconds: now.nanoseconds) { effects += take(output, at: now) }
        }
        return effects
    }

    mutating func tick(at now: Instant) -> [InterfaceEffect] {
        var effects: [InterfaceEffect] = []
        for output in stream.tick(atNanoseconds: now.nanoseconds) { effects += take(output, at: now) }
        switch state {
        case .closed: break
        case .resetting(let next):
            guard now >= next else { break }
            effects += tellSilence("no Reset.ind within 500 ms", at: now)
            state = .resetting(next: now + Self.answerTime)
            effects.append(.write(TPUARTRequest.reset.octets))
        case .ready:
            if let until = inFlight?.until, now >= until {
                effects += tellSilence("no L_Data.con within 2 s", at: now) + drop(at: now) + reset(at: now)
            } else if let due = answerDue {
                guard now >= due else { break }
                effects += tellSilence("no State.ind within 500 ms", at: now) + drop(at: now) + reset(at: now)
            } else if let lastSign, now >= lastSign + Self.quietTime {
                answerDue = now + Self.answerTime
                effects.append(.write(TPUARTRequest.state.octets))
            }
        }
        return effects
    }

    mutating func finish(at now: Instant) -> [InterfaceEffect] {
        drop(at: now)
    }

    private mutating func take(_ output: TPUARTStream.Output, at now: Instant) -> [InterfaceEffect] {
        switch output {
        case .frame(let frame): return hear(frame, at: now)
        case .reset(let nanoseconds): return arm(at: Instant(nanoseconds: nanoseconds))
        case .confirmation(let isPositive, let nanoseconds):
            guard let (telegram, _) = inFlight else { return [] }
            inFlight = nil
            let outcome: Event.Stimulation.Outcome = isPositive ? .confirmed : .unacknowledged
            return [report(telegram, outcome, at: Instant(nanoseconds: nanoseconds))] + handOver(at: now)
        case .state(let octet, let nanoseconds):
            defer { lastState = octet }
            return octet == lastState ? [] : [report(.state, octet: octet, at: Instant(nanoseconds: nanoseconds))]
        case .systemState(let octet, let nanoseconds):
            let detail = octet & 0x20 == 0 ? "bus voltage gone" : "bus voltage present"
            return [report(.state, octet: octet, detail: detail, at: Instant(nanoseconds: nanoseconds))]
        case .acknowledge, .configuration, .frameState, .noise: return []
        }
    }

    /// Reset.ind: the chip has lost its address and what it held of ours. Nothing is sent a second time: who asked for it has been told
    /// that it was not answered.
    private mutating func arm(at now: Instant) -> [InterfaceEffect] {
        let request = chip == .tpuart2 ? TPUARTRequest.setAddress(address) : .setAddressNCN51xx(address)
        var effects = [report(.reset, octet: 0x03, at: now)] + drop(at: now)
        effects += [.write(request.octets), report(.armed, at: now)]
        state = .ready
        hasToldSilence = false
        lastState = nil
        answerDue = nil
        return effects
    }

    private mutating func hear(_ heard: TPUARTStream.Frame, at now: Instant) -> [InterfaceEffect] {
        guard heard.flaw == nil, let frame = try? TP1Frame(octets: heard.octets) else { return [] }
        let isEcho = inFlight.map { Self.first($0.telegram.frame) == Self.first(frame) } ?? false
        var effects: [InterfaceEffect] = []
        if reportedFrames == .all || (reportedFrames == .foreign && !isEcho) {
            effects.append(.emit(event(heard)))
        }
        guard !isEcho, let (group, service) = try? GroupService.of(frame), service == .read,
            let value = points[group]
        else { return effects }
        if frame.isRepetition, let lastRead, lastRead.frame == Self.first(frame),
            now - lastRead.at < Self.repetitionTime
        {
            return effects
        }
        lastRead = (Self.first(frame), now)
        return effects + send(telegram(.response(value), to: group, .response, frame.priority), at: now)
    }

    // MARK: Parts

    private func telegram(
        _ service: GroupService, to group: GroupAddress, _ role: Event.Stimulation.Role, _ priority: Priority,
        from source: IndividualAddress? = nil
    ) -> Telegram {
        let frame = TP1Frame(
            priority: priority, source: source ?? address, destination: .group(group),
            transportUnit: service.transportUnit)
        return Telegram(frame: frame, value: service.value, role: role)
    }

    /// The frame as it was first sent, so that a repetition compares equal.
    private static func first(_ frame: TP1Frame) -> TP1Frame {
        var first = frame
        first.isRepetition = false
        return first
    }

    private mutating func handOver(at now: Instant) -> [InterfaceEffect] {
        guard isReady, inFlight == nil, let telegram = queue.next() else { return [] }
        inFlight = (telegram, now + Self.confirmationTime)
        // From here on an answer can only follow it on the line.
        if answersForTracers, telegram.role == .tracer, case .group(let group) = telegram.frame.destination {
            points[group] = telegram.value
        }
        let octets = telegram.frame.octets
        let request: TPUARTRequest = chip == .ncn51xx ? .transmitNCN51xx(octets) : .transmit(octets)
        return [.write(request.octets)]
    }

    /// Gives up everything that waits: a telegram that could not be sent when it was due must never appear on the line later.
    private mutating func drop(at now: Instant) -> [InterfaceEffect] {
        var dropped = queue.removeAll()
        if let (telegram, _) = inFlight { dropped.insert(telegram, at: 0) }
        inFlight = nil
        return dropped.map { report($0, .unanswered, at: now) }
    }

    /// Also makes the chip forget the frame that it may still hold.
    private mutating func reset(at now: Instant) -> [InterfaceEffect] {
        state = .resetting(next: now + Self.answerTime)
        answerDue = nil
        return [.write(TPUARTRequest.reset.octets)]
    }

    private mutating func tellSilence(_ detail: String, at now: Instant) -> [InterfaceEffect] {
        guard !hasToldSilence else { return [] }
        hasToldSilence = true
        return [report(.silent, detail: detail, at: now)]
    }

    private func report(_ telegram: Telegram, _ outcome: Event.Stimulation.Outcome, at now: Instant)
        -> InterfaceEffect
    {
        .emit(
            Event(
                at: now, uncertaintyNanoseconds: outcome == .due ? 0 : uncertaintyNanoseconds, source: source,
                .stimulus(
                    Event.Stimulation(
                        line: line, group: telegram.frame.destination.raw, raw: telegram.value?.raw ?? [],
                        role: telegram.role, outcome: outcome))))
    }

    private func report(
        _ report: Event.InterfaceReport.Report, octet: UInt8? = nil, detail: String? = nil, at now: Instant
    ) -> InterfaceEffect {
        .emit(
            Event(
                at: now, uncertaintyNanoseconds: uncertaintyNanoseconds, source: source,
                .interface(Event.InterfaceReport(line: line, report: report, octet: octet, detail: detail))))
    }

    private func event(_ frame: TPUARTStream.Frame) -> Event {
        Event(
            at: Instant(nanoseconds: frame.endNanoseconds), uncertaintyNanoseconds: uncertaintyNanoseconds,
            source: source,
            .frame(
                Event.Frame(
                    line: line, octets: frame.octets, acknowledge: nil,
                    began: Instant(nanoseconds: frame.beginNanoseconds), flaw: frame.flaw?.rawValue)))
    }
}
