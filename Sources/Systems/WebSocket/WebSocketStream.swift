/// What a WebSocket client receives, from octets as they come: whole messages and control frames, in order. A server's frames are not masked;
/// anything that RFC 6455 forbids ends the stream.
struct WebSocketStream {
    enum Received: Hashable, Sendable {
        case text(String)
        case binary([UInt8])
        case ping([UInt8])
        case pong([UInt8])
        /// The other side ends the connection, with its status code where it gave one.
        case close(UInt16?)
    }

    private enum Stage {
        case head
        case length(WebSocketFrame.Opcode, isFinal: Bool, octets: Int)
        case payload(WebSocketFrame.Opcode, isFinal: Bool, length: Int)
        /// After the other side's farewell, or a failure: nothing that comes means anything.
        case closed
    }

    /// Longer messages are refused before they are stored.
    static let longestMessage = 1 << 20

    /// What was forbidden in what came; nil while nothing was.
    private(set) var failure: WebSocketFailure?
    private var stage = Stage.head
    private var buffer: [UInt8] = []
    /// Octets taken so far.
    private var offset = 0
    /// The message whose last frame has not come.
    private var message: (opcode: WebSocketFrame.Opcode, payload: [UInt8])?

    /// Takes octets and returns what became whole with them, before the first that is forbidden.
    mutating func feed(_ octets: [UInt8]) -> [Received] {
        buffer += octets
        var received: [Received] = []
        do throws(WebSocketFailure) {
            while let next = try step() { if let whole = next { received.append(whole) } }
        } catch {
            failure = error
            stage = .closed
        }
        if case .closed = stage { buffer = [] }
        return received
    }

    /// One step: nil when more octets are needed, an empty one when a part was read.
    private mutating func step() throws(WebSocketFailure) -> Received?? {
        switch stage {
        case .closed: return nil
        case .head:
            guard buffer.count >= 2 else { return nil }
            try head(buffer[0], buffer[1])
            take(2)
            return .some(nil)
        case .length(let opcode, let isFinal, let count):
            guard buffer.count >= count else { return nil }
            let length = buffer[..<count].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard length >> 63 == 0 else { throw malformed("a length of more than 63 bits") }
            guard length > (count == 2 ? 125 : 65_535) else { throw malformed("a length in more octets than it needs") }
            try announce(opcode, isFinal: isFinal, length: Int(length))
            take(count)
            return .some(nil)
        case .payload(let opcode, let isFinal, let length):
            guard buffer.count >= length else { return nil }
            let frame = WebSocketFrame(opcode, Array(buffer[..<length]), isFinal: isFinal)
            let whole = try assemble(frame)
            take(length)
            if case .close = whole { stage = .closed } else { stage = .head }
            return .some(whole)
        }
    }

    private mutating func take(_ count: Int) {
        buffer.removeFirst(count)
        offset += count
    }

    private func malformed(_ reason: String) -> WebSocketFailure { .malformed(reason, offset: offset) }

    private mutating func head(_ first: UInt8, _ second: UInt8) throws(WebSocketFailure) {
        guard first & 0x70 == 0 else { throw malformed("reserved bits are set, and no extension was agreed on") }
        guard let opcode = WebSocketFrame.Opcode(rawValue: first & 0x0F) else {
            throw malformed("there is no opcode \(first & 0x0F)")
        }
        guard second & 0x80 == 0 else { throw malformed("a server's frame is masked") }
        let isFinal = first & 0x80 != 0
        if opcode.isControl {
            guard isFinal else { throw malformed("a control frame in parts") }
            guard second <= WebSocketFrame.longestControl else {
                throw malformed("a control frame of more than 125 octets")
            }
        } else {
            guard (opcode == .continuation) == (message != nil) else {
                throw malformed(
                    message == nil ? "a continuation of nothing" : "a new message before the last one was whole")
            }
        }
        switch second {
        case 126: stage = .length(opcode, isFinal: isFinal, octets: 2)
        case 127: stage = .length(opcode, isFinal: isFinal, octets: 8)
        default: try announce(opcode, isFinal: isFinal, length: Int(second))
        }
    }

    private mutating func announce(
        _ opcode: WebSocketFrame.Opcode, isFinal: Bool, length: Int
    ) throws(WebSocketFailure) {
        let before = opcode.isControl ? 0 : message?.payload.count ?? 0
        guard length <= Self.longestMessage - before else { throw .tooLong(length) }
        stage = .payload(opcode, isFinal: isFinal, length: length)
    }

    /// nil while the message is not whole.
    private mutating func assemble(_ frame: WebSocketFrame) throws(WebSocketFailure) -> Received? {
        switch frame.opcode {
        case .ping: return .ping(frame.payload)
        case .pong: return .pong(frame.payload)
        case .close: return .close(try closing(frame.payload))
        case .text, .binary, .continuation:
            var whole = message ?? (frame.opcode, [])
            whole.payload += frame.payload
            guard frame.isFinal else {
                message = whole
                return nil
            }
            message = nil
            guard whole.opcode == .text else { return .binary(whole.payload) }
            guard let text = String(validating: whole.payload, as: UTF8.self) else {
                throw malformed("a text that is not UTF-8")
            }
            return .text(text)
        }
    }

    private func closing(_ payload: [UInt8]) throws(WebSocketFailure) -> UInt16? {
        guard !payload.isEmpty else { return nil }
        guard payload.count >= 2 else { throw malformed("a status code of one octet") }
        guard String(validating: payload[2...], as: UTF8.self) != nil else {
            throw malformed("a reason that is not UTF-8")
        }
        return UInt16(payload[0]) << 8 | UInt16(payload[1])
    }
}
