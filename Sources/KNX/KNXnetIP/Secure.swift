/// KNX IP Secure at label level (KNX standard 3/8/9): where the parts lie and whether the lengths fit. Nothing is decrypted or verified.
public enum SecureService: Hashable, Sendable {
    /// Session (0 on multicast), sequence number (of multicast: the group's timer in milliseconds), serial number, tag; behind them the
    /// ciphertext of a whole KNXnet/IP frame and the message authentication code.
    case wrapper(SecureWrapperHeader)
    case sessionRequest
    case sessionResponse(session: UInt16)
    /// User 1 is the management.
    case sessionAuthenticate(user: UInt8)
    case sessionStatus(UInt8)
    case timerNotify(timer: UInt64, serialNumber: UInt64, tag: UInt16)

    /// Octets of a message authentication code.
    public static let codeLength = 16
    /// Octets of a Curve25519 public key.
    public static let keyLength = 32
}

/// What precedes the ciphertext of a SECURE_WRAPPER, 16 octets.
public struct SecureWrapperHeader: Hashable, Sendable {
    public static let length = 16

    public var session: UInt16
    /// 48 bits.
    public var sequence: UInt64
    /// 48 bits.
    public var serialNumber: UInt64
    public var tag: UInt16

    public init(session: UInt16, sequence: UInt64, serialNumber: UInt64, tag: UInt16) {
        precondition(sequence >> 48 == 0 && serialNumber >> 48 == 0, "both have 48 bits")
        self.session = session
        self.sequence = sequence
        self.serialNumber = serialNumber
        self.tag = tag
    }

    init(_ octets: Span<UInt8>, at offset: Int) {
        session = octets.bigEndian16(at: offset)
        sequence = octets.bigEndian48(at: offset + 2)
        serialNumber = octets.bigEndian48(at: offset + 8)
        tag = octets.bigEndian16(at: offset + 14)
    }

    var octets: [UInt8] {
        var octets: [UInt8] = []
        octets.appendBigEndian(session, octetCount: 2)
        octets.appendBigEndian(sequence, octetCount: 6)
        octets.appendBigEndian(serialNumber, octetCount: 6)
        octets.appendBigEndian(tag, octetCount: 2)
        return octets
    }
}

/// The status of a secure session; 6 and above have no meaning.
public enum SessionStatus {
    public static func name(_ status: UInt8) -> String? {
        switch status {
        case 0: "authentication success"
        case 1: "authentication failed"
        case 2: "unauthenticated"
        case 3: "timeout"
        case 4: "keepalive"
        case 5: "close"
        default: nil
        }
    }
}
