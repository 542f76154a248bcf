import Events
import Platform
import Synchronization

/// Watches a WebSocket view: every message with a point is a sample at the instant of its arrival. A connection that ends is tried again every 100 ms.
///
/// The system itself serves the view. So time without a connection is no blindness of the rig's: what was not shown meanwhile was not shown, and a
/// scenario that takes the view away says so.
///
/// Samples: the view's id with the group address as the point; the point `link`, `open` or why it is not.
final class WebSocketProbe: Probe {
    private let view: String
    private let endpoint: WebSocketConnection.Endpoint
    private let group: String
    private let name: PointName
    private let value: ValueReading
    private let sink: EventSink
    private let thread = Mutex<ProbeThread?>(nil)

    /// Arrival is stamped by a thread of normal priority that waits for the socket.
    private static let stampUncertainty: Int64 = 1_000_000
    private static let retry: Instant.Span = .milliseconds(100)
    private static let openWithin: Instant.Span = .seconds(2)

    /// - Parameter view: id of the view, which is the source of the events too.
    /// - Parameter source: where in a message the group address and the value are.
    init(
        view: String, endpoint: WebSocketConnection.Endpoint, source: ViewSource.WebSocket, sink: @escaping EventSink
    ) {
        self.view = view
        self.endpoint = endpoint
        group = source.group
        name = source.name
        value = source.value
        self.sink = sink
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe \(view)", network: network) { thread in self.run(thread) }
        thread.withLock { $0 = started }
    }

    func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.stop()
    }

    private func run(_ thread: ProbeThread) {
        var said = ""
        /// Once for each state, not ten times a second.
        func say(_ link: String) {
            if link != said { emit("link", reading: .text(link), at: MonotonicClock.now()) }
            said = link
        }
        while !thread.isStopping {
            let begun = MonotonicClock.now()
            do {
                var connection = try WebSocketConnection(endpoint, until: begun + Self.openWithin)
                say("open")
                if let end = watch(&connection, thread) { say(Self.words(end)) }
                connection.close()
            } catch {
                say("\(error)")
            }
            guard thread.sleep(until: begun + Self.retry) else { break }
        }
    }

    /// Serves one connection until it ends; nil when the probe is to stop.
    private func watch(_ connection: inout WebSocketConnection, _ thread: ProbeThread) -> WebSocketConnection.End? {
        while !thread.isStopping {
            let (received, end) = connection.receive()
            let now = MonotonicClock.now()
            for case .text(let text) in received { self.received(text, at: now) }
            if let end { return end }
            _ = Poll.wait([(connection.socket, .readable), (thread.wakeup.descriptor, .readable)], until: nil)
        }
        return nil
    }

    private static func words(_ end: WebSocketConnection.End) -> String {
        switch end {
        case .closed: "closed by the system"
        case .reset: "reset"
        case .malformed(let failure): "\(failure)"
        }
    }

    /// Takes a message.
    func received(_ message: String, at instant: Instant) {
        guard let document = try? JSON.parse(Array(message.utf8), keepsFractions: true) else {
            return emit("link", reading: .text("no JSON: " + message.prefix(100)), at: instant)
        }
        guard let text = document.at(pointer: group)?.text, let point = name.group(in: text) else { return }
        let octets = value.octets(in: document)
        emit(
            point, raw: octets, reading: octets == nil ? .text("unreadable: " + message.prefix(200)) : nil, at: instant)
    }

    private func emit(_ point: String, raw: [UInt8]? = nil, reading: Value? = nil, at instant: Instant) {
        sink(
            Event(
                at: instant, uncertaintyNanoseconds: Self.stampUncertainty, source: view,
                .sample(.init(view: view, point: point, raw: raw, reading: reading))))
    }
}
