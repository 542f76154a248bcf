public import Events
import Platform
import Synchronization

/// WebSocket clients of the rig's own, to be reset, to fall silent, or to stop reading. Until then they read everything and answer every ping.
///
/// Five times a second the kernel's own table is looked at, whatever the clients do: samples of the view `clients`, all of them sums over the clients:
/// `open` (sockets of ours that nobody has closed), `held` (the system's ends that it has not closed), `unread` (octets that we have received and not read),
/// `send_queue` (octets that the system's ends have sent in vain), `messages` (messages read since the opening).
public final class WebSocketClients: Sendable {
    private struct State {
        var connections: [WebSocketConnection] = []
        var sockets: ClientSockets
        var isReading = true
        var messages: Int64 = 0
    }

    private let endpoint: WebSocketConnection.Endpoint
    private let network: Int32
    private let sink: EventSink
    private let state: Mutex<State>
    private let thread = Mutex<ProbeThread?>(nil)

    private static let source = "clients"
    private static let interval = Instant.Span.milliseconds(200)
    private static let openWithin = Instant.Span.seconds(5)

    init(endpoint: WebSocketConnection.Endpoint, network: Int32, sink: @escaping EventSink) {
        self.endpoint = endpoint
        self.network = network
        self.sink = sink
        state = Mutex(State(sockets: ClientSockets(to: endpoint.port, from: [])))
    }

    /// Opens `count` connections and begins to read and to look.
    ///
    /// - Parameter receiveBuffer: as in `Socket.connectTCP`.
    /// - Throws: why one of them could not be opened.
    public func open(_ count: Int, receiveBuffer: Int32? = nil) throws(SystemFault) {
        let endpoint = endpoint
        let opened: Result<[WebSocketConnection], SystemFault>
        do {
            opened = try HostNetwork.run(of: network) {
                var connections: [WebSocketConnection] = []
                do {
                    for _ in 0..<count {
                        connections.append(
                            try WebSocketConnection(
                                endpoint, receiveBuffer: receiveBuffer, until: MonotonicClock.now() + Self.openWithin))
                    }
                    return .success(connections)
                } catch {
                    return .failure(
                        SystemFault("client \(connections.count + 1) of \(count) could not be opened: \(error)"))
                }
            }
            let connections = try opened.get()
            state.withLock { state in
                state.connections = connections
                let ports = connections.compactMap { Socket.localPort($0.socket) }
                state.sockets = ClientSockets(to: endpoint.port, from: Set(ports))
            }
            let started = try ProbeThread("clients", network: nil) { [self] thread in run(thread) }
            thread.withLock { $0 = started }
        } catch let fault as SystemFault {
            throw fault
        } catch {
            throw SystemFault("\(error)")
        }
    }

    /// Ends every connection with RST.
    ///
    /// - Returns: before the first and after the last.
    public func reset() -> (from: Instant, to: Instant) {
        let from = MonotonicClock.now()
        state.withLock { state in
            for connection in state.connections { connection.reset() }
            state.connections = []
        }
        wake()
        return (from, MonotonicClock.now())
    }

    /// From now on nothing is read and no ping answered; the sockets stay open.
    public func fallSilent() -> Instant {
        state.withLock { $0.isReading = false }
        return MonotonicClock.now()
    }

    /// Reads on.
    public func readAgain() -> Instant {
        state.withLock { $0.isReading = true }
        wake()
        return MonotonicClock.now()
    }

    /// Ends the connections that are left, in order, and goes on looking.
    public func close() {
        state.withLock { state in
            for connection in state.connections { connection.close() }
            state.connections = []
        }
        wake()
    }

    /// Ends everything.
    public func stop() {
        close()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.stop()
    }

    /// A thread that waits for a socket keeps the kernel from ending it until it wakes.
    private func wake() { thread.withLock { $0 }?.wakeup.signal() }

    private func run(_ thread: ProbeThread) {
        var due = MonotonicClock.now()
        while !thread.isStopping {
            let wanted = state.withLock { state in
                state.isReading ? state.connections.map { ($0.socket, Readiness.readable) } : []
            }
            _ = Poll.wait(wanted + [(thread.wakeup.descriptor, .readable)], until: due)
            thread.wakeup.drain()
            state.withLock { read(&$0) }
            guard MonotonicClock.now() >= due else { continue }
            look()
            due = max(due + Self.interval, MonotonicClock.now())
        }
    }

    /// Takes what has come; a connection that the system has ended is let go.
    private func read(_ state: inout State) {
        guard state.isReading else { return }
        for index in state.connections.indices.reversed() {
            let (received, end) = state.connections[index].receive()
            for message in received {
                switch message {
                case .text, .binary: state.messages += 1
                default: break
                }
            }
            guard end != nil else { continue }
            state.connections[index].socket.close()
            state.connections.remove(at: index)
        }
    }

    private func look() {
        let table = SocketTable.read(ofProcess: network).entries
        let instant = MonotonicClock.now()
        let (ours, theirs, messages) = state.withLock { state in
            let alive = state.connections.compactMap { Socket.localPort($0.socket) }
            let held = state.sockets.held(in: table, alive: alive)
            return (held.ours, held.theirs, state.messages)
        }
        let readings: [(String, Int64)] = [
            ("open", Int64(ours.count)), ("held", Int64(theirs.count)),
            ("unread", ours.reduce(0) { $0 + $1.receiveQueue }),
            ("send_queue", theirs.reduce(0) { $0 + $1.sendQueue }), ("messages", messages),
        ]
        for (point, reading) in readings {
            sink(
                Event(
                    at: instant, uncertaintyNanoseconds: ProbeThread.pollUncertainty(Self.interval),
                    source: Self.source,
                    .sample(.init(view: Self.source, point: point, reading: .integer(reading)))))
        }
    }
}
