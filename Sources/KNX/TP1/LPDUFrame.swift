/// One unit of the TP1 data link layer as a decoder sees it: integers about octets that stay where they are (KNX standard 3/2/2).
///
/// ```
/// standard     10R1PP00  source(2) destination(2)  AT|hops|LG  TPDU (LG + 1)  check
/// extended     00R1PP00  AT|hops|EFF  source(2) destination(2)  LG  TPDU (LG + 1)  check
/// poll         F0  source(2) group(2)  slots  check
/// acknowledge  one character
/// ```
///
/// Decoding never fails: faults are reported, and `depth` says how far the fields are known.
public struct LPDUFrame: Hashable, Sendable {
    public enum Kind: UInt8, Sendable {
        /// Neither its first octet nor its length says what it is.
        case unknown
        case standard
        case extended
        case poll
        case acknowledge
    }

    public enum Depth: UInt8, Comparable, Sendable {
        case nothing
        /// Control fields, addresses and length.
        case header
        /// All of it, and its check octet is right.
        case body

        public static func < (left: Depth, right: Depth) -> Bool { left.rawValue < right.rawValue }
    }

    public let kind: Kind
    public private(set) var depth = Depth.nothing
    /// The first octet: the control octet or the acknowledge; 0 when there is none.
    public let control: UInt8
    /// AT, hop count and in an extended frame the extended frame format: CTRLE, or of a standard frame octet 5 without LG.
    public private(set) var addressing: UInt8 = 0
    public private(set) var source = IndividualAddress(raw: 0)
    /// The destination, or of a poll its polling group.
    public private(set) var rawDestination: UInt16 = 0
    /// LG, or of a poll the number of slots.
    public private(set) var length: UInt8 = 0
    /// The check octet that the frame's octets ask for; nil until the frame is as long as it says.
    public private(set) var expectedCheck: UInt8?

    /// Decodes exactly one unit with its check octet; adds what is wrong at offsets counted from its first octet, plus `base`.
    public init(_ octets: Span<UInt8>, faults: inout Faults, at base: Int = 0) {
        guard octets.count > 0 else {
            (kind, control) = (.unknown, 0)
            faults.add(Fault(.empty, .frame, at: base))
            return
        }
        control = octets[0]
        if octets.count == 1 {
            let isAcknowledge = Acknowledge(octets[0]) != nil
            kind = isAcknowledge ? .acknowledge : .unknown
            if isAcknowledge { depth = .body } else { faults.add(Fault(.shortFrameUnknown, .link, at: base)) }
        } else if octets[0] == PollData.control {
            kind = .poll
            readPoll(octets, &faults, base)
        } else if TP1.isDataControl(octets[0]) {
            kind = octets[0] & 0x80 != 0 ? .standard : .extended
            readData(octets, &faults, base)
        } else {
            kind = .unknown
            faults.add(Fault(.controlInvalid, .link, at: base))
        }
    }

    private mutating func readPoll(_ octets: Span<UInt8>, _ faults: inout Faults, _ base: Int) {
        guard octets.count >= 6 else {
            faults.add(Fault(.truncated, .frame, at: base + octets.count))
            return
        }
        source = IndividualAddress(raw: UInt16(octets[1]) << 8 | UInt16(octets[2]))
        rawDestination = UInt16(octets[3]) << 8 | UInt16(octets[4])
        length = octets[5] & 15
        depth = .header
        finish(octets, PollData.length, &faults, base)
    }

    private mutating func readData(_ octets: Span<UInt8>, _ faults: inout Faults, _ base: Int) {
        guard octets.count >= headerCount else {
            faults.add(Fault(.truncated, .frame, at: base + octets.count))
            return
        }
        let addresses = kind == .extended ? 2 : 1
        source = IndividualAddress(raw: UInt16(octets[addresses]) << 8 | UInt16(octets[addresses + 1]))
        rawDestination = UInt16(octets[addresses + 2]) << 8 | UInt16(octets[addresses + 3])
        addressing = kind == .extended ? octets[1] : octets[5] & 0xF0
        length = kind == .extended ? octets[6] : octets[5] & 15
        depth = .header
        guard length != 0xFF || octets.count <= TP1.longestFrame else {
            faults.add(Fault(.lengthEscape, .frame, at: base + 6))
            return
        }
        finish(octets, headerCount + Int(length) + 2, &faults, base)
        if depth == .body, extendedFormat != 0 {
            faults.add(Fault(.effUnsupported, .linkUnsupported, at: base + 1))
        }
    }

    /// Compares with the length the frame says, and then the check octet.
    private mutating func finish(_ octets: Span<UInt8>, _ expected: Int, _ faults: inout Faults, _ base: Int) {
        guard octets.count >= expected else {
            faults.add(Fault(.truncated, .frame, at: base + octets.count))
            return
        }
        guard octets.count == expected else {
            faults.add(Fault(.trailing, .frame, at: base + expected))
            return
        }
        let check = TP1.checkOctet(octets, count: expected - 1)
        expectedCheck = check
        guard octets[expected - 1] == check else {
            faults.add(Fault(.checksum, .link, at: base + expected - 1))
            return
        }
        depth = .body
    }

    private var headerCount: Int { kind == .extended ? 7 : 6 }

    public var isData: Bool { kind == .standard || kind == .extended }
    /// R = 0: the frame was not acknowledged the first time.
    public var isRepetition: Bool { control & 0x20 == 0 }
    public var priority: Priority { Priority(bits: control >> 2) }
    public var isGroupAddressed: Bool { addressing & 0x80 != 0 }
    /// 0…7; 7 is never decremented.
    public var hopCount: UInt8 { addressing >> 4 & 7 }
    /// 0 in standard frames.
    public var extendedFormat: UInt8 { addressing & 15 }

    public var destination: Destination {
        isGroupAddressed
            ? .group(GroupAddress(raw: rawDestination)) : .individual(IndividualAddress(raw: rawDestination))
    }

    public var acknowledge: Acknowledge? { kind == .acknowledge ? Acknowledge(control) : nil }

    /// Where the TPDU of a sound L_Data frame lies; empty in all others.
    public var transportUnit: Range<Int> {
        isData && depth == .body ? headerCount..<(headerCount + Int(length) + 1) : 0..<0
    }
}

extension TP1 {
    /// NOT of the XOR of the first `count` octets.
    static func checkOctet(_ octets: Span<UInt8>, count: Int) -> UInt8 {
        var check: UInt8 = 0xFF
        for offset in 0..<count { check ^= octets[offset] }
        return check
    }
}
