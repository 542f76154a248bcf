public import Events
import KNX

/// Makes frames of what an interface in busmonitor mode tells in cEMI: joins each frame with the acknowledge that follows it, and makes instants
/// of its time stamps, which count microseconds in 32 bits. Pure.
public struct BusmonitorAssembler: Sendable {
    private let source: String
    private let line: String
    private let uncertaintyNanoseconds: Int64
    private var pending: Event?
    /// A time stamp and the instant that it stands for.
    private var stamped: (counter: UInt32, instant: Instant, arrival: Instant)?

    /// - Parameter uncertaintyNanoseconds: of its instants, as far as they stand to each other.
    public init(source: String, line: String, uncertaintyNanoseconds: Int64) {
        self.source = source
        self.line = line
        self.uncertaintyNanoseconds = uncertaintyNanoseconds
    }

    /// Takes a message that arrived at `arrival`; what is no L_Busmon.ind tells nothing.
    public mutating func take(_ message: [UInt8], at arrival: Instant) -> [Event] {
        let octets = message.span
        var faults = Faults()
        let frame = CEMIFrame(octets, faults: &faults)
        guard let indication = BusmonitorIndication(frame, octets), !indication.raw.isEmpty else { return [] }
        let raw = Array(message[indication.raw])
        if raw.count == 1, Acknowledge(raw[0]) != nil, var event = pending, case .frame(var seen) = event.payload,
            isNext(indication.status, after: seen.sequence)
        {
            pending = nil
            seen.acknowledge = raw[0]
            event.payload = .frame(seen)
            return [event]
        }
        let told = finish()
        let ended = instant(of: indication, arrival: arrival)
        let bits = Int64(BusTiming.frameBits(octets: raw.count))
        var flaw: String?
        do { _ = try LPDU(octets: raw) } catch { flaw = error.rawValue }
        pending = Event(
            at: ended, uncertaintyNanoseconds: uncertaintyNanoseconds, source: source,
            .frame(
                Event.Frame(
                    line: line, octets: raw, acknowledge: nil,
                    began: ended - Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: bits)), flaw: flaw,
                    sequence: indication.status.map { Int($0.sequence) })))
        return told
    }

    /// Tells the frame that still waits for an acknowledge.
    public mutating func finish() -> [Event] {
        defer { pending = nil }
        return pending.map { [$0] } ?? []
    }

    /// An acknowledge belongs to the frame only when nothing is missing between the two.
    private func isNext(_ status: BusmonitorStatus?, after sequence: Int?) -> Bool {
        guard let status, let sequence else { return true }
        return Int(status.sequence) == (sequence + 1) & 7
    }

    private mutating func instant(of indication: BusmonitorIndication, arrival: Instant) -> Instant {
        guard let counter = indication.extendedRelativeTimestamp else { return arrival }
        guard let last = stamped else {
            stamped = (counter, arrival, arrival)
            return arrival
        }
        // The counter goes round in 71.6 minutes; arrivals tell how often it did.
        let round: Int64 = 1 << 32
        let step = Int64(counter &- last.counter)
        let rounds = ((arrival - last.arrival).nanoseconds / 1_000 - step + round / 2) / round
        let instant = last.instant + .microseconds(step + max(0, rounds) * round)
        stamped = (counter, instant, arrival)
        return instant
    }
}
