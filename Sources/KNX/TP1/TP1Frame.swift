/// An L_Data frame of the TP1 medium, standard or extended.
///
/// Standard: control `10R1PP00`, source (2), destination (2), AT|hop count (3)|LG (4), TPDU (LG+1), check octet. Extended: control
/// `00R1PP00`, CTRLE AT|hop count (3)|EFF (4), source, destination, LG, TPDU (LG+1), check octet. The check octet is the inverted XOR of all
/// octets before it (KNX standard 3/2/2).
public struct TP1Frame: Hashable, Sendable {
    public var priority: Priority
    /// True when this is the repetition of a telegram that was not acknowledged (R = 0 on the line).
    public var isRepetition: Bool
    public var source: IndividualAddress
    public var destination: Destination
    /// 0…7; 6 by default, 7 is never decremented.
    public var hopCount: UInt8
    /// Extended frame format, 0 in standard frames and ordinary extended ones.
    public var extendedFormat: UInt8
    /// TPCI/APCI octet and what follows: 1…16 octets in standard frames, to 255 in extended ones.
    public var transportUnit: [UInt8]

    public init(
        priority: Priority = .low, isRepetition: Bool = false, source: IndividualAddress, destination: Destination,
        hopCount: UInt8 = 6, extendedFormat: UInt8 = 0, transportUnit: [UInt8]
    ) {
        precondition((1...255).contains(transportUnit.count), "a TP1 frame carries 1 to 255 octets of TPDU")
        precondition(hopCount < 8 && extendedFormat < 16, "hop count is 3 bits, extended frame format 4")
        self.priority = priority
        self.isRepetition = isRepetition
        self.source = source
        self.destination = destination
        self.hopCount = hopCount
        self.extendedFormat = extendedFormat
        self.transportUnit = transportUnit
    }

    /// What is wrong with octets that should be one whole L_Data frame.
    public enum Flaw: String, Error, Sendable {
        case empty
        case controlInvalid = "control-invalid"
        case truncated
        case trailing
        case checksum
        /// LG = FF: 264 octets or more, and what they mean is reserved.
        case lengthEscape = "length-escape"
        /// A single character that is no acknowledge.
        case shortFrameUnknown = "short-frame-unknown"
    }

    /// Reads exactly one frame with its check octet.
    public init(octets: [UInt8]) throws(Flaw) {
        guard let control = octets.first else { throw .empty }
        guard TP1.isDataControl(control) else { throw .controlInvalid }
        guard let length = TP1.frameLength(prefix: octets) else {
            throw octets.count > TP1.longestFrame ? .lengthEscape : .truncated
        }
        guard octets.count >= length else { throw .truncated }
        guard octets.count == length else { throw .trailing }
        guard TP1.checkOctet(octets.dropLast()) == octets[length - 1] else { throw .checksum }
        let isExtended = control & 0x80 == 0
        let addresses = isExtended ? 2 : 1
        let addressing = isExtended ? octets[1] : octets[5]
        let target = UInt16(octets[addresses + 2]) << 8 | UInt16(octets[addresses + 3])
        self.init(
            priority: Priority(rawValue: control >> 2 & 3) ?? .low, isRepetition: control & 0x20 == 0,
            source: IndividualAddress(raw: UInt16(octets[addresses]) << 8 | UInt16(octets[addresses + 1])),
            destination: addressing & 0x80 != 0
                ? .group(GroupAddress(raw: target)) : .individual(IndividualAddress(raw: target)),
            hopCount: addressing >> 4 & 7, extendedFormat: isExtended ? addressing & 15 : 0,
            transportUnit: Array(octets[(isExtended ? 7 : 6)..<(length - 1)]))
    }

    /// The frame as it goes over the line, check octet included. Standard format whenever LG ≤ 15 and the extended format is 0.
    public var octets: [UInt8] {
        let length = UInt8(transportUnit.count - 1)
        let isExtended = length > 15 || extendedFormat != 0
        let control = (isExtended ? 0x10 : 0x90) | (isRepetition ? 0 : 0x20) | priority.rawValue << 2
        var addressing = hopCount << 4
        if case .group = destination { addressing |= 0x80 }
        let addresses = [
            UInt8(source.raw >> 8), UInt8(source.raw & 255), UInt8(destination.raw >> 8), UInt8(destination.raw & 255),
        ]
        var octets: [UInt8]
        if isExtended {
            octets = [control, addressing | extendedFormat] + addresses + [length] + transportUnit
        } else {
            octets = [control] + addresses + [addressing | length] + transportUnit
        }
        octets.append(TP1.checkOctet(octets))
        return octets
    }
}

/// Facts of the TP1 link layer that hold for any octets.
public enum TP1 {
    /// Acknowledge characters; each is a whole character on the line without check octet.
    public static let acknowledge: UInt8 = 0xCC
    public static let notAcknowledge: UInt8 = 0x0C
    public static let busy: UInt8 = 0xC0
    /// NAK and BUSY at once, since 0 is dominant.
    public static let notAcknowledgeAndBusy: UInt8 = 0x00

    /// Octets of the longest frame there is: extended, LG = 254.
    public static let longestFrame = 263

    /// True for the control octet of an L_Data frame: `x0R1PP00`.
    public static func isDataControl(_ octet: UInt8) -> Bool {
        octet & 0x53 == 0x10
    }

    /// NOT of the XOR of all octets.
    public static func checkOctet(_ octets: some Sequence<UInt8>) -> UInt8 {
        octets.reduce(0xFF) { $0 ^ $1 }
    }

    /// Total length of the frame, check octet included, once enough of it has come to know: nil before, and for LG = FF.
    public static func frameLength(prefix octets: some RandomAccessCollection<UInt8>) -> Int? {
        guard let control = octets.first else { return nil }
        let at = { (offset: Int) in octets[octets.index(octets.startIndex, offsetBy: offset)] }
        if control & 0x80 != 0 {
            return octets.count > 5 ? 8 + Int(at(5) & 15) : nil
        }
        return octets.count > 6 && at(6) != 0xFF ? 9 + Int(at(6)) : nil
    }
}
