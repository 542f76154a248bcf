import Events
import KNX

/// What a witness does with a knxd: asks for its busmonitor with time stamps, or without where it has none, tells every frame, and whenever it could
/// not see.
///
/// A frame and its acknowledge come one after the other. knxd 0.14.54 repeats the first octet of the frame in place of the acknowledge: only a character
/// that is one is told as such.
struct KnxdWitnessEngine: InterfaceEngine {
    private enum State {
        case closed
        /// Asked for the mode; asked again at `next` unless it is granted.
        case opening(isStamped: Bool, next: Instant)
        case armed
    }

    /// How long knxd may take to answer, and from one refusal to the next request (our choice).
    static let answerTime = Instant.Span.seconds(1)
    /// How much later than a frame its acknowledge may arrive here (engineering assumption: it is on the line 2.7 ms later).
    static let acknowledgeTime = Instant.Span.milliseconds(300)

    let source: String
    let line: String
    let mode: KnxdWitness.Mode
    private let uncertaintyNanoseconds: Int64
    private var stream = KnxdStream()
    private var clock = KnxdClock()
    private var state = State.closed
    private var held: Event?
    private var heldUntil: Instant?
    private var lastSign: Instant?
    private var blindness: (since: Instant, reason: String)?
    private var hasToldClosed = false
    private var lastRefusal: String?

    init(_ configuration: KnxdWitness.Configuration) {
        source = configuration.source
        line = configuration.line
        mode = configuration.mode
        uncertaintyNanoseconds = configuration.mode.visibility.uncertaintyNanoseconds
    }

    var isArmed: Bool {
        if case .armed = state { true } else { false }
    }

    var nextDeadline: Instant? {
        if case .opening(_, let next) = state { .earliest(heldUntil, next) } else { heldUntil }
    }

    mutating func opened(at now: Instant) -> [InterfaceEffect] {
        stream = KnxdStream()
        clock = KnxdClock()
        hasToldClosed = false
        lastRefusal = nil
        return [report(.opened, at: now)] + ask(isStamped: true, at: now)
    }

    mutating func closed(_ reason: String, at now: Instant) -> [InterfaceEffect] {
        var effects = release()
        if isArmed, blindness == nil { blindness = (lastSign ?? now, "knxd was gone") }
        state = .closed
        guard !hasToldClosed else { return effects }
        hasToldClosed = true
        effects.append(report(.closed, detail: reason, at: now))
        return effects
    }

    mutating func received(_ octets: [UInt8], at now: Instant) -> [InterfaceEffect] {
        stream.feed(octets).flatMap { take($0, at: now) }
    }

    mutating func tick(at now: Instant) -> [InterfaceEffect] {
        var effects: [InterfaceEffect] = []
        if let heldUntil, heldUntil <= now { effects += release() }
        if case .opening(let isStamped, let next) = state, next <= now {
            if lastRefusal == nil { effects += refused("knxd does not answer", at: now) }
            effects += ask(isStamped: isStamped, at: now)
        }
        return effects
    }

    mutating func finish(at now: Instant) -> [InterfaceEffect] { release() + endBlindness(at: now) }

    // MARK: The mode

    private mutating func ask(isStamped: Bool, at now: Instant) -> [InterfaceEffect] {
        state = .opening(isStamped: isStamped, next: now + Self.answerTime)
        let request: KnxdRequest =
            switch (mode, isStamped) {
            case (.busmonitor, true): .openBusmonitorWithTimestamps
            case (.busmonitor, false): .openBusmonitor
            case (.vbusmonitor, true): .openVirtualBusmonitorWithTimestamps
            case (.vbusmonitor, false): .openVirtualBusmonitor
            }
        return [.write((try? request.octets) ?? [])]
    }

    private mutating func take(_ reply: KnxdReply, at now: Instant) -> [InterfaceEffect] {
        switch reply {
        case .opened:
            guard case .opening = state else { return [] }
            state = .armed
            lastSign = now
            return [report(.armed, detail: mode.rawValue, at: now)] + endBlindness(at: now)
        case .failure(let failure):
            guard case .opening(let isStamped, _) = state else { return [] }
            // What knows no time stamps says so with this.
            if isStamped, failure == .invalidRequest { return ask(isStamped: false, at: now) }
            state = .opening(isStamped: true, next: now + Self.answerTime)
            return refused("knxd refuses its \(mode.rawValue): \(failure)", at: now)
        case .busmonitorPacketWithTimestamp(let octets, _, let stamp):
            return hear(octets, at: clock.instant(stamp, arrival: now), arrival: now)
        case .busmonitorPacket(let octets): return hear(octets, at: now, arrival: now)
        default: return []
        }
    }

    private mutating func refused(_ text: String, at now: Instant) -> [InterfaceEffect] {
        guard lastRefusal != text else { return [] }
        lastRefusal = text
        return [report(.silent, detail: text, at: now)]
    }

    // MARK: Frames

    private mutating func hear(_ octets: [UInt8], at instant: Instant, arrival: Instant) -> [InterfaceEffect] {
        lastSign = arrival
        guard octets.count == 1 else {
            let told = release()
            let event = event(octets, at: instant, bits: BusTiming.frameBits(octets: octets.count), Self.flaw(octets))
            guard mode == .busmonitor else { return told + [.emit(event)] }
            held = event
            heldUntil = arrival + Self.acknowledgeTime
            return told
        }
        if var event = held, instant - event.instant <= Self.acknowledgeTime, case .frame(var frame) = event.payload {
            (held, heldUntil) = (nil, nil)
            frame.acknowledge = Acknowledge(octets[0]) == nil ? nil : octets[0]
            event.payload = .frame(frame)
            return [.emit(event)]
        }
        return release() + [
            .emit(event(octets, at: instant, bits: BusTiming.characterBits, "acknowledge-without-frame"))
        ]
    }

    private mutating func release() -> [InterfaceEffect] {
        defer { (held, heldUntil) = (nil, nil) }
        return held.map { [.emit($0)] } ?? []
    }

    private static func flaw(_ octets: [UInt8]) -> String? {
        do throws(TP1Frame.Flaw) {
            _ = try LPDU(octets: octets)
            return nil
        } catch {
            return error.rawValue
        }
    }

    private func event(_ octets: [UInt8], at instant: Instant, bits: Int, _ flaw: String?) -> Event {
        let began = instant - Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: Int64(bits)))
        return Event(
            at: instant, uncertaintyNanoseconds: uncertaintyNanoseconds, source: source,
            .frame(Event.Frame(line: line, octets: octets, acknowledge: nil, began: began, flaw: flaw)))
    }

    // MARK: Itself

    private mutating func endBlindness(at now: Instant) -> [InterfaceEffect] {
        guard let (since, reason) = blindness else { return [] }
        blindness = nil
        let gap = Event.Gap(blind: source, from: since, to: max(since, now), reason: reason)
        return [.emit(Event(at: now, uncertaintyNanoseconds: uncertaintyNanoseconds, source: source, .gap(gap)))]
    }

    private func report(
        _ report: Event.InterfaceReport.Report, detail: String? = nil, at now: Instant
    ) -> InterfaceEffect {
        .emit(
            Event(
                at: now, uncertaintyNanoseconds: uncertaintyNanoseconds, source: source,
                .interface(Event.InterfaceReport(line: line, report: report, octet: nil, detail: detail))))
    }
}
