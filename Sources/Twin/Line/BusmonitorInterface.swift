public import Events
import KNX

/// A KNX interface in busmonitor mode between a line and its client: an L_Busmon.ind of every frame and another of every acknowledge, numbered
/// modulo 8 and stamped in microseconds at the end of what it tells.
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
        return MediumMessage(busmonitor: status, microseconds: stamp, medium: octets).octets
    }
}
