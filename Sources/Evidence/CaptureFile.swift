public import Events
import KNX
public import Platform

/// `line.pcapng`: the frames of a run for Wireshark (pcapng 1.0, nanosecond stamps, an interface per line and source).
///
/// No link type is registered for KNX TP1. The packets are Wireshark's "upper PDU export" (252), which name their dissector in themselves, `cemi`, so that
/// Wireshark and tshark read them without any setting (tried with 4.0.17). Each holds one cEMI message: L_Data.ind for a good frame, L_Busmon.ind with the
/// octets as received for a bad one. What cEMI cannot say (the acknowledge, the flaw) is the packet's comment.
public enum CaptureFile {
    /// Writes the frames among `events`, in the order of their instants.
    ///
    /// - Parameter unixOffsetNanoseconds: Unix time minus the rig's clock, from the plan's UTC anchor.
    public static func write(
        _ events: [Event], unixOffsetNanoseconds: Int64, to path: String
    ) throws(SystemFailure) {
        try Files.write(octets(events, unixOffsetNanoseconds: unixOffsetNanoseconds), to: path)
    }

    /// The content of the file.
    static func octets(_ events: [Event], unixOffsetNanoseconds: Int64) -> [UInt8] {
        let sorted = events.sorted { $0.instant < $1.instant }
        var stream = CaptureStream(unixOffsetNanoseconds: unixOffsetNanoseconds)
        return stream.beginning(interfaces: sorted.compactMap(CaptureStream.interface))
            + sorted.flatMap { stream.packet($0) }
    }
}
