import CWebSockets
import Glibc
import Synchronization

/// The HTTP interface and the WebSocket at `/ws` on the same port, through libwebsockets on a thread of its own. Nothing on
/// that thread waits: a command's answer comes back from another thread and wakes it, and so does a message for a client.
@safe final class HttpServer: Sendable {
    struct BindError: Error {
        let message: String
    }

    /// What is known of the request that a connection is serving.
    @safe private final class Request {
        let wsi: OpaquePointer
        let id: Int
        let method: String
        let path: String
        var body: [UInt8] = []
        var received = 0
        var response: HttpResponse?
        var closes = false

        init(_ wsi: OpaquePointer, id: Int, method: String, path: String) {
            unsafe self.wsi = unsafe wsi
            self.id = id
            self.method = method
            self.path = path
        }
    }

    private struct Finished {
        var responses: [Int: HttpResponse] = [:]
        var stopping = false
    }

    private static let greatestBody = 4096
    /// Up to here a body that is too large is read and thrown away, since closing on a client that is still sending
    /// would cost it the answer.
    private static let greatestDiscardedBody = 65_536
    private static let greatestConnections: UInt32 = 256

    /// What is asked beyond these in a second is refused with 429. Health is asked by whoever watches, and never refused; what waits for the registry is bounded
    /// there.
    private static let stateRequestsPerSecond: Int64 = 100
    private static let commandsPerSecond: Int64 = 5

    private let routes: HttpRoutes
    private let isLimited: Bool
    private let send: @Sendable (GroupAddress, [UInt8]) -> Bool
    private let finished = Mutex(Finished())
    private let hub: WebSocketHub

    // These belong to the starting thread until run(), then to the thread of run(); lws_cancel_service alone is
    // called from others, as the library allows, and under the lock of `finished`.
    nonisolated(unsafe) private var context: OpaquePointer?
    nonisolated(unsafe) private var requests: [OpaquePointer: Request] = unsafe [:]
    nonisolated(unsafe) private var nextID = 0
    nonisolated(unsafe) private var stateLimit: RateLimit
    nonisolated(unsafe) private var commandLimit: RateLimit
    nonisolated(unsafe) private let webSocket: WebSocketEndpoint
    // The library keeps the pointer, so it lives as long as the server; the second entry, all zero, ends the list.
    nonisolated(unsafe) private let protocols =
        UnsafeMutablePointer<lws_protocols>.allocate(capacity: 2)
    nonisolated(unsafe) private let name = unsafe strdup("http")!

    /// - Parameter isLimited: Bodies have a greatest size and requests a greatest rate.
    /// - Parameter send: Hands a command's telegram to the bus; false when that is not possible.
    init(
        _ routes: HttpRoutes, hub: WebSocketHub, isLimited: Bool,
        send: @escaping @Sendable (GroupAddress, [UInt8]) -> Bool
    ) {
        self.routes = routes
        self.isLimited = isLimited
        let now = monotonicNanoseconds()
        unsafe stateLimit = RateLimit(perSecond: Self.stateRequestsPerSecond, at: now)
        unsafe commandLimit = RateLimit(perSecond: Self.commandsPerSecond, at: now)
        self.send = send
        self.hub = hub
        unsafe webSocket = WebSocketEndpoint(hub)
        unsafe protocols.initialize(repeating: lws_protocols(), count: 2)
        unsafe protocols[0].name = unsafe UnsafePointer(name)
        unsafe protocols[0].callback = { wsi, reason, _, input, length in
            guard let wsi = unsafe wsi, let user = unsafe lws_context_user(lws_get_context(wsi)) else { return 0 }
            let server = unsafe Unmanaged<HttpServer>.fromOpaque(user).takeUnretainedValue()
            return unsafe server.handle(reason, wsi, UnsafeRawBufferPointer(start: input, count: length))
        }
    }

    deinit {
        unsafe protocols.deallocate()
        unsafe free(name)
    }

    /// Listens; requests are served from `run()` on.
    func bind(_ endpoint: Configuration.Endpoint) throws(BindError) {
        try Self.check(endpoint)
        unsafe lws_set_log_level(LLL_ERR) { _, text in
            guard let text = unsafe text else { return }
            Log.warning("http library", ["line": .string(unsafe String(cString: text).filter { !$0.isNewline })])
        }
        var information = unsafe lws_context_creation_info()
        unsafe information.port = Int32(endpoint.port)
        unsafe information.protocols = unsafe UnsafePointer(protocols)
        unsafe information.user = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe information.options = UInt64(LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND | LWS_SERVER_OPTION_DISABLE_IPV6)
        unsafe information.fd_limit_per_thread = Self.greatestConnections
        unsafe information.gid = -1
        unsafe information.uid = -1
        let context = unsafe endpoint.host.withCString { host in
            unsafe information.iface = unsafe host
            return unsafe lws_create_context(&information)
        }
        guard let context = unsafe context else {
            throw BindError(message: "cannot listen on \(endpoint.host):\(endpoint.port)")
        }
        unsafe self.context = unsafe context
    }

    /// Tries the address with a socket of its own first: libwebsockets does not say why it could not bind.
    private static func check(_ endpoint: Configuration.Endpoint) throws(BindError) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(endpoint.port).bigEndian
        guard unsafe inet_pton(AF_INET, endpoint.host, &address.sin_addr) == 1 else {
            throw BindError(message: "\(endpoint.host) is not an IPv4 address")
        }
        let descriptor = streamSocket(AF_INET)
        defer { close(descriptor) }
        var reuse: Int32 = 1
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        let bound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.bind(descriptor, $0, size) }
        }
        guard bound == 0, listen(descriptor, 1) == 0 else {
            let place = "\(endpoint.host):\(endpoint.port)"
            throw BindError(
                message:
                    "cannot listen on \(place): \(systemError()); `ss -ltnp` shows who listens, http.port changes it")
        }
    }

    /// The loop of the server's thread. After `stop()` it refuses new connections, answers what waits, and returns.
    func run() {
        guard let context = unsafe context else { preconditionFailure("run() before bind()") }
        hub.onWaiting { [self] in wake() }
        while !finished.withLock({ $0.stopping }) {
            unsafe lws_service(context, 0)
        }
        // Answers given until now are written before the end: a round of the loop writes one of each.
        deliver()
        for _ in 0..<4 where unsafe requests.values.contains(where: { $0.response != nil }) {
            unsafe lws_cancel_service(context)
            unsafe lws_service(context, 0)
        }
        hub.onWaiting {}
        finished.withLock { _ in unsafe self.context = nil }
        unsafe lws_context_destroy(context)
    }

    func stop() {
        finished.withLock { finished in
            finished.stopping = true
            if let context = unsafe context { unsafe lws_cancel_service(context) }
        }
    }

    /// A message waits for somebody; from any thread.
    private func wake() {
        finished.withLock { _ in
            if let context = unsafe context { unsafe lws_cancel_service(context) }
        }
    }

    /// The answer to a request that had to wait; from any thread.
    private func finish(_ id: Int, _ response: HttpResponse) {
        finished.withLock { finished in
            finished.responses[id] = response
            if let context = unsafe context { unsafe lws_cancel_service(context) }
        }
    }

    /// - Returns: 0 to go on, -1 to close the connection.
    private func handle(_ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ input: UnsafeRawBufferPointer) -> Int32
    {
        if let result = unsafe webSocket.handle(reason, wsi) { return result }
        switch reason {
        case LWS_CALLBACK_HTTP: return unsafe begin(wsi, input)
        case LWS_CALLBACK_HTTP_BODY:
            guard let request = unsafe requests[wsi] else { return -1 }
            request.received += input.count
            if !isLimited || request.received <= Self.greatestBody { unsafe request.body.append(contentsOf: input) }
        case LWS_CALLBACK_HTTP_BODY_COMPLETION:
            guard let request = unsafe requests[wsi] else { return -1 }
            if request.received > 0 { complete(request) }
        case LWS_CALLBACK_HTTP_WRITEABLE: return unsafe write(wsi)
        case LWS_CALLBACK_CLOSED_HTTP: unsafe requests[wsi] = nil
        case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
            deliver()
            unsafe webSocket.askForTurns()
        default: break
        }
        return 0
    }

    private func begin(_ wsi: OpaquePointer, _ input: UnsafeRawBufferPointer) -> Int32 {
        let methods = ["GET", "POST", "OPTIONS", "PUT", "PATCH", "DELETE", "CONNECT", "HEAD"]
        var uri: UnsafeMutablePointer<CChar>?
        var length: Int32 = 0
        let method = Int(unsafe lws_http_get_uri_and_method(wsi, &uri, &length))
        guard methods.indices.contains(method) else { return -1 }
        unsafe nextID += 1
        let path = unsafe String(decoding: input, as: UTF8.self)
        let request = unsafe Request(wsi, id: nextID, method: methods[method], path: path)
        unsafe requests[wsi] = request

        guard ["POST", "PUT", "PATCH"].contains(request.method) else {
            complete(request)
            return 0
        }
        // Without a length the library would take all that follows for the body.
        guard let length = unsafe contentLength(wsi) else {
            request.closes = true
            respond(.error(411, "a Content-Length header is needed"), request)
            return 0
        }
        if length == 0 {
            complete(request)
        } else if isLimited, length > Self.greatestDiscardedBody {
            request.closes = true
            respond(.error(413, "the body is larger than \(Self.greatestBody) octets"), request)
        }
        return 0
    }

    private func contentLength(_ wsi: OpaquePointer) -> Int? {
        var text = [CChar](repeating: 0, count: 24)
        let count = unsafe lws_hdr_copy(wsi, &text, Int32(text.count), WSI_TOKEN_HTTP_CONTENT_LENGTH)
        guard count > 0 else { return nil }
        return Int(String(decoding: text[..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    private func complete(_ request: Request) {
        guard !isLimited || request.received <= Self.greatestBody else {
            respond(.error(413, "the body is larger than \(Self.greatestBody) octets"), request)
            return
        }
        if isLimited, isTooMuch(request.path) {
            respond(.error(429, "too many requests: ask again in a second"), request)
            return
        }
        switch routes.answer(request.method, request.path, request.body) {
        case .ready(let response): respond(response, request)
        case .registry(let change):
            unsafe lws_set_timeout(request.wsi, NO_PENDING_TIMEOUT, 0)
            let id = request.id
            if !routes.registry.submit(change, answer: { [self] response in finish(id, response) }) {
                respond(.error(503, "too many changes wait already"), request)
            }
        case .command(let command, let value):
            // The wait has a limit of its own, longer or shorter than the library's.
            unsafe lws_set_timeout(request.wsi, NO_PENDING_TIMEOUT, 0)
            let id = request.id
            let sent = routes.commands.start(command, value, send: send) { [self] outcome in
                switch outcome {
                case .done: finish(id, HttpResponse(status: 200, body: ["status": "done"]))
                case .failed(let error):
                    finish(id, HttpResponse(status: 504, body: ["status": "failed", "error": .string(error)]))
                }
            }
            if !sent {
                let body: JSON = ["status": "failed", "error": "knxd is not connected"]
                respond(HttpResponse(status: 503, body: body), request)
            }
        }
    }

    private func isTooMuch(_ path: String) -> Bool {
        let now = monotonicNanoseconds()
        if path.hasPrefix("/command/") { return unsafe !commandLimit.take(at: now) }
        return path.hasPrefix("/state") ? unsafe !stateLimit.take(at: now) : false
    }

    private func deliver() {
        let responses = finished.withLock { finished in
            defer { finished.responses.removeAll() }
            return finished.responses
        }
        for request in unsafe Array(requests.values) {
            if let response = responses[request.id] { respond(response, request) }
        }
    }

    private func respond(_ response: HttpResponse, _ request: Request) {
        request.response = response
        unsafe lws_callback_on_writable(request.wsi)
    }

    private func write(_ wsi: OpaquePointer) -> Int32 {
        guard let request = unsafe requests[wsi], let response = request.response else { return 0 }
        unsafe requests[wsi] = nil
        let body = Array((response.body.text + "\n").utf8)
        let prefix = Int(cwebsockets_pre())
        var buffer = [UInt8](repeating: 0, count: prefix + max(1024, body.count))
        let headersWritten = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            let start = unsafe buffer.baseAddress! + prefix
            let end = unsafe buffer.baseAddress! + buffer.count
            var position: UnsafeMutablePointer<UInt8>? = unsafe start
            let code = UInt32(response.status)
            guard
                unsafe lws_add_http_common_headers(wsi, code, "application/json", UInt64(body.count), &position, end)
                    == 0
            else { return false }
            if let allow = response.allow {
                let bytes = Array(allow.utf8)
                guard
                    unsafe lws_add_http_header_by_name(wsi, "allow:", bytes, Int32(bytes.count), &position, end) == 0
                else { return false }
            }
            return unsafe lws_finalize_write_http_header(wsi, start, &position, end) == 0
        }
        guard headersWritten else { return -1 }
        if request.method != "HEAD" {
            let written = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
                let start = unsafe buffer.baseAddress! + prefix
                unsafe start.update(from: body, count: body.count)
                return unsafe lws_write(wsi, start, body.count, LWS_WRITE_HTTP_FINAL)
            }
            guard written >= body.count else { return -1 }
        }
        if request.closes { return -1 }
        return unsafe lws_http_transaction_completed(wsi) == 0 ? 0 : -1
    }
}
