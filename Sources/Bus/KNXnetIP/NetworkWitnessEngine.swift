import Events
import KNX

/// What a witness does with the busmonitor tunnel of a KNXnet/IP interface: tells every frame, and whenever it could not see.
///
/// An interface indicates a frame and its acknowledge one after the other; the frame is told when its acknowledge is there or can come no
/// more. A jump of the interface's own count (three bits), its flag "lost", and every stretch without tunnel become gaps.
struct NetworkWitnessEngine: InterfaceEngine {
    /// A frame that may still be followed by its acknowledge.
    private struct Held: Sendable {
        let octets: [UInt8]
        let flaw: String?
        let instant: Instant
        let until: Instant
    }

    /// From the end of a frame to that of its acknowledge: 15 bits and a character (KNX standard 3/2/2), and as much again for the stamps.
    static let acknowledgeWindow = Instant.Span(
        nanoseconds: BusTiming.nanoseconds(bits: Int64(2 * (BusTiming.acknowledgeDelayBits + BusTiming.characterBits))))

    /// Of so many indications one was not held up on its way, so that their instants can be relied on (engineering assumption).
    private static let settledAfter = 8

    let source: String
    let line: String
    let uncertaintyNanoseconds: Int64
    /// How much later than a frame its acknowledge may arrive.
    let acknowledgeTime: Instant.Span
    private var client: TunnelClient
    private var estimate = LineTimeEstimate()
    private var held: Held?
    private var lastStatus: BusmonitorStatus?
    private var lastIndication: (medium: [UInt8], stamp: UInt32)?
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
    }

    var isArmed: Bool { client.isConnected }

    var nextDeadline: Instant? { .earliest(client.nextDeadline, held?.until) }

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
        if let held, held.until <= now { effects += release(acknowledge: nil) }
        return effects + take(client.tick(at: now), at: now)
    }

    mutating func finish(at now: Instant) -> [InterfaceEffect] {
        release(acknowledge: nil) + endBlindness(at: now) + take(client.leave(), at: now)
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
                estimate = LineTimeEstimate()
                (lastStatus, lastIndication, lastRefusal, lastInstant) = (nil, nil, nil, nil)
                connectedAt = now
                indications = 0
            case .refused(let status):
                let text =
                    status.map { "the interface refuses the tunnel: \($0)" } ?? "no answer to a connection request"
                guard lastRefusal != text else { break }
                lastRefusal = text
                effects.append(report(.silent, octet: status?.octet, detail: text, at: now))
            case .lost(let reason):
                effects += release(acknowledge: nil)
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
        var faults = Faults()
        let frame = CEMIFrame(cemi.span, faults: &faults)
        guard !faults.isRejected, let indication = BusmonitorIndication(frame, cemi.span) else { return [] }
        let medium = Array(cemi[indication.raw])
        if let stamp = indication.extendedRelativeTimestamp {
            // Nothing is on a line twice within a microsecond: the interface repeats itself.
            let isCopy = lastIndication.map { $0.medium == medium && $0.stamp == stamp } ?? false
            lastIndication = (medium, stamp)
            if isCopy {
                if let status = indication.status { lastStatus = status }
                return []
            }
        }
        let instant =
            indication.extendedRelativeTimestamp.map { estimate.instant(stamp: $0, arrival: arrival) } ?? arrival
        var effects = missing(before: instant, indication.status)
        lastInstant = instant
        indications += 1
        if medium.count == 1 { return effects + acknowledged(medium[0], at: instant) }
        effects += release(acknowledge: nil)
        held = Held(
            octets: medium, flaw: flaw(medium, indication.status), instant: instant, until: arrival + acknowledgeTime)
        return effects
    }

    private func flaw(_ medium: [UInt8], _ status: BusmonitorStatus?) -> String? {
        if status?.parityError == true { return "parity" }
        if status?.bitError == true { return "bit-error" }
        do throws(TP1Frame.Flaw) {
            _ = try TP1Frame(octets: medium)
            return status?.frameError == true ? "frame-error" : nil
        } catch {
            return error.rawValue
        }
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
        let effects = release(acknowledge: nil)
        return effects + [gap(from: certainUntil ?? instant, to: instant, reason)]
    }

    private mutating func acknowledged(_ octet: UInt8, at instant: Instant) -> [InterfaceEffect] {
        if let held, instant - held.instant <= Self.acknowledgeWindow {
            return release(acknowledge: octet)
        }
        let began = instant - Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: Int64(BusTiming.characterBits)))
        return release(acknowledge: nil) + [
            frame([octet], acknowledge: nil, began: began, at: instant, flaw: "acknowledge-without-frame")
        ]
    }

    private mutating func release(acknowledge: UInt8?) -> [InterfaceEffect] {
        guard let frame = held else { return [] }
        held = nil
        let bits = Int64(BusTiming.frameBits(octets: frame.octets.count))
        let began = frame.instant - Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: bits))
        return [
            self.frame(
                frame.octets, acknowledge: acknowledge, began: began, at: frame.instant, flaw: frame.flaw)
        ]
    }

    private func frame(
        _ octets: [UInt8], acknowledge: UInt8?, began: Instant, at instant: Instant, flaw: String?
    ) -> InterfaceEffect {
        .emit(
            Event(
                at: instant, uncertaintyNanoseconds: uncertaintyNanoseconds, source: source,
                .frame(
                    Event.Frame(line: line, octets: octets, acknowledge: acknowledge, began: began, flaw: flaw))))
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
