package import Events
package import KNX

/// What a witness does with its chip: arm its busmonitor mode, tell every frame, notice when it cannot see.
package struct WitnessEngine: InterfaceEngine {
    private enum State {
        case closed
        /// U_Reset.req was sent and is repeated at `next` unless Reset.ind comes.
        case resetting(next: Instant)
        case armed
    }

    static let answerTime = Instant.Span.milliseconds(500)

    let source: String
    let line: String
    let uncertaintyNanoseconds: Int64
    let asksAfterSilence: Instant.Span?
    private let parameters: TPUARTStream.Parameters
    private var stream: TPUARTStream
    private var state = State.closed
    private var hasBeenArmed = false
    /// Since when, and why, nothing can be seen for sure.
    private var blindness: (since: Instant, reason: String)?
    private var lastSign: Instant?
    private var hasHeardSinceArming = false
    private var hasToldSilence = false
    private var hasToldClosed = false

    package init(
        source: String, line: String, parameters: TPUARTStream.Parameters, uncertaintyNanoseconds: Int64,
        asksAfterSilence: Instant.Span?
    ) {
        self.source = source
        self.line = line
        self.parameters = parameters
        self.uncertaintyNanoseconds = uncertaintyNanoseconds
        self.asksAfterSilence = asksAfterSilence
        stream = TPUARTStream(mode: .busmonitor, parameters: parameters)
    }

    package var isArmed: Bool {
        if case .armed = state { true } else { false }
    }

    package var nextDeadline: Instant? {
        let ofStream = stream.nextDeadlineNanoseconds.map { Instant(nanoseconds: $0) }
        switch state {
        case .closed: return ofStream
        case .resetting(let next): return .earliest(ofStream, next)
        case .armed: return .earliest(ofStream, nextQuestion)
        }
    }

    /// When an armed chip that has fallen silent is asked whether it lives.
    private var nextQuestion: Instant? {
        guard let asksAfterSilence, hasHeardSinceArming, let lastSign else { return nil }
        return lastSign + asksAfterSilence
    }

    package mutating func opened(at now: Instant) -> [InterfaceEffect] {
        stream = TPUARTStream(mode: .busmonitor, parameters: parameters)
        hasToldClosed = false
        hasToldSilence = false
        state = .resetting(next: now + Self.answerTime)
        return [report(.opened, at: now), .write(TPUARTRequest.reset.octets)]
    }

    package mutating func closed(_ reason: String, at now: Instant) -> [InterfaceEffect] {
        var effects = flush(at: now)
        if isArmed { goBlind(since: now, "the device was gone") }
        state = .closed
        guard !hasToldClosed else { return effects }
        hasToldClosed = true
        effects.append(report(.closed, detail: reason, at: now))
        return effects
    }

    package mutating func received(_ octets: [UInt8], at now: Instant) -> [InterfaceEffect] {
        var effects: [InterfaceEffect] = []
        for octet in octets {
            for output in stream.feed(octet, atNanoseconds: now.nanoseconds) { effects += take(output, at: now) }
        }
        lastSign = now
        return effects
    }

    package mutating func tick(at now: Instant) -> [InterfaceEffect] {
        var effects: [InterfaceEffect] = []
        for output in stream.tick(atNanoseconds: now.nanoseconds) { effects += take(output, at: now) }
        switch state {
        case .closed: break
        case .resetting(let next):
            guard now >= next else { break }
            if !hasToldSilence {
                hasToldSilence = true
                if let blind = blindness, let lastSign, lastSign < blind.since {
                    // The chip was dead when it was asked, so it may have died right after its last octet.
                    blindness = (lastSign, "the chip answered nothing")
                }
                effects.append(report(.silent, detail: "no Reset.ind within 500 ms", at: now))
            }
            state = .resetting(next: now + Self.answerTime)
            effects.append(.write(TPUARTRequest.reset.octets))
        case .armed:
            guard let nextQuestion, now >= nextQuestion else { break }
            goBlind(since: now, "the chip was asked whether it lives")
            state = .resetting(next: now + Self.answerTime)
            effects.append(.write(TPUARTRequest.reset.octets))
        }
        return effects
    }

    package mutating func finish(at now: Instant) -> [InterfaceEffect] {
        flush(at: now) + endBlindness(at: now)
    }

    private mutating func take(_ output: TPUARTStream.Output, at now: Instant) -> [InterfaceEffect] {
        switch output {
        case .frame(let frame):
            hasHeardSinceArming = true
            return [.emit(event(frame))]
        case .reset(let nanoseconds):
            return arm(at: Instant(nanoseconds: nanoseconds))
        case .noise(let octets, let nanoseconds):
            return [unexplained(octets, "noise", arrival: nanoseconds)]
        case .acknowledge(let octet, let nanoseconds):
            return [unexplained([octet], "acknowledge-without-frame", arrival: nanoseconds)]
        case .systemState(let octet, let nanoseconds):
            let detail = octet & 0x20 == 0 ? "bus voltage gone" : "bus voltage present"
            return [report(.state, octet: octet, detail: detail, at: Instant(nanoseconds: nanoseconds))]
        case .state(let octet, let nanoseconds), .configuration(let octet, let nanoseconds),
            .frameState(let octet, let nanoseconds):
            return [report(.state, octet: octet, at: Instant(nanoseconds: nanoseconds))]
        case .confirmation(let isPositive, let nanoseconds):
            return [unexplained([isPositive ? 0x8B : 0x0B], "confirmation-of-nothing", arrival: nanoseconds)]
        }
    }

    /// Reset.ind: the chip is in normal mode now, so whatever the reason, it is put into busmonitor mode again at once.
    private mutating func arm(at now: Instant) -> [InterfaceEffect] {
        if isArmed { goBlind(since: lastSign ?? now, "the chip had reset itself") }
        var effects = [report(.reset, octet: 0x03, at: now), .write(TPUARTRequest.activateBusmonitor.octets)]
        effects.append(report(.armed, at: now))
        effects += endBlindness(at: now)
        state = .armed
        hasBeenArmed = true
        hasHeardSinceArming = false
        hasToldSilence = false
        return effects
    }

    private mutating func goBlind(since: Instant, _ reason: String) {
        if hasBeenArmed, blindness == nil { blindness = (since, reason) }
    }

    private mutating func endBlindness(at now: Instant) -> [InterfaceEffect] {
        guard let (since, reason) = blindness else { return [] }
        blindness = nil
        let gap = Event.Gap(blind: source, from: since, to: now, reason: reason)
        return [.emit(Event(at: now, source: source, .gap(gap)))]
    }

    /// What is left in the stream when no octet can come any more.
    private mutating func flush(at now: Instant) -> [InterfaceEffect] {
        var effects: [InterfaceEffect] = []
        while let deadline = stream.nextDeadlineNanoseconds {
            for output in stream.tick(atNanoseconds: deadline) { effects += take(output, at: now) }
        }
        return effects
    }

    private func event(_ frame: TPUARTStream.Frame) -> Event {
        // Uniform over the stall when all octets came at once.
        let uncertainty = frame.isBurst ? parameters.stallNanoseconds * 289 / 1000 : uncertaintyNanoseconds
        return Event(
            at: Instant(nanoseconds: frame.endNanoseconds), uncertaintyNanoseconds: uncertainty, source: source,
            .frame(
                Event.Frame(
                    line: line, octets: frame.octets, acknowledge: frame.acknowledge,
                    began: Instant(nanoseconds: frame.beginNanoseconds), flaw: frame.flaw?.rawValue)))
    }

    private func unexplained(_ octets: [UInt8], _ flaw: String, arrival: Int64) -> InterfaceEffect {
        let end = arrival - parameters.characterNanoseconds
        let began = end - BusTiming.nanoseconds(bits: Int64(BusTiming.characterBits))
        return .emit(
            Event(
                at: Instant(nanoseconds: end), uncertaintyNanoseconds: uncertaintyNanoseconds, source: source,
                .frame(
                    Event.Frame(
                        line: line, octets: octets, acknowledge: nil, began: Instant(nanoseconds: began), flaw: flaw))))
    }

    private func report(
        _ report: Event.InterfaceReport.Report, octet: UInt8? = nil, detail: String? = nil, at now: Instant
    ) -> InterfaceEffect {
        .emit(
            Event(
                at: now, uncertaintyNanoseconds: uncertaintyNanoseconds, source: source,
                .interface(Event.InterfaceReport(line: line, report: report, octet: octet, detail: detail))))
    }
}
