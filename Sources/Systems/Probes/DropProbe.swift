import Documents
import Events
import Platform
import Synchronization

/// Asks the system how many telegrams it has dropped on the way to a view: its own count, in its own status. Samples: the view `dropped`, with
/// the id of the view that they did not reach as the point and the count as a number; `unreadable` where there is none.
final class DropProbe: Probe {
    private let view: String
    private let queue: SystemProfile.View.Queue
    private let port: UInt16
    private let path: String
    private let sink: EventSink
    private let thread = Mutex<ProbeThread?>(nil)

    private static let source = "dropped"
    private static let interval: Instant.Span = .milliseconds(500)
    private static let patience: Instant.Span = .seconds(1)

    /// - Parameter view: id of the view that the queue stands before.
    init(
        view: String, queue: SystemProfile.View.Queue, substitution: Substitution, sink: @escaping EventSink
    ) throws(DocumentFailure) {
        self.view = view
        self.queue = queue
        port = try queue.port.port(by: substitution)
        path = try queue.path.filled(by: substitution)
        self.sink = sink
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe dropped", network: network) { [self] thread in
            var client = HTTPClient(port: port, keepsAlive: true)
            thread.poll(every: { Self.interval }, source: Self.source, sink: sink) {
                let begun = MonotonicClock.now()
                let count = read(&client, until: begun + Self.patience)
                sink(
                    Event(
                        at: .middle(begun, MonotonicClock.now()),
                        uncertaintyNanoseconds: ProbeThread.pollUncertainty(Self.interval), source: Self.source,
                        .sample(
                            .init(
                                view: Self.source, point: view,
                                reading: count.map(Value.integer) ?? .text("unreadable")))))
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

    /// Whatever the status of the answer: one that is not well counts too.
    private func read(_ client: inout HTTPClient, until deadline: Instant) -> Int64? {
        guard let response = try? client.request("GET", path, until: deadline),
            let document = try? JSON.parse(response.body)
        else { return nil }
        return document.at(pointer: queue.dropped)?.integer
    }
}
