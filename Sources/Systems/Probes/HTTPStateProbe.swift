import Events
import Platform
import Synchronization

/// Polls a view that an HTTP server shows as JSON: an object keyed by group address, somewhere in it, each entry with its raw value.
final class HTTPStateProbe: Probe {
    private let view: String
    private let port: UInt16
    private let path: String
    private let source: ViewSource.HTTP
    private let session: Session?
    private let interval: Instant.Span
    private let sink: EventSink
    private let thread = Mutex<ProbeThread?>(nil)

    init(
        view: String, port: UInt16, path: String, source: ViewSource.HTTP, session: Session? = nil,
        sink: @escaping EventSink
    ) {
        self.view = view
        self.port = port
        self.path = path
        self.source = source
        self.session = session
        interval = Instant.Span(nanoseconds: source.everyNanoseconds)
        self.sink = sink
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe \(view)", network: network) { [self] thread in
            thread.pollState(of: view, port: port, every: interval, session: session, sink: sink) { client, deadline in
                read(&client, until: deadline)
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
        do throws(JSON.Failure) { document = try JSON.parse(body, keepsFractions: true) } catch {
            return .failure(SystemFault(error.description))
        }
        guard let entries = entries(document) else {
            return .failure(SystemFault("there is no \(source.group == nil ? "object" : "list") at \(source.points)"))
        }
        var values: [String: [UInt8]] = [:]
        // A point without a value yet has no raw one.
        for entry in entries { values[entry.point] = source.value.octets(in: entry.value) }
        return .success(values)
    }

    /// What the document has of points; in a list, what is none of the rig's is passed over.
    private func entries(_ document: Value) -> [(point: String, value: Value)]? {
        let place = document.at(pointer: source.points)
        guard let group = source.group else { return place?.fields?.map { ($0.key, $0.value) } }
        return place?.list?.compactMap { entry in
            guard let text = entry.at(pointer: group.at)?.text, let point = group.name.group(in: text) else {
                return nil
            }
            return (point, entry)
        }
    }
}
