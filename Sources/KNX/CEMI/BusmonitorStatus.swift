/// The status octet of a busmonitor indication, additional information of type 03 (KNX standard 3/6/3).
@frozen public struct BusmonitorStatus: Hashable, Sendable {
    public let octet: UInt8

    @inlinable public init(octet: UInt8) { self.octet = octet }

    /// - Parameter sequence: 0…7, one more modulo 8 with every indication.
    public init(
        frameError: Bool = false, bitError: Bool = false, parityError: Bool = false, overflow: Bool = false,
        lost: Bool = false, sequence: UInt8
    ) {
        precondition(sequence < 8, "the busmonitor's sequence number has three bits")
        octet =
            (frameError ? 0x80 : 0) | (bitError ? 0x40 : 0) | (parityError ? 0x20 : 0) | (overflow ? 0x10 : 0)
            | (lost ? 0x08 : 0) | sequence
    }

    /// The frame has a wrong shape or length.
    public var frameError: Bool { octet & 0x80 != 0 }
    public var bitError: Bool { octet & 0x40 != 0 }
    public var parityError: Bool { octet & 0x20 != 0 }
    public var overflow: Bool { octet & 0x10 != 0 }
    /// At least one frame, or a part of one, was lost before this one.
    public var lost: Bool { octet & 0x08 != 0 }
    /// 0…7.
    public var sequence: UInt8 { octet & 7 }

    /// How many indications are missing between `previous` and this one, 0…7: the gap in the sequence numbers, which shows a loss that no
    /// `lost` bit tells of.
    public func missing(since previous: BusmonitorStatus) -> Int {
        Int((sequence &- previous.sequence &- 1) & 7)
    }
}
