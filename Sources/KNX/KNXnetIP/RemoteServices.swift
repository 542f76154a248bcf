/// Which device a remote diagnostic or configuration service is for: `02 01` the one in programming mode, `08 02` and the hardware address
/// (KNX standard 3/8/7). These services reach devices whose IP configuration is wrong.
public enum RemoteSelector: Hashable, Sendable {
    case programmingMode
    /// 48 bits.
    case hardwareAddress(UInt64)

    init(_ octets: Span<UInt8>, at offset: Int, before end: Int) throws(Fault) {
        guard offset < end else { throw Fault(.truncated, .knxnetip, at: offset) }
        let length = Int(octets[offset])
        guard length >= 2, length <= end - offset else { throw Fault(.structLength, .knxnetip, at: offset) }
        switch (octets[offset + 1], length) {
        case (0x01, 2): self = .programmingMode
        case (0x02, 8): self = .hardwareAddress(octets.bigEndian48(at: offset + 2))
        default: throw Fault(.structLength, .knxnetip, at: offset)
        }
    }

    var length: Int {
        switch self {
        case .programmingMode: 2
        case .hardwareAddress: 8
        }
    }

    var octets: [UInt8] {
        switch self {
        case .programmingMode: return [0x02, 0x01]
        case .hardwareAddress(let address):
            var octets: [UInt8] = [0x08, 0x02]
            octets.appendBigEndian(address, octetCount: 6)
            return octets
        }
    }
}

/// What REMOTE_RESET_REQUEST asks for. Any octet is one.
public struct RemoteResetCommand: Hashable, Sendable {
    public let octet: UInt8

    public init(_ octet: UInt8) {
        self.octet = octet
    }

    public static let restart = RemoteResetCommand(0x01)
    public static let masterReset = RemoteResetCommand(0x02)
}
