import Documents
import Events
import Platform
import Synchronization

/// Polls a time-series database for the newest row of each series, through an export that needs no search; and reads all rows once, when asked.
final class RowsProbe: Probe {
    /// The view of all rows: a point per group address, the point `read` when all have been told, the point `dropped` of the system's own count.
    static let rowView = "rows"
    /// The same of a system that has ended.
    static let keptView = "kept-rows"

    private let view: String
    private let port: UInt16
    private let path: Template
    private let substitution: Substitution
    private let decoder: RowDecoder
    private let interval: Instant.Span
    private let sink: EventSink
    private let number = Atomic(0)
    private let thread = Mutex<ProbeThread?>(nil)

    private static let patienceForAll: Instant.Span = .seconds(5)
    /// A poll asks for rows of so long ago: whatever was written late is among them.
    private static let reachSeconds: Int64 = 60

    /// - Parameter path: may refer to `${poll}` and `${since}`.
    init(
        view: String, port: UInt16, path: Template, substitution: Substitution, decoder: RowDecoder,
        interval: Instant.Span, sink: @escaping EventSink
    ) {
        self.view = view
        self.port = port
        self.path = path
        self.substitution = substitution
        self.decoder = decoder
        self.interval = interval
        self.sink = sink
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe \(view)", network: network) { [self] thread in
            var newest: [String: SeriesRow] = [:]
            thread.pollState(of: view, port: port, every: interval, sink: sink) { client, deadline in
                let since = MonotonicClock.unixNanoseconds() / 1_000_000_000 - Self.reachSeconds
                return read(&client, since: since, until: deadline).map { rows in
                    for row in rows where row.stamp >= newest[row.point]?.stamp ?? 0 { newest[row.point] = row }
                    return newest.mapValues(\.raw)
                }
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

    /// Tells every row that the database holds: a sample per row with its stamp and how often it is there.
    ///
    /// - Parameter view: of the samples.
    /// - Returns: whether the database answered.
    func readAll(network: Int32, as view: String = RowsProbe.rowView) -> Bool {
        let outcome = try? HostNetwork.run(of: network) { [self] in
            let begun = MonotonicClock.now()
            var client = HTTPClient(port: port)
            return (begun, read(&client, since: 0, until: begun + Self.patienceForAll), MonotonicClock.now())
        }
        guard let (begun, result, ended) = outcome, case .success(let rows) = result else { return false }
        var counts: [SeriesRow: Int64] = [:]
        for row in rows { counts[row, default: 0] += 1 }
        func tell(_ sample: Event.Sample) {
            sink(
                Event(
                    at: begun, uncertaintyNanoseconds: max(1_000_000, (ended - begun).nanoseconds),
                    source: view, .sample(sample)))
        }
        for (row, count) in counts.sorted(by: { ($0.key.point, $0.key.stamp) < ($1.key.point, $1.key.stamp) }) {
            tell(
                .init(
                    view: view, point: row.point, raw: row.raw,
                    reading: ["stamp": .integer(row.stamp), "count": .integer(count)]))
        }
        tell(.init(view: view, point: "read", reading: .integer(Int64(rows.count))))
        return true
    }

    private func read(
        _ client: inout HTTPClient, since: Int64, until deadline: Instant
    ) -> Result<[SeriesRow], SystemFault> {
        var substitution = substitution
        substitution["poll"] = String(number.add(1, ordering: .relaxed).newValue)
        substitution["since"] = String(since)
        let path: String
        do throws(DocumentFailure) { path = try self.path.filled(by: substitution) } catch {
            return .failure(SystemFault(error.description))
        }
        do throws(HTTPFailure) {
            let response = try client.request("GET", path, until: deadline)
            guard response.status == 200 else { return .failure(SystemFault("status \(response.status)")) }
            return decoder.export(response.body)
        } catch {
            return .failure(SystemFault(error.description))
        }
    }
}
