public import Events
import KNX

/// A KNX interface in busmonitor mode between a line and its client: an L_Busmon.ind of every frame and another of every acknowledge, numbered
/// modulo 8 and stamped in microseconds at the end of what it tells.
///
/// ```
/// 2B 09  03 01 status  06 04 time stamp (4)  octets of the line
/// ```
public struct BusmonitorInterface: Sendable {
    private var sequence: UInt8 = 0

    public init() {}

    /// The indications of what was on the line, in their order, with their instants.
    public mutating func indications(of frame: LineRecord.Frame) -> [(octets: [UInt8], at: Instant)] {
        var indications = [(indication(frame.octets, at: frame.ended), frame.ended)]
        if let acknowledge = frame.acknowledge {
            let bits = Int64(BusTiming.acknowledgeDelayBits + BusTiming.characterBits)
            let end = frame.ended + Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: bits))
            indications.append((indication([acknowledge], at: end), end))
        }
        return indications
    }

    private mutating func indication(_ octets: [UInt8], at instant: Instant) -> [UInt8] {
        let status = BusmonitorStatus(sequence: sequence)
        sequence = (sequence &+ 1) & 7
        let stamp = UInt32(truncatingIfNeeded: instant.nanoseconds / 1_000)
        var message: [UInt8] = [0x2B, 0x09, 0x03, 0x01, status.octet, 0x06, 0x04]
        message.reserveCapacity(message.count + 4 + octets.count)
        for shift in [24, 16, 8, 0] { message.append(UInt8(truncatingIfNeeded: stamp >> UInt32(shift))) }
        message += octets
        return message
    }
}
