public import Events
import KNX

/// pcapng as it grows: what begins a section, and the blocks of each frame. Blocks that were written whole are a file that opens, however little
/// else follows.
public struct CaptureStream: Sendable {
    static let linkType: UInt16 = 252

    /// Unix time minus the rig's clock, nanoseconds.
    private let unixOffsetNanoseconds: Int64
    private var interfaces: [String] = []

    public init(unixOffsetNanoseconds: Int64) {
        self.unixOffsetNanoseconds = unixOffsetNanoseconds
    }

    /// The line and the source of a frame, as Wireshark shows them; nil for any other event.
    public static func interface(_ event: Event) -> String? {
        guard case .frame(let frame) = event.payload else { return nil }
        return "\(frame.line) (\(event.source))"
    }

    /// The section's header with the interfaces that are known already.
    public mutating func beginning(interfaces names: [String]) -> [UInt8] {
        interfaces = []
        var octets = Self.sectionHeader
        for name in names where !interfaces.contains(name) {
            interfaces.append(name)
            octets += Self.description(name)
        }
        return octets
    }

    /// The packet of a frame, behind the description of its interface when that is new; nothing for any other event.
    public mutating func packet(_ event: Event) -> [UInt8] {
        guard case .frame(let frame) = event.payload, let name = Self.interface(event) else { return [] }
        let known = interfaces.firstIndex(of: name)
        let interface = known ?? interfaces.count
        if known == nil { interfaces.append(name) }
        return (known == nil ? Self.description(name) : [])
            + Self.packet(
                interface: interface, unixNanoseconds: event.instant.nanoseconds &+ unixOffsetNanoseconds,
                Self.dissector + Self.message(frame), comment: Self.comment(frame))
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

    /// The tags before the message: the dissector's name (12), in big-endian order, and the end of the tags.
    static let dissector: [UInt8] = [0, 12, 0, 4] + Array("cemi".utf8) + [0, 0, 0, 0]

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
        interface: Int, unixNanoseconds: Int64, _ content: [UInt8], comment: String?
    ) -> [UInt8] {
        let stamp = UInt64(bitPattern: unixNanoseconds)
        let length = littleEndian(UInt32(content.count))
        return block(
            6,
            littleEndian(UInt32(interface)) + littleEndian(UInt32(stamp >> 32))
                + littleEndian(UInt32(truncatingIfNeeded: stamp)) + length + length + padded(content)
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
