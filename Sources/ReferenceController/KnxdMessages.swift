/// The messages of knxd's native protocol that the controller uses: length (2 octets), type (2 octets), body.
enum KnxdMessage: Equatable, Sendable {
    /// EIB_OPEN_GROUPCON, sent to open and echoed when it is open.
    case groupConnectionOpened
    /// EIB_GROUP_PACKET from the bus; the octets of `apdu` begin with TPCI.
    case group(source: IndividualAddress, destination: GroupAddress, apdu: [UInt8])
    /// Any other type: an error answer while opening (0000–0004), nothing of interest later.
    case other(type: UInt16)

    static let openGroupConnection: [UInt8] = [0x00, 0x05, 0x00, 0x26, 0x00, 0x00, 0x00]

    /// EIB_GROUP_PACKET to the bus.
    /// - Parameter apdu: 2 to 255 octets. knxd 0.14.54 aborts on an empty one and on one of 256 octets or more.
    static func groupPacket(to group: GroupAddress, _ apdu: [UInt8]) -> [UInt8] {
        precondition((2...255).contains(apdu.count), "an APDU of \(apdu.count) octets must not reach knxd")
        return [UInt8](bigEndian: UInt16(apdu.count + 4)) + [0x00, 0x27] + [UInt8](bigEndian: group.bits) + apdu
    }
}

/// Takes messages out of the stream of octets from knxd.
struct KnxdMessageDecoder {
    private var pending: [UInt8] = []

    mutating func feed(_ octets: some Sequence<UInt8>) {
        pending.append(contentsOf: octets)
    }

    /// The next whole message; nil until more octets arrive.
    mutating func next() -> KnxdMessage? {
        guard pending.count >= 2 else { return nil }
        let length = Int(pending[0]) << 8 | Int(pending[1])
        guard pending.count >= 2 + length else { return nil }
        let body = Array(pending[2..<2 + length])
        pending.removeFirst(2 + length)
        guard body.count >= 2 else { return .other(type: 0) }
        let type = UInt16(bigEndian: Array(body[..<2]))
        switch type {
        case 0x0026: return .groupConnectionOpened
        case 0x0027 where body.count >= 6:
            return .group(
                source: IndividualAddress(bits: UInt16(bigEndian: Array(body[2..<4]))),
                destination: GroupAddress(bits: UInt16(bigEndian: Array(body[4..<6]))), apdu: Array(body[6...]))
        default: return .other(type: type)
        }
    }
}

extension [UInt8] {
    /// The octets of a number, most significant first.
    init(bigEndian number: UInt16) {
        self = [UInt8(number >> 8), UInt8(number & 0xFF)]
    }
}
