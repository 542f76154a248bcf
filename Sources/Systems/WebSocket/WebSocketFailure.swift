/// Why a WebSocket connection could not be had, or cannot go on.
enum WebSocketFailure: Error, Hashable, CustomStringConvertible {
    /// The answer to the handshake is none that RFC 6455, section 4.1, accepts.
    case refused(String)
    /// What was received breaks the protocol; `offset` is the place in the octets received since the handshake.
    case malformed(String, offset: Int)
    /// A message, or what it was announced to be, is longer than the client takes.
    case tooLong(Int)

    var description: String {
        switch self {
        case .refused(let reason): "no WebSocket: \(reason)"
        case .malformed(let reason, let offset): "malformed frame at octet \(offset): \(reason)"
        case .tooLong(let length): "a message of \(length) octets is longer than \(WebSocketStream.longestMessage)"
        }
    }
}
