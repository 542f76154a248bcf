import Events
import Platform
import Synchronization

/// Asks the system for its own opinion of its health. Emits the point `status` of the view `health`: `healthy`, `degraded` (it answers
/// something else), or `unreachable`.
final class HealthProbe: Probe {
    private let port: UInt16
    private let path: String
    private let healthyStatus: Int
    private let interval: Instant.Span
    private let sink: EventSink
    private let thread = Mutex<ProbeThread?>(nil)

    private static let source = "health"
    private static let patience: Instant.Span = .seconds(1)

    init(port: UInt16, path: String, healthyStatus: Int, interval: Instant.Span, sink: @escaping EventSink) {
        self.port = port
        self.path = path
        self.healthyStatus = healthyStatus
        self.interval = interval
        self.sink = sink
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe health", network: network) { [self] thread in
            var client = HTTPClient(port: port, keepsAlive: true)
            thread.poll(every: { self.interval }, source: Self.source, sink: sink) {
                let begun = MonotonicClock.now()
                let status: Int?
                do throws(HTTPFailure) {
                    status = try client.request("GET", path, until: begun + Self.patience).status
                } catch {
                    status = nil
                }
                let reading = status.map { $0 == healthyStatus ? "healthy" : "degraded" } ?? "unreachable"
                sink(
                    Event(
                        at: .middle(begun, MonotonicClock.now()),
                        uncertaintyNanoseconds: ProbeThread.pollUncertainty(interval), source: Self.source,
                        .sample(.init(view: "health", point: "status", reading: .text(reading)))))
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
