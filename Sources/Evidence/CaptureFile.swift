public import Events
import KNX
public import Platform

/// `line.pcapng`: the frames of a run for Wireshark (pcapng 1.0, nanosecond stamps, an interface per line and source).
///
/// No link type is registered for KNX TP1, so it is USER0 (147) with one cEMI message per packet: L_Data.ind for a good frame, L_Busmon.ind
/// with the octets as received for a bad one. In Wireshark: Preferences, Protocols, DLT_USER, User 0, payload dissector `cemi`. What
/// cEMI cannot say (the acknowledge, the flaw) is the packet's comment.
public enum CaptureFile {
    static let linkType: UInt16 = 147

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
        var interfaces: [String] = []
        var packets: [UInt8] = []
        for event in events.sorted(by: { $0.instant < $1.instant }) {
            guard case .frame(let frame) = event.payload else { continue }
            let name = "\(frame.line) (\(event.source))"
            let interface = interfaces.firstIndex(of: name) ?? interfaces.count
            if interface == interfaces.count { interfaces.append(name) }
            packets += packet(
                interface: interface, unixNanoseconds: event.instant.nanoseconds &+ unixOffsetNanoseconds,
                message(frame), comment: comment(frame))
        }
        return sectionHeader + interfaces.flatMap(description) + packets
    }

    /// The cEMI message of a frame. A good TP1 control octet is cEMI's control field 1 as it stands; the check octet has no place in cEMI.
    static func message(_ frame: Event.Frame) -> [UInt8] {
        let octets = frame.octets
        guard frame.flaw == nil, (try? TP1Frame(octets: octets)) != nil else { return [0x2B, 0x00] + octets }
        let isStandard = octets[0] & 0x80 != 0
        if isStandard {
            return [0x29, 0x00, octets[0], octets[5] & 0xF0] + octets[1...4] + [octets[5] & 0x0F]
                + octets[6..<(octets.count - 1)]
        }
        return [0x29, 0x00, octets[0], octets[1]] + octets[2...6] + octets[7..<(octets.count - 1)]
    }

    private static func comment(_ frame: Event.Frame) -> String? {
        if let flaw = frame.flaw { return "bad frame: \(flaw)" }
        switch frame.acknowledge {
        case TP1.acknowledge: return nil
        case TP1.notAcknowledge: return "NAK"
        case TP1.busy: return "BUSY"
        case TP1.notAcknowledgeAndBusy: return "NAK and BUSY"
        case nil: return "no acknowledge"
        case .some(let other): return "acknowledge \(Hex.text([other]))"
        }
    }

    private static var sectionHeader: [UInt8] {
        // Byte-order magic, version 1.0, length of the section not given.
        block(
            0x0A0D_0D0A,
            littleEndian(0x1A2B_3C4D as UInt32) + littleEndian(1 as UInt16) + littleEndian(0 as UInt16)
                + littleEndian(UInt64.max) + options([(4, Array("knxrig".utf8))]))
    }

    private static func description(_ name: String) -> [UInt8] {
        block(
            1,
            littleEndian(linkType) + littleEndian(0 as UInt16) + littleEndian(0 as UInt32)
                // if_name, and if_tsresol: units of 10^-9 s.
                + options([(2, Array(name.utf8)), (9, [9])]))
    }

    private static func packet(
        interface: Int, unixNanoseconds: Int64, _ message: [UInt8], comment: String?
    ) -> [UInt8] {
        let stamp = UInt64(bitPattern: unixNanoseconds)
        let length = littleEndian(UInt32(message.count))
        return block(
            6,
            littleEndian(UInt32(interface)) + littleEndian(UInt32(stamp >> 32))
                + littleEndian(UInt32(truncatingIfNeeded: stamp)) + length + length + padded(message)
                + options(comment.map { [(code: 1 as UInt16, value: Array($0.utf8))] } ?? []))
    }

    /// A block with its length before and behind.
    private static func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt32(body.count + 12))
        return littleEndian(type) + length + body + length
    }

    private static func options(_ options: [(code: UInt16, value: [UInt8])]) -> [UInt8] {
        guard !options.isEmpty else { return [] }
        return options.flatMap { option -> [UInt8] in
            let value = option.value.prefix(Int(UInt16.max))
            return littleEndian(option.code) + littleEndian(UInt16(value.count)) + padded(Array(value))
        } + [0, 0, 0, 0]
    }

    private static func padded(_ octets: [UInt8]) -> [UInt8] {
        octets + [UInt8](repeating: 0, count: (4 - octets.count % 4) % 4)
    }

    private static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<(Number.bitWidth / 8)).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
