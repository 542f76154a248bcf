import Events
import Glibc
import Platform

/// One client's connection to a WebSocket: opened, read when somebody asks, pings answered. It owns its socket, since a rig must be able to stop
/// reading, to reset, and to know end from silence.
///
/// Used by one thread at a time.
struct WebSocketConnection {
    /// Why reading ended.
    enum End: Error, Hashable {
        /// The other side closed it, with or without a farewell.
        case closed
        case reset
        case malformed(WebSocketFailure)
    }

    /// Where a WebSocket is and how to come in.
    struct Endpoint: Sendable {
        var port: UInt16
        var path: Path
        var token: String?
        /// The first message after the opening; nil for none.
        var subscription: String?

        enum Path: Sendable {
            case fixed(String)
            /// Another for every opening.
            case byTicket(WebSocketTicket)
        }
    }

    let socket: Descriptor
    private var stream = WebSocketStream()
    /// What came with the answer to the handshake.
    private var early: [UInt8]

    /// A server that never stops must not keep us from everything else.
    private static let mostAtOnce = 1_000
    private static let farewell = WebSocketFrame(.close, [0x03, 0xE8])

    /// - Parameter receiveBuffer: octets for the kernel to keep for us, as small as it takes; nil for as many as it likes.
    /// - Throws: `SystemFailure` for no connection, `WebSocketFailure` for no WebSocket or no ticket, `HTTPFailure` for no answer about one.
    init(_ endpoint: Endpoint, receiveBuffer: Int32? = nil, until deadline: Instant) throws {
        let path =
            switch endpoint.path {
            case .fixed(let path): path
            case .byTicket(let ticket): try ticket.path(until: deadline)
            }
        socket = try Socket.connectTCP(
            host: "127.0.0.1", port: endpoint.port, receiveBuffer: receiveBuffer, until: deadline)
        var handshake = WebSocketHandshake()
        let request = handshake.request(port: endpoint.port, path: path, token: endpoint.token)
        try socket.writeAll(request, until: deadline)
        while true {
            guard let octets = try socket.read(maximum: 4_096) else {
                if Poll.wait([(socket, .readable)], until: deadline)[0].isEmpty {
                    throw SystemFailure("open a WebSocket at", path, code: ETIMEDOUT)
                }
                continue
            }
            if octets.isEmpty { throw WebSocketFailure.refused("the connection ended before the answer did") }
            if let rest = try handshake.feed(octets) {
                early = rest
                break
            }
        }
        if let subscription = endpoint.subscription {
            try send(WebSocketFrame(.text, Array(subscription.utf8)), until: deadline)
        }
    }

    /// Takes what has come, and answers pings.
    ///
    /// - Returns: what came, and why nothing more will; nil while more may.
    mutating func receive() -> (received: [WebSocketStream.Received], end: End?) {
        var received: [WebSocketStream.Received] = []
        var end: End?
        while end == nil, received.count < Self.mostAtOnce {
            let octets: [UInt8]
            switch read() {
            case .success(nil): return (received, nil)
            case .success(let some?): octets = some
            case .failure(let reason):
                end = reason
                continue
            }
            let whole = stream.feed(octets)
            received += whole
            for case .ping(let payload) in whole { answer(payload) }
            if case .close = whole.last { end = .closed }
            if let failure = stream.failure { end = .malformed(failure) }
        }
        return (received, end)
    }

    private func answer(_ payload: [UInt8]) {
        try? send(WebSocketFrame(.pong, payload), until: MonotonicClock.now() + .milliseconds(100))
    }

    private mutating func read() -> Result<[UInt8]?, End> {
        if !early.isEmpty {
            defer { early = [] }
            return .success(early)
        }
        do throws(SystemFailure) {
            guard let octets = try socket.read(maximum: 16_384) else { return .success(nil) }
            return octets.isEmpty ? .failure(.closed) : .success(octets)
        } catch {
            return .failure(.reset)
        }
    }

    func send(_ frame: WebSocketFrame, until deadline: Instant) throws(SystemFailure) {
        try socket.writeAll(frame.octets(key: WebSocketFrame.randomKey()), until: deadline)
    }

    /// Ends it in order.
    func close() {
        try? send(Self.farewell, until: MonotonicClock.now() + .milliseconds(100))
        socket.close()
    }

    /// Ends it with RST.
    func reset() {
        Socket.resetOnClose(socket)
        socket.close()
    }
}
