import Documents
import Events
import Platform
import Synchronization

/// Asks the system for its own opinion of its health. Emits the point `status` of the view `health`: `healthy`, `degraded` (it answers
/// something else), or `unreachable`.
final class HealthProbe: Probe {
    private let port: UInt16
    private let path: String
    private let health: SystemProfile.Health
    private let session: Session?
    private let droppedRows: String?
    private let interval: Instant.Span
    private let sink: EventSink
    private let thread = Mutex<ProbeThread?>(nil)

    private static let source = "health"
    private static let patience: Instant.Span = .seconds(1)

    /// - Parameter droppedRows: JSON pointer, in the answer, to the number of rows that the system has given up; it is told when it changes,
    ///   as the point `dropped` of the view `rows`.
    /// - Throws: a reference without a value.
    init(
        health: SystemProfile.Health, substitution: Substitution, session: Session? = nil, droppedRows: String? = nil,
        sink: @escaping EventSink
    ) throws(DocumentFailure) {
        port = try health.port.port(by: substitution)
        path = try health.path.filled(by: substitution)
        self.health = health
        self.session = session
        self.droppedRows = droppedRows
        interval = Instant.Span(nanoseconds: health.everyNanoseconds)
        self.sink = sink
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe health", network: network) { [self] thread in
            var client = HTTPClient(port: port, keepsAlive: true, session: session)
            var dropped: Int64?
            thread.poll(every: { self.interval }, source: Self.source, sink: sink) {
                let begun = MonotonicClock.now()
                let answer: HTTPResponse?
                do throws(HTTPFailure) {
                    answer = try client.request("GET", path, until: begun + Self.patience)
                } catch {
                    answer = nil
                }
                if let answer, let count = self.dropped(answer), count != dropped {
                    dropped = count
                    sink(
                        Event(
                            at: .middle(begun, MonotonicClock.now()),
                            uncertaintyNanoseconds: ProbeThread.pollUncertainty(interval), source: Self.source,
                            .sample(.init(view: RowsProbe.rowView, point: "dropped", reading: .integer(count)))))
                }
                let reading = answer.map { health.isHealthy($0) ? "healthy" : "degraded" } ?? "unreachable"
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

extension SystemProfile.Health {
    /// The status says healthy, and the body whatever else must hold.
    func isHealthy(_ answer: HTTPResponse) -> Bool {
        guard answer.status == healthyStatus else { return false }
        guard !holds.isEmpty else { return true }
        guard let document = try? JSON.parse(answer.body) else { return false }
        return holds.allSatisfy { document.at(pointer: $0.key) == $0.value }
    }
}
