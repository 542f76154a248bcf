/// One frame of RFC 6455, section 5.2.
///
/// | octet | bits | |
/// |---|---|---|
/// | 0 | 7 | FIN: the last frame of a message |
/// | 0 | 6–4 | reserved: 0 without an extension |
/// | 0 | 3–0 | opcode: 0 continuation, 1 text, 2 binary, 8 close, 9 ping, A pong |
/// | 1 | 7 | MASK: set on what a client sends, and only there |
/// | 1 | 6–0 | length 0…125; 126: the next two octets, 127: the next eight, most significant first |
/// | | | with MASK four octets of key; payload octet i is XORed with key octet i modulo 4 |
struct WebSocketFrame: Hashable, Sendable {
    enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        /// Control frames may come between the frames of a message, are whole, and carry at most 125 octets.
        var isControl: Bool { rawValue >= 8 }
    }

    var isFinal: Bool
    var opcode: Opcode
    var payload: [UInt8]

    init(_ opcode: Opcode, _ payload: [UInt8] = [], isFinal: Bool = true) {
        self.isFinal = isFinal
        self.opcode = opcode
        self.payload = payload
    }

    static let longestControl = 125

    /// The frame as it is sent.
    ///
    /// - Parameter key: four octets; nil for what a server sends.
    func octets(key: [UInt8]?) -> [UInt8] {
        precondition(key == nil || key?.count == 4, "a masking key has four octets")
        let mask: UInt8 = key == nil ? 0 : 0x80
        var octets = [(isFinal ? 0x80 : 0) | opcode.rawValue]
        switch payload.count {
        case ..<126: octets.append(mask | UInt8(payload.count))
        case ..<65_536: octets += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        default:
            octets.append(mask | 127)
            octets += stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: payload.count >> $0) }
        }
        guard let key else { return octets + payload }
        return octets + key + payload.enumerated().map { $1 ^ key[$0 % 4] }
    }

    /// A new key, which nobody can guess (section 5.3).
    static func randomKey() -> [UInt8] { (0..<4).map { _ in UInt8.random(in: 0...255) } }
}
