/// Finds the frames and the single-octet services in what a TP-UART or NCN51xx sends to its host, with the instants at which the frames
/// were on the line. Pure: instants are arguments, nanoseconds of any one clock. Total: any octets at any instants give some output and
/// the next frame after a silence is found again.
///
/// Frames are found by length. A silence inside one ends it as truncated, but the arrival stamps of a host that was not scheduled, or of a
/// USB adapter that collects octets, show silences too. The two are told apart by what follows: after a stall the overdue octets come at
/// once and catch up with the line's schedule of one octet per 13 bit times; after a silence of the line they come at the line's own pace.
/// So a silence up to `Parameters.stallNanoseconds` is forgiven when the frame then completes with a good check octet before its pace
/// refutes it; otherwise the frame is cut where the silence was, and what followed is read anew. A host that was not scheduled at all
/// finds everything in its buffer and has ticked nothing meanwhile, so before a tick more is forgiven (`sleepNanoseconds`).
///
/// After a cut or damaged frame an octet may still be from inside one. Until a silence or a good frame it is taken as a service only
/// when it stands alone, so that no octet of data passes for Reset.ind or L_Data.con.
public struct TPUARTStream: Sendable {
    public enum Mode: Sendable {
        case link
        /// Acknowledge characters come too and are attached to the frame before them.
        case busmonitor
    }

    public struct Parameters: Sendable {
        /// One character of the UART between chip and host, which every arrival is later than the line: 11 bits at 19 200 baud.
        public var characterNanoseconds: Int64 = 572_917
        /// The shortest silence inside a frame that may end it. The next character of a frame is due 1.35 ms after the last.
        public var gapNanoseconds: Int64 = 2_500_000
        /// How late a host may be: the longest silence that is forgiven is this and the time to the next octet of a frame.
        public var stallNanoseconds: Int64 = 20_000_000
        /// How long the host itself may sleep: the longest silence that is forgiven when the next octet is fed before any tick.
        public var sleepNanoseconds: Int64 = 100_000_000
        /// From the end of a frame to the latest arrival of its acknowledge: 26 bit times on the line (2.7 ms), and a stall.
        public var acknowledgeNanoseconds: Int64 = 22_700_000

        public init() {}
    }

    public struct Frame: Hashable, Sendable {
        /// As received, check octet included.
        public var octets: [UInt8]
        /// Start bit of the first octet on the line.
        public var beginNanoseconds: Int64
        /// Stop bit of the last octet on the line.
        public var endNanoseconds: Int64
        /// In busmonitor mode the acknowledge character that followed; nil when none came.
        public var acknowledge: UInt8?
        /// `checksum`, `truncated`, `length-escape`; nil for a good frame.
        public var flaw: TP1Frame.Flaw?
        /// The longest time between two arrivals inside the frame.
        public var longestSilenceNanoseconds: Int64
        /// No two octets came at the line's pace, so nothing tells by how much all of them were late: both instants may be late by up to
        /// `Parameters.stallNanoseconds`.
        public var isBurst: Bool
    }

    public enum Output: Hashable, Sendable {
        case frame(Frame)
        case reset(nanoseconds: Int64)
        case state(UInt8, nanoseconds: Int64)
        case confirmation(isPositive: Bool, nanoseconds: Int64)
        /// An acknowledge character that followed no frame (or any, in link mode).
        case acknowledge(UInt8, nanoseconds: Int64)
        case configuration(UInt8, nanoseconds: Int64)
        case frameState(UInt8, nanoseconds: Int64)
        /// NCN51xx: b5 bus voltage present, b1…0 mode.
        case systemState(UInt8, nanoseconds: Int64)
        /// Octets that are no frame and no service; the instant is the arrival of the first.
        case noise([UInt8], nanoseconds: Int64)
    }

    private struct Octet {
        var value: UInt8
        var arrival: Int64
    }

    private enum State {
        case idle
        case collecting(IncomingFrame)
        case awaitingAcknowledge(Frame, until: Int64)
        case systemState(arrival: Int64)
        case noise([UInt8], first: Int64, last: Int64)
    }

    private static let longestNoise = 64
    /// Octets at the line's own pace after a silence say that the line was silent, unless what delays them delays each by as much, as a
    /// terminal's worker on a busy computer does (measured). No sender may begin before the line has been idle for 50 bit times, so that its first octet
    /// comes 61 bit times (6.35 ms) after the last one before: a shorter silence lies inside a frame, and its check octet says whether it is whole.
    private static let longestInnerDelay: Int64 = 4_500_000

    public let mode: Mode
    public let parameters: Parameters
    private var state = State.idle
    /// True from a cut or damaged frame until a silence or a good frame.
    private var isLost = false

    public init(mode: Mode, parameters: Parameters = Parameters()) {
        self.mode = mode
        self.parameters = parameters
    }

    private var longestSilence: Int64 { parameters.stallNanoseconds &+ IncomingFrame.pitchNanoseconds(1) }

    /// What a host needs to acknowledge the frame that is coming in.
    public struct AcknowledgeWindow: Hashable, Sendable {
        public var destination: Destination
        /// Arrival of the sixth octet, which completes the destination in standard and in extended frames.
        public var nanoseconds: Int64
        /// Until when the chip must have U_AckInformation: 1.7 ms later.
        public var deadlineNanoseconds: Int64

        public init(destination: Destination, nanoseconds: Int64, deadlineNanoseconds: Int64) {
            self.destination = destination
            self.nanoseconds = nanoseconds
            self.deadlineNanoseconds = deadlineNanoseconds
        }
    }

    /// Nil outside of frames and before the sixth octet. Acknowledge characters are the same for standard and extended frames.
    public var acknowledgeWindow: AcknowledgeWindow? {
        guard case .collecting(let frame) = state, frame.octets.count > 5, TP1.isDataControl(frame.octets[0]) else {
            return nil
        }
        let isExtended = frame.octets[0] & 0x80 == 0
        let target = frame.octets.span.bigEndian16(at: isExtended ? 4 : 3)
        let isGroup = frame.octets[isExtended ? 1 : 5] & 0x80 != 0
        return AcknowledgeWindow(
            destination: isGroup
                ? .group(GroupAddress(raw: target)) : .individual(IndividualAddress(raw: target)),
            nanoseconds: frame.arrivals[5], deadlineNanoseconds: frame.arrivals[5] &+ 1_700_000)
    }

    /// True inside a frame.
    var isCollecting: Bool { if case .collecting = state { true } else { false } }

    /// True between frames, when an octet that stands alone can be believed.
    var isIdle: Bool { if case .idle = state { !isLost } else { false } }

    /// Ends a frame before its length: the chip has said that it ended.
    mutating func endFrame() -> [Output] {
        guard case .collecting(let frame) = state else { return flushFrame() }
        var outputs: [Output] = []
        _ = cut(frame, at: frame.octets.count, &outputs)
        return outputs
    }

    /// Tells a whole frame that waits for its acknowledge.
    mutating func flushFrame() -> [Output] {
        guard case .awaitingAcknowledge(let frame, _) = state else { return [] }
        state = .idle
        return [.frame(frame)]
    }

    /// When `tick` will have something to say if nothing arrives before.
    public var nextDeadlineNanoseconds: Int64? {
        switch state {
        case .idle: nil
        case .collecting(let frame): (frame.arrivals.last ?? 0) &+ longestSilence
        case .awaitingAcknowledge(_, let until): until
        case .systemState(let arrival): arrival &+ parameters.stallNanoseconds
        case .noise(_, _, let last): last &+ parameters.gapNanoseconds
        }
    }

    /// Takes one octet that arrived at `nanoseconds`. Feed what has arrived before calling `tick` with a later instant: a reader that was
    /// itself late must not take its own delay for silence.
    public mutating func feed(_ octet: UInt8, atNanoseconds nanoseconds: Int64) -> [Output] {
        var outputs: [Output] = []
        let octet = Octet(value: octet, arrival: nanoseconds)
        let rest = take(octet, &outputs)
        if !rest.isEmpty { feed(rest, &outputs) }
        return outputs
    }

    /// Ends what silence has ended by `nanoseconds`.
    public mutating func tick(atNanoseconds nanoseconds: Int64) -> [Output] {
        var outputs: [Output] = []
        expire(at: nanoseconds, &outputs)
        return outputs
    }

    private mutating func feed(_ octets: [Octet], _ outputs: inout [Output]) {
        // What a cut frame gives back is read before what comes after it, so the work is a stack with the next octet last. Each cut gives
        // back fewer octets than it took.
        var work = Array(octets.reversed())
        while let octet = work.popLast() { work += take(octet, &outputs).reversed() }
    }

    /// Takes one octet, and ends before what silence has ended; gives back those that must be read anew.
    private mutating func take(_ octet: Octet, _ outputs: inout [Output]) -> [Octet] {
        switch state {
        case .collecting: break
        case .awaitingAcknowledge(_, let until)
        where octet.arrival &- until <= parameters.sleepNanoseconds &- parameters.acknowledgeNanoseconds: break
        default: expire(at: octet.arrival, &outputs)
        }
        return accept(octet, &outputs)
    }

    private mutating func expire(at now: Int64, _ outputs: inout [Output]) {
        while let deadline = nextDeadlineNanoseconds, now &- deadline >= 0 {
            switch state {
            case .idle: return
            case .collecting(let frame):
                let rest = cut(frame, at: frame.doubt ?? frame.octets.count, &outputs)
                feed(rest, &outputs)
            case .awaitingAcknowledge(let frame, _):
                state = .idle
                outputs.append(.frame(frame))
            case .systemState(let arrival):
                state = .idle
                outputs.append(.noise([0x4B], nanoseconds: arrival))
            case .noise(let octets, let first, _):
                if isLost, octets.count == 1, let indication = TPUARTIndication(octets[0]) {
                    state = .idle
                    tell(indication, at: first, &outputs)
                } else {
                    endNoise(&outputs)
                }
                isLost = false
            }
        }
    }

    /// Takes one octet; gives back those that must be read anew.
    private mutating func accept(_ octet: Octet, _ outputs: inout [Output]) -> [Octet] {
        switch state {
        case .collecting(var frame):
            // Held by nobody else from here on, so that an octet more copies none of those before it.
            state = .idle
            return extend(&frame, by: octet, &outputs)
        case .systemState:
            state = .idle
            outputs.append(.systemState(octet.value, nanoseconds: octet.arrival))
            return []
        case .awaitingAcknowledge(var frame, _):
            state = .idle
            if Acknowledge(octet.value) != nil {
                frame.acknowledge = octet.value
                outputs.append(.frame(frame))
                return []
            }
            outputs.append(.frame(frame))
        case .idle, .noise: break
        }
        begin(octet, &outputs)
        return []
    }

    /// Takes an octet between two frames.
    private mutating func begin(_ octet: Octet, _ outputs: inout [Output]) {
        guard let indication = TPUARTIndication(octet.value), !isLost || indication == .frameStart else {
            if case .noise(let octets, let first, _) = state, octets.count < Self.longestNoise {
                state = .noise(octets + [octet.value], first: first, last: octet.arrival)
            } else {
                endNoise(&outputs)
                state = .noise([octet.value], first: octet.arrival, last: octet.arrival)
            }
            return
        }
        endNoise(&outputs)
        if indication == .frameStart {
            var frame = IncomingFrame()
            frame.append(octet.value, arrival: octet.arrival)
            state = .collecting(frame)
        } else {
            tell(indication, at: octet.arrival, &outputs)
        }
    }

    private mutating func tell(_ indication: TPUARTIndication, at arrival: Int64, _ outputs: inout [Output]) {
        switch indication {
        case .frameStart: break
        case .systemStateStart: state = .systemState(arrival: arrival)
        case .reset: outputs.append(.reset(nanoseconds: arrival))
        case .state(let octet): outputs.append(.state(octet, nanoseconds: arrival))
        case .confirmation(let isPositive):
            outputs.append(.confirmation(isPositive: isPositive, nanoseconds: arrival))
        case .acknowledge(let octet): outputs.append(.acknowledge(octet, nanoseconds: arrival))
        case .configuration(let octet): outputs.append(.configuration(octet, nanoseconds: arrival))
        case .frameState(let octet): outputs.append(.frameState(octet, nanoseconds: arrival))
        }
    }

    private mutating func endNoise(_ outputs: inout [Output]) {
        if case .noise(let octets, let first, _) = state {
            state = .idle
            outputs.append(.noise(octets, nanoseconds: first))
        }
    }

    private mutating func extend(_ frame: inout IncomingFrame, by octet: Octet, _ outputs: inout [Output]) -> [Octet] {
        let silence = octet.arrival &- (frame.arrivals.last ?? octet.arrival)
        if silence > parameters.sleepNanoseconds {
            return cut(frame, at: frame.doubt ?? frame.octets.count, &outputs) + [octet]
        }
        if silence > parameters.gapNanoseconds, frame.doubt == nil { frame.doubt = frame.octets.count }
        frame.append(octet.value, arrival: octet.arrival)
        if let doubt = frame.doubt {
            if frame.lateness <= parameters.gapNanoseconds {
                frame.doubt = nil
            } else if octet.arrival &- frame.arrivals[doubt] > parameters.gapNanoseconds,
                frame.lateness > Self.longestInnerDelay, frame.keepsPace(from: doubt)
            {
                return cut(frame, at: doubt, &outputs)
            }
        }
        guard let length = Self.length(frame.octets), frame.octets.count >= length else {
            state = .collecting(frame)
            return []
        }
        let flaw = Self.flaw(frame.octets)
        if flaw != nil, let doubt = frame.doubt { return cut(frame, at: doubt, &outputs) }
        isLost = flaw != nil
        let whole = finished(frame, flaw: flaw)
        if mode == .busmonitor {
            state = .awaitingAcknowledge(
                whole, until: (frame.arrivals.last ?? 0) &+ parameters.acknowledgeNanoseconds)
        } else {
            state = .idle
            outputs.append(.frame(whole))
        }
        return []
    }

    /// Ends `frame` as truncated before the octet at `index`; gives back the rest.
    private mutating func cut(_ frame: IncomingFrame, at index: Int, _ outputs: inout [Output]) -> [Octet] {
        var kept = IncomingFrame()
        for (octet, arrival) in zip(frame.octets, frame.arrivals).prefix(index) {
            kept.append(octet, arrival: arrival)
        }
        state = .idle
        isLost = true
        outputs.append(.frame(finished(kept, flaw: .truncated)))
        return zip(frame.octets, frame.arrivals).dropFirst(index).map { Octet(value: $0, arrival: $1) }
    }

    private func finished(_ frame: IncomingFrame, flaw: TP1Frame.Flaw?) -> Frame {
        let first = frame.schedule &- parameters.characterNanoseconds
        return Frame(
            octets: frame.octets,
            beginNanoseconds: first &- BusTiming.nanoseconds(bits: Int64(BusTiming.characterBits)),
            endNanoseconds: first &+ IncomingFrame.pitchNanoseconds(frame.octets.count - 1), acknowledge: nil,
            flaw: flaw,
            longestSilenceNanoseconds: frame.longestSilence, isBurst: frame.isBurst)
    }

    /// Octets that the frame will have; nil while its length octet is out. A reserved length (FF) is waited for as if it were one.
    private static func length(_ octets: [UInt8]) -> Int? {
        if octets[0] == PollData.control { return PollData.length }
        if octets[0] & 0x80 == 0, octets.count > 6, octets[6] == 0xFF { return TP1.longestFrame + 1 }
        return TP1.frameLength(prefix: octets)
    }

    private static func flaw(_ octets: [UInt8]) -> TP1Frame.Flaw? {
        do {
            _ = try LPDU(octets: octets)
            return nil
        } catch {
            return error
        }
    }
}
