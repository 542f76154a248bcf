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
            case delete
            case get
        }

        public var verb: Verb
        public var id: String
        public var text: String
        public var key: String
        public var parent: String
        /// What the parents are, by the profile's relations; empty for what has none.
        public var relation: String

        public init(
            _ verb: Verb, id: String, text: String = "", key: String = "", parent: String = "", relation: String = ""
        ) {
            self.verb = verb
            self.id = id
            self.text = text
            self.key = key
            self.parent = parent
            self.relation = relation
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
        guard let call = registry.call(request.verb.rawValue, of: request.relation) else { return }
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
            operation.claim = registry.claim(of: response.status, to: call)
            operation.action = operation.claim == .done ? .ok : .failed
            // A refusal for what is there, or is not, is an answer; any other is a complaint.
            if operation.claim == nil {
                operation.detail = String(decoding: response.body.prefix(200), as: UTF8.self)
            }
            if request.verb == .get, operation.claim == .done, let shown = try? JSON.parse(response.body) {
                operation.found = RegistryLook(registry: registry).found(shown)
            }
        } catch {
            operation.action = .unknown
            operation.detail = error.description
        }
        sink(Event(at: MonotonicClock.now(), source: Self.source, .operation(operation)))
    }

    /// Reads back through the interface, and looks into the database: see `RegistryLook`.
    ///
    /// - Parameter parents: the relation whose parents were asked about, where there is one.
    /// - Returns: false when the system does not answer, or its database cannot be read.
    public func readBack(database: String?, parents: String? = nil) -> Bool {
        guard let path = try? registry.readPath.filled(by: substitution) else { return false }
        let port = port
        let session = session
        let answer = try? HostNetwork.run(of: network) { () -> HTTPResponse? in
            var client = HTTPClient(port: port, session: session)
            return try? client.request("GET", path, until: MonotonicClock.now() + .seconds(5))
        }
        let look = RegistryLook(registry: registry)
        guard let response = answer ?? nil, response.status == 200,
            let shown = look.interface(try? JSON.parse(response.body))
        else { return false }
        guard let stored = database.map({ look.database($0, parents: parents) }) ?? [] else { return false }
        for (view, point, reading) in shown + stored {
            sink(
                Event(
                    at: MonotonicClock.now(), uncertaintyNanoseconds: 10_000_000, source: Self.source,
                    .sample(.init(view: view, point: point, reading: reading))))
        }
        return true
    }
}

extension SystemProfile.Registry {
    /// How a request is made, by its name in the profile.
    func call(_ name: String, of parents: String) -> Call? {
        guard let relation = relations.first(where: { $0.parents == parents }) else { return calls[name] }
        return relation.calls[name] ?? calls[name]
    }

    /// What a status claims of a request; nil for what is no answer to it.
    func claim(of status: Int, to call: Call) -> Event.Operation.Claim? {
        if call.done.contains(status) { return .done }
        if call.conflict.contains(status) { return .conflict }
        if call.absent.contains(status) { return .absent }
        return declined.contains(status) ? .declined : nil
    }

    /// What the registry holds, by id; nil where there is neither an object nor a list.
    func entries(of place: Value?) -> [(id: String, value: Value)]? {
        guard let key else { return place?.fields?.map { ($0.key, $0.value) } }
        return place?.list?.compactMap { entry in entry.at(pointer: key)?.text.map { ($0, entry) } }
    }
}
