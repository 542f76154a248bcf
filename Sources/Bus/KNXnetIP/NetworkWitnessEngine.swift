import Events
import KNX

/// What a witness does with the busmonitor tunnel of a KNXnet/IP interface: tells every frame, and whenever it could not see.
///
/// An interface indicates a frame and its acknowledge one after the other; the frame is told when its acknowledge is there or can come no
/// more. A jump of the interface's own count (three bits), its flag "lost", and every stretch without tunnel become gaps.
struct NetworkWitnessEngine: InterfaceEngine {
    /// Of so many indications one was not held up on its way, so that their instants can be relied on (engineering assumption).
    private static let settledAfter = 8

    let source: String
    let line: String
    let uncertaintyNanoseconds: Int64
    /// How much later than a frame its acknowledge may arrive.
    let acknowledgeTime: Instant.Span
    private var client: TunnelClient
    private var assembler: BusmonitorAssembler
    /// Until when the acknowledge of what the assembler holds may arrive.
    private var heldUntil: Instant?
    private var lastStatus: BusmonitorStatus?
    private var connectedAt: Instant?
    private var lastInstant: Instant?
    /// Since the tunnel stands.
    private var indications = 0
    private var blindness: (since: Instant, reason: String)?
    private var hasToldClosed = false
    private var lastRefusal: String?

    init(_ configuration: KNXnetIPWitness.Configuration) {
        source = configuration.source
        line = configuration.line
        uncertaintyNanoseconds = configuration.uncertaintyNanoseconds
        acknowledgeTime = configuration.acknowledgeTime
        client = TunnelClient(configuration.tunnel)
        assembler = BusmonitorAssembler(
            source: configuration.source, line: configuration.line,
            uncertaintyNanoseconds: configuration.uncertaintyNanoseconds)
    }

    var isArmed: Bool { client.isConnected }

    var nextDeadline: Instant? { .earliest(client.nextDeadline, heldUntil) }

    mutating func opened(at now: Instant) -> [InterfaceEffect] {
        // A socket of UDP is there whether or not anybody is at the other end: only the tunnel tells.
        take(client.opened(at: now), at: now)
    }

    mutating func closed(_ reason: String, at now: Instant) -> [InterfaceEffect] {
        let effects = take(client.closed(reason), at: now)
        guard !hasToldClosed else { return effects }
        hasToldClosed = true
        return effects + [report(.closed, detail: reason, at: now)]
    }

    mutating func received(_ octets: [UInt8], at now: Instant) -> [InterfaceEffect] {
        take(client.received(octets, at: now), at: now)
    }

    mutating func tick(at now: Instant) -> [InterfaceEffect] {
        var effects: [InterfaceEffect] = []
        if let heldUntil, heldUntil <= now { effects += release() }
        return effects + take(client.tick(at: now), at: now)
    }

    mutating func finish(at now: Instant) -> [InterfaceEffect] {
        release() + endBlindness(at: now) + take(client.leave(), at: now)
    }

    private mutating func take(_ outputs: [TunnelClient.Output], at now: Instant) -> [InterfaceEffect] {
        var effects: [InterfaceEffect] = []
        for output in outputs {
            switch output {
            case .datagram(let octets): effects.append(.write(octets))
            case .connected(let address):
                hasToldClosed = false
                effects.append(report(.armed, detail: address.map { "tunnel \($0)" }, at: now))
                effects += endBlindness(at: now)
                assembler = BusmonitorAssembler(
                    source: source, line: line, uncertaintyNanoseconds: uncertaintyNanoseconds)
                (lastStatus, lastRefusal, lastInstant) = (nil, nil, nil)
                connectedAt = now
                indications = 0
            case .refused(let status):
                let text =
                    status.map { "the interface refuses the tunnel: \($0)" } ?? "no answer to a connection request"
                guard lastRefusal != text else { break }
                lastRefusal = text
                effects.append(report(.silent, octet: status?.octet, detail: text, at: now))
            case .lost(let reason):
                effects += release()
                if blindness == nil { blindness = (certainUntil ?? now, reason) }
                effects.append(report(.silent, detail: reason, at: now))
            case .message(let cemi): effects += take(cemi, at: now)
            case .delivered, .abandoned: break
            }
        }
        return effects
    }

    /// Up to when nothing that was on the line can be missing. What is estimated from few datagrams may be late by as much as they were.
    private var certainUntil: Instant? {
        indications >= Self.settledAfter ? lastInstant : connectedAt
    }

    // MARK: What the interface saw

    private mutating func take(_ cemi: [UInt8], at arrival: Instant) -> [InterfaceEffect] {
        guard let heard = assembler.hear(cemi, at: arrival) else { return [] }
        guard !heard.isCopy else {
            if let status = heard.status { lastStatus = status }
            return []
        }
        var effects = missing(before: heard.instant, heard.status)
        lastInstant = heard.instant
        indications += 1
        effects += assembler.take(heard).map(InterfaceEffect.emit)
        heldUntil = assembler.isHolding ? arrival + acknowledgeTime : nil
        return effects
    }

    /// The gap before an indication, when the interface's count or its flag shows one.
    private mutating func missing(before instant: Instant, _ status: BusmonitorStatus?) -> [InterfaceEffect] {
        guard let status else { return [] }
        defer { lastStatus = status }
        let count = lastStatus.map(status.missing(since:)) ?? 0
        guard count > 0 || status.lost else { return [] }
        let reason =
            count > 0
            ? "\(count) indications are missing by the interface's count, or \(count) and a multiple of 8"
            : "the interface says that it has lost something"
        // What is held was before the gap, and its acknowledge may be in it.
        let effects = release()
        return effects + [gap(from: certainUntil ?? instant, to: instant, reason)]
    }

    private mutating func release() -> [InterfaceEffect] {
        heldUntil = nil
        return assembler.finish().map(InterfaceEffect.emit)
    }

    // MARK: Blindness

    private mutating func endBlindness(at now: Instant) -> [InterfaceEffect] {
        guard let blind = blindness else { return [] }
        blindness = nil
        return [gap(from: blind.since, to: now, blind.reason)]
    }

    private func gap(from: Instant, to: Instant, _ reason: String) -> InterfaceEffect {
        .emit(
            Event(
                at: to, uncertaintyNanoseconds: uncertaintyNanoseconds, source: source,
                .gap(Event.Gap(blind: source, from: from, to: max(from, to), reason: reason))))
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
