import CSQLite
import Documents
import Events
import Platform
import Synchronization

/// Requests to what a system keeps a registry of: made on threads in the system's own network, each told as an operation named `request` of the source
/// `requests` when it is asked and when it is answered.
public final class RegistryRequests: Sendable {
    /// One request, by what the profile calls it.
    public struct Request: Sendable, Hashable {
        public enum Verb: String, Sendable {
            case create
            case createParent = "create_parent"
            case createChild = "create_child"
            case deleteParent = "delete_parent"
            case change
        }

        public var verb: Verb
        public var id: String
        public var text: String
        public var key: String
        public var parent: String

        public init(_ verb: Verb, id: String, text: String = "", key: String = "", parent: String = "") {
            self.verb = verb
            self.id = id
            self.text = text
            self.key = key
            self.parent = parent
        }
    }

    private static let source = "requests"

    private let registry: SystemProfile.Registry
    private let port: UInt16
    private let substitution: Substitution
    private let network: Int32
    private let session: Session?
    private let sink: EventSink
    private let number = Atomic<Int64>(1 << 41)

    init(
        registry: SystemProfile.Registry, substitution: Substitution, network: Int32, session: Session? = nil,
        sink: @escaping EventSink
    ) throws(DocumentFailure) {
        self.registry = registry
        self.substitution = substitution
        self.network = network
        self.session = session
        self.sink = sink
        port = try registry.port.port(by: substitution)
    }

    /// Makes requests in several lanes at once: those of one lane one after the other, each when the one before is answered.
    public func make(_ lanes: [[Request]]) {
        let network = network
        let threads = lanes.enumerated().map { number, lane in
            NamedThread.start("requests \(number)") { [self] in
                guard (try? NetworkNamespace.enter(ofProcess: network)) != nil else { return }
                var client = HTTPClient(port: port, keepsAlive: true, session: session)
                for request in lane { make(request, &client) }
            }
        }
        for thread in threads { thread.join() }
    }

    private func make(_ request: Request, _ client: inout HTTPClient) {
        guard let call = registry.calls[request.verb.rawValue] else { return }
        var substitution = substitution
        substitution["id"] = request.id
        substitution["text"] = request.text
        substitution["key"] = request.key
        substitution["parent"] = request.parent
        guard let path = try? call.path.filled(by: substitution) else { return }
        let body = call.body.flatMap { try? $0.filled(by: substitution) }.map { Array($0.utf8) }
        let name = "\(request.verb.rawValue) \(request.id)" + (request.key.isEmpty ? "" : "/\(request.key)")
        var operation = Event.Operation(
            id: number.wrappingAdd(1, ordering: .relaxed).oldValue, name: "request", action: .invoke, key: name,
            text: request.text)
        sink(Event(at: MonotonicClock.now(), source: Self.source, .operation(operation)))
        do throws(HTTPFailure) {
            let deadline = MonotonicClock.now() + Instant.Span(nanoseconds: registry.withinNanoseconds)
            let response = try client.request(call.method, path, body: body, until: deadline)
            operation.status = Int64(response.status)
            operation.action = call.done.contains(response.status) ? .ok : .failed
            // A refusal for what is there is an answer; any other is a complaint.
            if operation.action == .failed, !call.conflict.contains(response.status) {
                operation.detail = String(decoding: response.body.prefix(200), as: UTF8.self)
            }
        } catch {
            operation.action = .unknown
            operation.detail = error.description
        }
        sink(Event(at: MonotonicClock.now(), source: Self.source, .operation(operation)))
    }

    /// Reads back through the interface, and looks into the database: samples of the views `registry` (point `id/key`) and `registry-rows` (point id, how
    /// many rows have it).
    ///
    /// - Returns: false when the system does not answer.
    public func readBack(database: String?) -> Bool {
        guard let path = try? registry.readPath.filled(by: substitution) else { return false }
        let port = port
        let session = session
        let answer = try? HostNetwork.run(of: network) { () -> HTTPResponse? in
            var client = HTTPClient(port: port, session: session)
            return try? client.request("GET", path, until: MonotonicClock.now() + .seconds(5))
        }
        guard let response = answer ?? nil, response.status == 200,
            let entries = registry.entries(of: (try? JSON.parse(response.body))?.at(pointer: registry.entries))
        else { return false }
        for entry in entries {
            for change in registry.changes.flatMap({ entry.value.at(pointer: $0)?.fields }) ?? [] {
                sample("registry", "\(entry.id)/\(change.key)", change.value)
            }
        }
        if let database {
            for (id, count) in Self.rows(database, registry.rows) { sample("registry-rows", id, .integer(count)) }
        }
        return true
    }

    private func sample(_ view: String, _ point: String, _ reading: Value) {
        sink(
            Event(
                at: MonotonicClock.now(), uncertaintyNanoseconds: 10_000_000, source: Self.source,
                .sample(.init(view: view, point: point, reading: reading))))
    }

    /// What the rig's own query says: ids and how many rows have each; nothing when the database cannot be read.
    private static func rows(_ path: String, _ query: String) -> [(id: String, count: Int64)] {
        var database: OpaquePointer?
        defer { unsafe sqlite3_close(database) }
        guard unsafe sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, nil) == SQLITE_OK else { return [] }
        unsafe sqlite3_busy_timeout(database, 1000)
        var statement: OpaquePointer?
        defer { unsafe sqlite3_finalize(statement) }
        guard unsafe sqlite3_prepare_v2(database, query, -1, &statement, nil) == SQLITE_OK else { return [] }
        var rows: [(id: String, count: Int64)] = []
        while unsafe sqlite3_step(statement) == SQLITE_ROW {
            let id = unsafe sqlite3_column_text(statement, 0).map { unsafe String(cString: $0) } ?? ""
            rows.append((id, unsafe sqlite3_column_int64(statement, 1)))
        }
        return rows
    }
}

extension SystemProfile.Registry {
    /// What the registry holds, by id; nil where there is neither an object nor a list.
    func entries(of place: Value?) -> [(id: String, value: Value)]? {
        guard let key else { return place?.fields?.map { ($0.key, $0.value) } }
        return place?.list?.compactMap { entry in entry.at(pointer: key)?.text.map { ($0, entry) } }
    }
}
