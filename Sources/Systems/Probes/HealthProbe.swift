import Events
import Platform
import Synchronization

/// Asks the system for its own opinion of its health. Emits the point `status` of the view `health`: `healthy`, `degraded` (it answers
/// something else), or `unreachable`.
final class HealthProbe: Probe {
    private let port: UInt16
    private let path: String
    private let healthyStatus: Int
    private let droppedRows: String?
    private let interval: Instant.Span
    private let sink: EventSink
    private let thread = Mutex<ProbeThread?>(nil)

    private static let source = "health"
    private static let patience: Instant.Span = .seconds(1)

    /// - Parameter droppedRows: JSON pointer, in the answer, to the number of rows that the system has given up; it is told when it changes,
    ///   as the point `dropped` of the view `rows`.
    init(
        port: UInt16, path: String, healthyStatus: Int, interval: Instant.Span, droppedRows: String? = nil,
        sink: @escaping EventSink
    ) {
        self.port = port
        self.path = path
        self.healthyStatus = healthyStatus
        self.droppedRows = droppedRows
        self.interval = interval
        self.sink = sink
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe health", network: network) { [self] thread in
            var client = HTTPClient(port: port, keepsAlive: true)
            var dropped: Int64?
            thread.poll(every: { self.interval }, source: Self.source, sink: sink) {
                let begun = MonotonicClock.now()
                let response: HTTPResponse?
                do throws(HTTPFailure) {
                    response = try client.request("GET", path, until: begun + Self.patience)
                } catch {
                    response = nil
                }
                if let response, let count = self.dropped(response), count != dropped {
                    dropped = count
                    sink(
                        Event(
                            at: .middle(begun, MonotonicClock.now()),
                            uncertaintyNanoseconds: ProbeThread.pollUncertainty(interval), source: Self.source,
                            .sample(.init(view: RowsProbe.rowView, point: "dropped", reading: .integer(count)))))
                }
                let reading = (response?.status).map { $0 == healthyStatus ? "healthy" : "degraded" } ?? "unreachable"
                sink(
                    Event(
                        at: .middle(begun, MonotonicClock.now()),
                        uncertaintyNanoseconds: ProbeThread.pollUncertainty(interval), source: Self.source,
                        .sample(.init(view: "health", point: "status", reading: .text(reading)))))
            }
        }
        thread.withLock { $0 = started }
    }

    private func dropped(_ response: HTTPResponse) -> Int64? {
        guard let droppedRows, let document = try? JSON.parse(response.body) else { return nil }
        return document.at(pointer: droppedRows)?.integer
    }

    func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.stop()
    }
}
