/// A cEMI message as a decoder sees it: sixteen octets of offsets and integers about octets that stay where they are (KNX standard 3/6/3).
///
/// ```
/// L_Data   code  AddIL  items…  Ctrl1 Ctrl2 source(2) destination(2) LG  TPDU (LG + 1)
/// L_Raw, L_Busmon, L_Poll_Data   code  AddIL  items…  octets of the medium
/// T_Data_* code  AddIL  items…  reserved(6) LG  TPDU (LG + 1)
/// M_*      code  body, without additional information
/// ```
///
/// Decoding never fails: what is wrong is reported as faults, and `depth` says how far the fields are known. An L_Data frame without
/// fault, which is nearly every frame there is, takes a handful of comparisons and one load; all else is left to a separate path.
@frozen public struct CEMIFrame: Hashable, Sendable {
    /// How much of a message could be read.
    @frozen public enum Depth: UInt8, Comparable, Sendable {
        /// No octet at all.
        case nothing
        /// The message code, which may be unknown.
        case code
        /// The block of additional information; it may have a fault of its own.
        case additionalInformation
        /// For L_Data both control fields, addresses and LG, which is all of a frame whose extended format hides what its TPDU means;
        /// for local device management the property header.
        case header
        /// All of it.
        case body

        @inlinable public static func < (left: Depth, right: Depth) -> Bool { left.rawValue < right.rawValue }
    }

    /// Ctrl1 to the first octet of the TPDU of an L_Data message, Ctrl1 in the highest octet; 0 in all others.
    @usableFromInline let header: UInt64
    @usableFromInline let octetCount: UInt32
    /// The message code as it stands in the message.
    public let rawCode: UInt8
    @usableFromInline let additionalLength: UInt8
    public let depth: Depth
    /// A radio frame has no LG; its TPDU is all that is left.
    @usableFromInline let isWithoutLength: Bool

    @inlinable @inline(__always)
    init(rawCode: UInt8, additionalLength: UInt8, header: UInt64, octetCount: Int, depth: Depth, isWithoutLength: Bool)
    {
        self.header = header
        self.octetCount = UInt32(truncatingIfNeeded: octetCount)
        self.rawCode = rawCode
        self.additionalLength = additionalLength
        self.depth = depth
        self.isWithoutLength = isWithoutLength
    }

    /// Decodes one message and adds what is wrong with it to `faults`, at offsets counted from the message's first octet.
    ///
    /// The content of the TPDU is read by `TransportUnit`, and the raw octets of the medium by `LPDUFrame`.
    @inlinable @inline(__always)
    public init(_ octets: Span<UInt8>, faults: inout Faults) {
        let count = octets.count
        if count >= 10 {
            let code = octets[0]
            let added = Int(octets[1])
            // 11, 29 and 2E, the three L_Data codes; the fault-free block of additional information leaves room for the header.
            if code == 0x29 || code == 0x11 || code == 0x2E, added <= count - 10 {
                let header = UInt64(
                    bigEndian: unsafe octets.bytes.unsafeLoadUnaligned(fromByteOffset: 2 + added, as: UInt64.self))
                let length = Int(truncatingIfNeeded: header >> 8 & 0xFF)
                // An extended frame format other than 0, LG = FF and AddIL = FF are for the other path.
                if count == 10 + added + length, header & 0x000F_0000_0000_0000 == 0, length != 0xFF,
                    added == 0 || (added != 0xFF && Self.isSound(octets, added))
                {
                    self.init(
                        rawCode: code, additionalLength: UInt8(truncatingIfNeeded: added), header: header,
                        octetCount: count, depth: .body, isWithoutLength: false)
                    return
                }
            }
        }
        self = Self.examined(octets, &faults)
    }

    /// True when the items of the additional information fill their block and have the lengths of their types.
    @inlinable @inline(__always)
    static func isSound(_ octets: Span<UInt8>, _ added: Int) -> Bool {
        let end = 2 + added
        var offset = 2
        while offset < end {
            guard end - offset >= 2 else { return false }
            let type = octets[offset]
            let length = Int(octets[offset + 1])
            if type < 10 {
                let expected = Int(truncatingIfNeeded: AdditionalInformationItem.lengths >> (UInt64(type) &* 4) & 15)
                guard expected == 0 || expected == length else { return false }
            } else if type == 0xFF || (type == 0xFE && length < 3) {
                return false
            }
            offset += 2 + length
        }
        return offset == end
    }

    /// The service; nil when the code is unknown or there is no octet.
    public var code: MessageCode? { depth == .nothing ? nil : MessageCode(rawValue: rawCode) }

    /// How many octets the message has, all told.
    @inlinable public var count: Int { Int(octetCount) }

    /// Where the additional information lies; empty when there is none or it is not known.
    public var additionalInformation: Range<Int> {
        depth >= .additionalInformation && rawCode < 0xF0 ? 2..<(2 + Int(additionalLength)) : 0..<0
    }

    /// Where the body begins: Ctrl1, the first octet of the medium, the reserved octets of T_Data, or the property header.
    @inlinable public var bodyOffset: Int { rawCode < 0xF0 ? 2 + Int(additionalLength) : 1 }

    /// Where the TPDU of an L_Data or T_Data message lies; empty in all others and when it is cut.
    @inlinable public var transportUnit: Range<Int> {
        let begin = bodyOffset + 7
        return depth == .body && hasTransportUnit && begin < count ? begin..<count : 0..<0
    }

    @inlinable var hasTransportUnit: Bool {
        switch rawCode {
        case 0x29, 0x11, 0x2E, 0x41, 0x89, 0x4A, 0x94: true
        default: false
        }
    }
}

/// The fields of an L_Data message; they mean something when `depth` is `header` or `body`.
extension CEMIFrame {
    /// True for L_Data.req, .con and .ind.
    @inlinable public var isLinkData: Bool { rawCode == 0x29 || rawCode == 0x11 || rawCode == 0x2E }

    @inlinable public var control1: UInt8 { UInt8(truncatingIfNeeded: header >> 56) }
    @inlinable public var control2: UInt8 { UInt8(truncatingIfNeeded: header >> 48) }

    /// FT = 0. Senders use it for LG above 15 only; receivers of cEMI take either for any length.
    @inlinable public var isExtended: Bool { control1 & 0x80 == 0 }
    /// R as it stands: in an indication 0 says that this is a repetition, in a request that the sender wants none.
    @inlinable public var repeatBit: UInt8 { control1 >> 5 & 1 }
    /// SB = 0.
    @inlinable public var isSystemBroadcast: Bool { control1 & 0x10 == 0 }
    @inlinable public var priority: Priority { Priority(bits: control1 >> 2) }
    @inlinable public var requestsAcknowledge: Bool { control1 & 2 != 0 }
    /// C: in a confirmation, that nobody acknowledged or the frame was not sent.
    @inlinable public var isNegativeConfirmation: Bool { control1 & 1 != 0 }

    @inlinable public var isGroupAddressed: Bool { control2 & 0x80 != 0 }
    /// 0…7; 7 is never decremented.
    @inlinable public var hopCount: UInt8 { control2 >> 4 & 7 }
    /// 0 in all frames whose destination is an ordinary address.
    @inlinable public var extendedFormat: UInt8 { control2 & 15 }

    @inlinable public var source: IndividualAddress {
        IndividualAddress(raw: UInt16(truncatingIfNeeded: header >> 32))
    }

    @inlinable public var rawDestination: UInt16 { UInt16(truncatingIfNeeded: header >> 16) }

    @inlinable public var destination: Destination {
        isGroupAddressed
            ? .group(GroupAddress(raw: rawDestination)) : .individual(IndividualAddress(raw: rawDestination))
    }

    /// LG as it stands: octets after the TPCI octet, 0…254, FF reserved.
    @inlinable public var length: UInt8 { UInt8(truncatingIfNeeded: header >> 8) }

    /// The first octet of the TPDU: TPCI, and the high bits of the APCI.
    @inlinable public var transportOctet: UInt8 { UInt8(truncatingIfNeeded: header) }

    /// True when the frame type bit is not the one a sender has to use for this length. All receivers of cEMI accept it.
    @inlinable public var isUnusualFormat: Bool { isExtended != (length > 15) }
}
