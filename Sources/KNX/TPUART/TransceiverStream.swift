/// Everything that a transceiver says to its host: what `TPUARTStream` finds, and around it what only some chips say or only when they were
/// asked to.
///
/// | octets | |
/// |---|---|
/// | 2B | U_StopMode.ind (NCN51xx) |
/// | CB | U_FrameEnd.ind (NCN51xx, when configured); a CB inside a frame comes twice then |
/// | CRC | two octets behind a frame's check octet, when configured; see `TransceiverCRC` |
/// | any | the answer to U_ProductID.req (TP-UART 2) or U_IntRegRd.req (NCN51xx), which have no code of their own |
///
/// Pure and total as `TPUARTStream` is.
public struct TransceiverStream: Sendable {
    public enum Output: Hashable, Sendable {
        case line(TPUARTStream.Output)
        /// The CRC behind the frame that was told last.
        case frameCheck(isGood: Bool, nanoseconds: Int64)
        case frameEnd(nanoseconds: Int64)
        case stopMode(nanoseconds: Int64)
        case answer(Question, UInt8, nanoseconds: Int64)
    }

    /// A request whose answer is one octet of any value.
    public enum Question: Hashable, Sendable {
        case productIdentification
        case register(UInt8)
    }

    public let chip: TransceiverChip
    /// U_Configure.req asked for markers (NCN51xx).
    public var hasFrameEndMarkers = false
    /// U_Configure.req or U_ActivateCRC asked for a CRC; told in link mode.
    public var hasCRC = false

    private var line: TPUARTStream
    private var question: (Question, until: Int64)?
    /// Arrival of a CB inside a frame that may be the first of two.
    private var heldMarker: Int64?
    /// The frame whose CRC is due, and its first octet once that has come.
    private var checked: (frame: [UInt8], first: UInt8?, until: Int64)?

    /// How long a chip may take to answer a question, nanoseconds: a frame that was on the line is told first.
    public static let answerNanoseconds: Int64 = 500_000_000

    public init(
        chip: TransceiverChip, mode: TPUARTStream.Mode,
        parameters: TPUARTStream.Parameters = TPUARTStream.Parameters()
    ) {
        self.chip = chip
        line = TPUARTStream(mode: mode, parameters: parameters)
    }

    /// The host has asked: the next octet between two frames that begins no frame is the answer.
    public mutating func ask(_ question: Question, atNanoseconds nanoseconds: Int64) {
        self.question = (question, nanoseconds &+ Self.answerNanoseconds)
    }

    public var mode: TPUARTStream.Mode { line.mode }

    /// When `tick` will have something to say if nothing arrives before.
    public var nextDeadlineNanoseconds: Int64? {
        [
            line.nextDeadlineNanoseconds, heldMarker.map { $0 &+ line.parameters.gapNanoseconds }, checked?.until,
            question?.until,
        ].compactMap { $0 }.min()
    }

    /// The frame that is coming in, once its destination is known: see `TPUARTStream.acknowledgeWindow`.
    public var acknowledgeWindow: TPUARTStream.AcknowledgeWindow? { line.acknowledgeWindow }

    public mutating func feed(_ octet: UInt8, atNanoseconds nanoseconds: Int64) -> [Output] {
        var outputs = expire(at: nanoseconds)
        if let held = heldMarker {
            heldMarker = nil
            if octet == Self.marker { return outputs + take(octet, nanoseconds) }
            // A marker inside a frame: the frame has ended before its length.
            checked = nil
            outputs += told(line.endFrame(), nanoseconds)
            outputs.append(.frameEnd(nanoseconds: held))
        } else if hasFrameEndMarkers, octet == Self.marker {
            if line.isCollecting || checked != nil {
                heldMarker = nanoseconds
            } else {
                outputs += told(line.flushFrame(), nanoseconds)
                outputs.append(.frameEnd(nanoseconds: nanoseconds))
            }
            return outputs
        }
        return outputs + take(octet, nanoseconds)
    }

    public mutating func tick(atNanoseconds nanoseconds: Int64) -> [Output] {
        expire(at: nanoseconds) + told(line.tick(atNanoseconds: nanoseconds), nanoseconds)
    }

    private static let marker: UInt8 = 0xCB

    private mutating func expire(at now: Int64) -> [Output] {
        var outputs: [Output] = []
        if let held = heldMarker, now &- held >= line.parameters.gapNanoseconds {
            heldMarker = nil
            // Octets of a CRC that never came whole say nothing; the marker does.
            checked = nil
            outputs += told(line.endFrame(), now)
            outputs.append(.frameEnd(nanoseconds: held))
        }
        if let due = checked, now &- due.until >= 0 {
            checked = nil
            outputs.append(.frameCheck(isGood: false, nanoseconds: due.until))
        }
        if let asked = question, now &- asked.until >= 0 { question = nil }
        return outputs
    }

    private mutating func take(_ octet: UInt8, _ nanoseconds: Int64) -> [Output] {
        if let due = checked {
            guard let first = due.first else {
                checked?.first = octet
                return []
            }
            checked = nil
            let isGood = TransceiverCRC.octets(behind: due.frame, of: chip) == [first, octet]
            return [.frameCheck(isGood: isGood, nanoseconds: nanoseconds)]
        }
        if line.isIdle {
            if let (asked, _) = question, TPUARTIndication(octet) != .frameStart {
                question = nil
                return [.answer(asked, octet, nanoseconds: nanoseconds)]
            }
            if chip == .ncn51xx, octet == Self.stopMode { return [.stopMode(nanoseconds: nanoseconds)] }
        }
        return told(line.feed(octet, atNanoseconds: nanoseconds), nanoseconds)
    }

    private static let stopMode: UInt8 = 0x2B

    /// Gives the outputs of the line, with those turned into what they are that only this stream knows.
    private mutating func told(_ outputs: [TPUARTStream.Output], _ now: Int64) -> [Output] {
        outputs.map { output in
            switch output {
            case .frame(let frame):
                // An octet alone that looks like a frame's begin was an answer.
                if let (asked, _) = question, frame.octets.count == 1, frame.flaw == .truncated {
                    question = nil
                    return .answer(asked, frame.octets[0], nanoseconds: frame.endNanoseconds)
                }
                if hasCRC, frame.flaw != .truncated, line.mode == .link {
                    checked = (frame.octets, nil, now &+ line.parameters.stallNanoseconds)
                }
            case .noise(let octets, let nanoseconds) where octets.count == 1 && question != nil:
                guard let (asked, _) = question else { break }
                question = nil
                return .answer(asked, octets[0], nanoseconds: nanoseconds)
            case .noise(let octets, let nanoseconds) where chip == .ncn51xx && octets == [Self.stopMode]:
                return .stopMode(nanoseconds: nanoseconds)
            default: break
            }
            return .line(output)
        }
    }
}
