/// What an L_Busmon.ind says besides the octets of the line: status and time stamps, from its additional information.
public struct BusmonitorIndication: Hashable, Sendable {
    /// Nil when the interface sent none.
    public private(set) var status: BusmonitorStatus?
    /// Type 04: a free-running counter of 16 bits, whose unit is the interface's (property 55 of its cEMI server object, nanoseconds).
    public private(set) var relativeTimestamp: UInt16?
    /// Type 06: a free-running counter of 32 bits, microseconds by convention.
    public private(set) var extendedRelativeTimestamp: UInt32?
    /// Where the octets of the line lie: a frame with its check octet, or an acknowledge. `LPDUFrame` reads them.
    public let raw: Range<Int>

    /// Nil when `frame` is no L_Busmon.ind or its additional information is not known. `octets` are those of which the frame was decoded.
    public init?(_ frame: CEMIFrame, _ octets: Span<UInt8>) {
        guard frame.code == .busmonitorIndication, frame.depth >= .additionalInformation else { return nil }
        raw = frame.bodyOffset..<octets.count
        var cursor = AdditionalInformationCursor(block: frame.additionalInformation)
        while let item = cursor.next(octets) {
            switch (item.type, item.value.count) {
            case (0x03, 1): status = BusmonitorStatus(octet: octets[item.value.lowerBound])
            case (0x04, 2): relativeTimestamp = UInt16(truncatingIfNeeded: bigEndian(octets, item.value))
            case (0x06, 4): extendedRelativeTimestamp = UInt32(truncatingIfNeeded: bigEndian(octets, item.value))
            default: break
            }
        }
    }
}

/// The number whose octets lie at `range`, most significant first; at most eight octets.
func bigEndian(_ octets: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
    var number: UInt64 = 0
    for offset in range { number = number << 8 | UInt64(octets[offset]) }
    return number
}
