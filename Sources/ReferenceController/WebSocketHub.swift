import Glibc
import Synchronization

/// Who listens at `/ws`, and what waits for each: any thread hands changes in, the thread of the HTTP server takes them out.
///
/// Nothing here waits for a client. What a client does not take is queued up to a bound; one that is further behind is cut off, since what it
/// missed it gets as state when it comes again.
final class WebSocketHub: Sendable {
    /// One connected client.
    private struct Client {
        /// A descriptor of the hub's own for the connection, so that any thread may cut it: the library's handle is for the
        /// server's thread alone.
        let descriptor: Int32
        /// The state that it was greeted with, and so what it may be behind with besides the bound.
        let greeting: Int
        var queue: [String]
        var lastPing: Int64
        /// A ping that it has not answered yet.
        var unanswered: Int64?
        var isCut = false

        var isFull: Bool { queue.count >= greeting + WebSocketHub.greatestBacklog }
    }

    private struct Content {
        var clients: [Int: Client] = [:]
        var nextID = 0
        var isStopping = false
    }

    private enum Handover {
        case taken, full, gone
    }

    /// The declared bound of what waits for a client that does not read.
    static let greatestBacklog = 256
    private static let greatestClients = 128
    private static let pingPeriodNanoseconds: Int64 = 5_000_000_000
    /// From a ping to the end of a client that has not answered it.
    private static let pongTimeoutNanoseconds: Int64 = 15_000_000_000
    private static let blockedPauseMicroseconds: UInt32 = 5_000

    private let points: PointTable
    private let status: Status
    private let cleansUp: Bool
    private let triesToSend: Bool
    private let content = Mutex(Content())
    private let wakeServer = Mutex<@Sendable () -> Void>({})

    init(points: PointTable, protections: Set<Protection>, status: Status) {
        self.points = points
        self.status = status
        cleansUp = protections.contains(.webSocketCleanup)
        triesToSend = protections.contains(.webSocketTrySend)
    }

    /// - Parameter wake: Makes the server's thread ask every client for what waits; from any thread.
    func onWaiting(_ wake: @escaping @Sendable () -> Void) {
        wakeServer.withLock { $0 = wake }
    }

    /// A point has new octets.
    func pointChanged(_ group: GroupAddress) {
        guard let state = points[group] else { return }
        let message = state.message(group).text
        let ids = content.withLock { Array($0.clients.keys) }
        guard !ids.isEmpty else { return }
        for id in ids { send(message, to: id) }
        wakeServer.withLock { $0 }()
    }

    /// From here on nobody is waited for.
    func stop() {
        content.withLock { $0.isStopping = true }
    }

    private func send(_ message: String, to id: Int) {
        while true {
            let handover = content.withLock { content -> Handover in
                guard !content.isStopping, let client = content.clients[id], !(triesToSend && client.isCut) else {
                    return .gone
                }
                if client.isFull { return .full }
                content.clients[id]?.queue.append(message)
                return .taken
            }
            guard handover == .full else { return }
            if triesToSend { return cut(id, "it does not read") }
            // What a controller does that hands a message over and waits until it is taken.
            wakeServer.withLock { $0 }()
            usleep(Self.blockedPauseMicroseconds)
        }
    }

    // MARK: for the server's thread

    /// There is room for another client.
    var takesClients: Bool { content.withLock { $0.clients.count < Self.greatestClients && !$0.isStopping } }

    /// A client has come: it gets the state of all points first.
    /// - Parameter socket: The library's descriptor, which stays the library's.
    /// - Returns: The client's number; nil when there is no descriptor left for it.
    func opened(socket: Int32) -> Int? {
        let descriptor = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { return nil }
        return content.withLock { content in
            content.nextID += 1
            // Under the lock, so that what changes meanwhile comes after it.
            let greeting = points.all.map { $0.state.message($0.group).text }
            content.clients[content.nextID] = Client(
                descriptor: descriptor, greeting: greeting.count, queue: greeting, lastPing: monotonicNanoseconds())
            status.webSocketClients.store(content.clients.count, ordering: .relaxed)
            return content.nextID
        }
    }

    /// The connection is over.
    func closed(_ id: Int) {
        guard cleansUp else { return }
        content.withLock { content in
            guard let client = content.clients.removeValue(forKey: id) else { return }
            close(client.descriptor)
            status.webSocketDropped.add(client.queue.count, ordering: .relaxed)
            status.webSocketClients.store(content.clients.count, ordering: .relaxed)
        }
    }

    /// The next message for a client, and whether more wait.
    func next(for id: Int) -> (message: String, more: Bool)? {
        content.withLock { content in
            guard var client = content.clients[id], !client.isCut, !client.queue.isEmpty else { return nil }
            let message = client.queue.removeFirst()
            content.clients[id] = client
            return (message, !client.queue.isEmpty)
        }
    }

    /// Somebody waits for a message.
    func hasWaiting(_ id: Int) -> Bool {
        content.withLock { $0.clients[id].map { !$0.isCut && !$0.queue.isEmpty } ?? false }
    }

    /// Looks after a client, once a second: ends one that has not answered a ping in time.
    /// - Returns: Whether it is to be sent a ping.
    func isPingDue(_ id: Int) -> Bool {
        guard cleansUp else { return false }
        let now = monotonicNanoseconds()
        let (isDue, isDead) = content.withLock { content in
            guard let client = content.clients[id] else { return (false, false) }
            if let unanswered = client.unanswered { return (false, now - unanswered >= Self.pongTimeoutNanoseconds) }
            return (now - client.lastPing >= Self.pingPeriodNanoseconds, false)
        }
        if isDead { cut(id, "it does not answer") }
        return isDue
    }

    /// A ping was written for the client.
    func pinged(_ id: Int) {
        let now = monotonicNanoseconds()
        content.withLock { content in
            content.clients[id]?.lastPing = now
            content.clients[id]?.unanswered = now
        }
    }

    func answered(_ id: Int) {
        content.withLock { $0.clients[id]?.unanswered = nil }
    }

    /// Ends a connection at once and without a farewell, which nobody would read; the server learns of it by its socket.
    private func cut(_ id: Int, _ reason: String) {
        let isNew = content.withLock { content in
            guard let client = content.clients[id], !client.isCut else { return false }
            content.clients[id]?.isCut = true
            var reset = linger(l_onoff: 1, l_linger: 0)
            unsafe setsockopt(
                client.descriptor, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
            shutdown(client.descriptor, Int32(SHUT_RDWR))
            return true
        }
        guard isNew else { return }
        status.webSocketCut.add(1, ordering: .relaxed)
        Log.warning("websocket client cut", ["client": JSON(id), "reason": .string(reason)])
    }
}
