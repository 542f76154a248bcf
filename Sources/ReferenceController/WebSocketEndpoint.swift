import CWebSockets

/// `/ws` as libwebsockets serves it: what the library reports of a WebSocket connection, and what is written to it. Used on the thread of the
/// HTTP server alone.
@safe final class WebSocketEndpoint {
    private let hub: WebSocketHub
    private var clients: [OpaquePointer: Int] = unsafe [:]
    private var pings: Set<Int> = []

    private static let path = "/ws"
    private static let roundMicroseconds: Int64 = 1_000_000
    /// Comes back in the pong; the library says nothing of a pong without a payload (measured, 4.1.6).
    private static let pingPayload = Array("ping".utf8)

    init(_ hub: WebSocketHub) {
        self.hub = hub
    }

    /// What the library reports, if it is of a WebSocket connection; what clients say is read and thrown away.
    /// - Returns: 0 to go on, -1 to end the connection; nil when it is none of this.
    func handle(_ reason: lws_callback_reasons, _ wsi: OpaquePointer) -> Int32? {
        switch reason {
        case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
            return unsafe isForUs(wsi) && hub.takesClients ? 0 : -1
        case LWS_CALLBACK_ESTABLISHED:
            guard let id = unsafe hub.opened(socket: lws_get_socket_fd(wsi)) else { return -1 }
            unsafe clients[wsi] = id
            unsafe lws_callback_on_writable(wsi)
            unsafe lws_set_timer_usecs(wsi, Self.roundMicroseconds)
        case LWS_CALLBACK_TIMER:
            guard let id = unsafe clients[wsi] else { return nil }
            if hub.isPingDue(id) {
                pings.insert(id)
                unsafe lws_callback_on_writable(wsi)
            }
            unsafe lws_set_timer_usecs(wsi, Self.roundMicroseconds)
        case LWS_CALLBACK_RECEIVE_PONG:
            if let id = unsafe clients[wsi] { hub.answered(id) }
        case LWS_CALLBACK_SERVER_WRITEABLE: return unsafe write(wsi)
        case LWS_CALLBACK_CLOSED:
            if let id = unsafe clients.removeValue(forKey: wsi) {
                pings.remove(id)
                hub.closed(id)
            }
        default: return nil
        }
        return 0
    }

    /// Asks the library for a turn of every client that something waits for.
    func askForTurns() {
        for unsafe(wsi, id) in unsafe clients where hub.hasWaiting(id) { unsafe lws_callback_on_writable(wsi) }
    }

    private func isForUs(_ wsi: OpaquePointer) -> Bool {
        var text = [CChar](repeating: 0, count: 64)
        let count = unsafe lws_hdr_copy(wsi, &text, Int32(text.count), WSI_TOKEN_GET_URI)
        guard count > 0 else { return false }
        return String(decoding: text[..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self) == Self.path
    }

    /// One frame a turn, as the library wants it; it keeps what the socket does not take at once.
    private func write(_ wsi: OpaquePointer) -> Int32 {
        guard let id = unsafe clients[wsi] else { return 0 }
        if pings.remove(id) != nil {
            guard unsafe write(wsi, Self.pingPayload, LWS_WRITE_PING) else { return -1 }
            hub.pinged(id)
            if hub.hasWaiting(id) { unsafe lws_callback_on_writable(wsi) }
            return 0
        }
        guard let (message, more) = hub.next(for: id) else { return 0 }
        guard unsafe write(wsi, Array(message.utf8), LWS_WRITE_TEXT) else { return -1 }
        if more { unsafe lws_callback_on_writable(wsi) }
        return 0
    }

    private func write(_ wsi: OpaquePointer, _ octets: [UInt8], _ kind: lws_write_protocol) -> Bool {
        let prefix = Int(cwebsockets_pre())
        var buffer = [UInt8](repeating: 0, count: prefix) + octets
        return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            unsafe lws_write(wsi, buffer.baseAddress! + prefix, octets.count, kind) >= octets.count
        }
    }
}
