import Events
import Platform
import Synchronization

/// Polls a view that an HTTP server shows as JSON: an object keyed by group address, somewhere in it, each entry with its raw value.
final class HTTPStateProbe: Probe {
    private let view: String
    private let port: UInt16
    private let path: String
    private let points: String
    private let raw: String
    private let interval: Instant.Span
    private let sink: EventSink
    private let thread = Mutex<ProbeThread?>(nil)

    private static let patience: Instant.Span = .seconds(1)

    /// - Parameter points: JSON pointer to the object keyed by group address; `raw`: to the raw value in one entry.
    init(
        view: String, port: UInt16, path: String, points: String, raw: String, interval: Instant.Span,
        sink: @escaping EventSink
    ) {
        self.view = view
        self.port = port
        self.path = path
        self.points = points
        self.raw = raw
        self.interval = interval
        self.sink = sink
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe \(view)", network: network) { [self] thread in
            var client = HTTPClient(port: port, keepsAlive: true)
            var state = PolledState(view: view, interval: interval)
            thread.poll(every: { self.interval }, source: view, sink: sink) {
                let begun = MonotonicClock.now()
                let values = read(&client, until: begun + Self.patience)
                for event in state.polled(values, from: begun, to: MonotonicClock.now()) { sink(event) }
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

    private func read(_ client: inout HTTPClient, until deadline: Instant) -> Result<[String: [UInt8]], SystemFault> {
        do throws(HTTPFailure) {
            let response = try client.request("GET", path, until: deadline)
            guard response.status == 200 else { return .failure(SystemFault("status \(response.status)")) }
            return values(response.body)
        } catch {
            return .failure(SystemFault(error.description))
        }
    }

    private func values(_ body: [UInt8]) -> Result<[String: [UInt8]], SystemFault> {
        let document: Value
        do throws(JSON.Failure) { document = try JSON.parse(body) } catch {
            return .failure(SystemFault(error.description))
        }
        guard let fields = document.at(pointer: points)?.fields else {
            return .failure(SystemFault("there is no object at \(points)"))
        }
        var values: [String: [UInt8]] = [:]
        // A point without a value yet has no raw one.
        for field in fields { values[field.key] = field.value.at(pointer: raw)?.octets }
        return .success(values)
    }
}
