import Events
import Platform
import Synchronization

/// Asks the system twice a second how many WebSocket clients it has. Emits the point `count` of the view `client-count`; nothing while the system does not
/// answer.
final class ClientCountProbe: Probe {
    private let port: UInt16
    private let path: String
    private let pointer: String
    private let session: Session?
    private let sink: EventSink
    private let thread = Mutex<ProbeThread?>(nil)

    private static let source = "client-count"
    private static let interval: Instant.Span = .milliseconds(500)
    private static let patience: Instant.Span = .seconds(1)

    /// - Parameter pointer: JSON pointer to the number.
    init(port: UInt16, path: String, pointer: String, session: Session? = nil, sink: @escaping EventSink) {
        self.port = port
        self.path = path
        self.pointer = pointer
        self.session = session
        self.sink = sink
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe clients", network: network) { [self] thread in
            var client = HTTPClient(port: port, keepsAlive: true, session: session)
            thread.poll(every: { Self.interval }, source: Self.source, sink: sink) {
                let begun = MonotonicClock.now()
                guard let response = try? client.request("GET", path, until: begun + Self.patience),
                    let count = (try? JSON.parse(response.body))?.at(pointer: pointer)?.integer
                else { return }
                sink(
                    Event(
                        at: .middle(begun, MonotonicClock.now()),
                        uncertaintyNanoseconds: ProbeThread.pollUncertainty(Self.interval), source: Self.source,
                        .sample(.init(view: Self.source, point: "count", reading: .integer(count)))))
            }
        }
        thread.withLock { $0 = started }
    }

    func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.stop()
    }
}
