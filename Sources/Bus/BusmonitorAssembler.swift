public import Events
import KNX

/// Makes frames of what an interface in busmonitor mode tells in cEMI: places each indication in time by its stamp, and joins each frame with the
/// acknowledge that follows it. Pure.
public struct BusmonitorAssembler: Sendable {
    /// One indication.
    struct Heard: Sendable {
        let medium: [UInt8]
        let flaw: String?
        let instant: Instant
        let status: BusmonitorStatus?
        /// The interface has said the same before: nothing is on a line twice within a microsecond.
        let isCopy: Bool
    }

    /// From the end of a frame to that of its acknowledge: 15 bits and a character (KNX standard 3/2/2), and as much again for the stamps.
    static let acknowledgeWindow = Instant.Span(
        nanoseconds: BusTiming.nanoseconds(bits: Int64(2 * (BusTiming.acknowledgeDelayBits + BusTiming.characterBits))))

    private let source: String
    private let line: String
    private let uncertaintyNanoseconds: Int64
    private var estimate = LineTimeEstimate()
    /// The last indication, whether or not it was a copy.
    private var last: (medium: [UInt8], stamp: UInt32?, status: BusmonitorStatus?)?
    private var held: Event?

    /// - Parameter uncertaintyNanoseconds: of its instants, as far as they stand to each other.
    public init(source: String, line: String, uncertaintyNanoseconds: Int64) {
        self.source = source
        self.line = line
        self.uncertaintyNanoseconds = uncertaintyNanoseconds
    }

    /// True while a frame may still be followed by its acknowledge.
    var isHolding: Bool { held != nil }

    /// Takes a message that arrived at `arrival`; what is no L_Busmon.ind tells nothing.
    public mutating func take(_ message: [UInt8], at arrival: Instant) -> [Event] {
        hear(message, at: arrival).map { take($0) } ?? []
    }

    /// Reads a message; nil when it is no L_Busmon.ind.
    mutating func hear(_ message: [UInt8], at arrival: Instant) -> Heard? {
        let octets = message.span
        var faults = Faults()
        let frame = CEMIFrame(octets, faults: &faults)
        guard !faults.isRejected, let indication = BusmonitorIndication(frame, octets), !indication.raw.isEmpty else {
            return nil
        }
        let medium = Array(message[indication.raw])
        let stamp = indication.extendedRelativeTimestamp
        let isCopy = stamp != nil && last?.stamp == stamp && last?.medium == medium
        let isNext = isNext(indication.status)
        last = (medium, stamp, indication.status)
        if !isCopy, !isNext { isOutOfStep = true }
        return Heard(
            medium: medium, flaw: Self.flaw(medium, indication.status),
            instant: stamp.map { estimate.instant(stamp: $0, arrival: arrival) } ?? arrival, status: indication.status,
            isCopy: isCopy)
    }

    /// An indication is missing between what is held and what was heard last.
    private var isOutOfStep = false

    private func isNext(_ status: BusmonitorStatus?) -> Bool {
        guard let status, let before = last?.status else { return true }
        return status.missing(since: before) == 0
    }

    /// Joins what was heard: the frames that are complete with it.
    mutating func take(_ heard: Heard) -> [Event] {
        guard !heard.isCopy else { return [] }
        defer { isOutOfStep = false }
        if heard.medium.count == 1 {
            if var event = held, !isOutOfStep, heard.instant - event.instant <= Self.acknowledgeWindow,
                case .frame(var frame) = event.payload
            {
                held = nil
                frame.acknowledge = heard.medium[0]
                event.payload = .frame(frame)
                return [event]
            }
            return finish() + [event(heard, bits: BusTiming.characterBits, flaw: "acknowledge-without-frame")]
        }
        let told = finish()
        held = event(heard, bits: BusTiming.frameBits(octets: heard.medium.count), flaw: heard.flaw)
        return told
    }

    /// Tells the frame that still waits for an acknowledge.
    public mutating func finish() -> [Event] {
        defer { held = nil }
        return held.map { [$0] } ?? []
    }

    private func event(_ heard: Heard, bits: Int, flaw: String?) -> Event {
        let began = heard.instant - Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: Int64(bits)))
        return Event(
            at: heard.instant, uncertaintyNanoseconds: uncertaintyNanoseconds, source: source,
            .frame(
                Event.Frame(
                    line: line, octets: heard.medium, acknowledge: nil, began: began, flaw: flaw,
                    sequence: heard.status.map { Int($0.sequence) })))
    }

    private static func flaw(_ medium: [UInt8], _ status: BusmonitorStatus?) -> String? {
        if status?.parityError == true { return "parity" }
        if status?.bitError == true { return "bit-error" }
        do throws(TP1Frame.Flaw) {
            _ = try LPDU(octets: medium)
            return status?.frameError == true ? "frame-error" : nil
        } catch {
            return error.rawValue
        }
    }
}
