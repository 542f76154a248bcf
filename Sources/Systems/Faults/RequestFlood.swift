import Documents
public import Events
import Glibc
import Platform
import Synchronization

/// Clients in the system's own network that ask for more than anybody needs. Each request is told as an operation of the source `requests` when it is made and
/// when it is answered: `flood` with the key `read` or `oversize`, and `command` as any command is, since what is answered with success must happen.
public final class RequestFlood: Sendable {
    /// Clients by what they do.
    private static let readers = 12
    private static let commanders = 20
    private static let oversizers = 2
    private static let drippers = 4
    private static let idlers = 8
    /// From an answer to the next request of a client.
    private static let pause = Instant.Span.milliseconds(80)
    private static let oversizePause = Instant.Span.seconds(1)
    private static let dripPause = Instant.Span.milliseconds(500)
    /// An answer that takes longer is none.
    private static let patience = Instant.Span.seconds(6)

    private let flood: SystemProfile.Flood
    private let command: SystemProfile.Command?
    private let points: [SystemProfile.CommandPoint]
    private let substitution: Substitution
    private let port: UInt16
    private let readPath: String
    private let oversizePath: String
    private let network: Int32
    private let session: Session?
    private let sink: EventSink
    private let number = Atomic<Int64>(1 << 43)
    private let threads = Mutex<[NamedThread]>([])

    private static let source = "requests"

    init(
        flood: SystemProfile.Flood, command: SystemProfile.Command?, points: [SystemProfile.CommandPoint],
        substitution: Substitution, network: Int32, session: Session? = nil, sink: @escaping EventSink
    ) throws(DocumentFailure) {
        self.session = session
        self.flood = flood
        self.command = command
        self.points = points
        self.substitution = substitution
        self.network = network
        self.sink = sink
        port = try flood.port.port(by: substitution)
        readPath = try flood.readPath.filled(by: substitution)
        oversizePath = try flood.oversizePath.filled(by: substitution)
    }

    /// Starts all clients; they go on until `deadline`.
    public func start(until deadline: Instant) {
        let network = network
        func run(_ name: String, _ count: Int, _ body: @escaping @Sendable (Int) -> Void) -> [NamedThread] {
            (0..<count).map { index in
                NamedThread.start("\(name) \(index)") {
                    guard (try? NetworkNamespace.enter(ofProcess: network)) != nil else { return }
                    body(index)
                }
            }
        }
        let started =
            run("flood read", Self.readers) { [self] _ in read(until: deadline) }
            + run("flood command", command == nil || points.isEmpty ? 0 : Self.commanders) { [self] in
                giveCommands(from: $0, until: deadline)
            }
            + run("flood body", Self.oversizers) { [self] _ in sendLargeBodies(until: deadline) }
            + run("flood drip", Self.drippers) { [self] _ in drip(until: deadline) }
            + run("flood idle", Self.idlers) { [self] _ in idle(until: deadline) }
        threads.withLock { $0 = started }
    }

    /// Waits until every client has its last answer.
    public func finish() {
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in running { thread.join() }
    }

    private func read(until deadline: Instant) {
        var client = HTTPClient(port: port, keepsAlive: true, session: session)
        while MonotonicClock.now() < deadline {
            ask(Event.Operation(id: next(), name: "flood", action: .invoke, key: "read")) {
                () throws(HTTPFailure) in
                try client.request("GET", readPath, until: MonotonicClock.now() + Self.patience)
            } isDone: {
                $0 == 200
            }
            MonotonicClock.sleep(for: Self.pause)
        }
    }

    private func giveCommands(from first: Int, until deadline: Instant) {
        guard let command else { return }
        var client = HTTPClient(port: port, keepsAlive: true, session: session)
        var turn = first
        while MonotonicClock.now() < deadline {
            let point = points[turn % points.count]
            var substitution = substitution
            substitution.name(point.group)
            turn += 1
            guard let value = CommandValue.alternating(type: point.type, turn: turn / points.count) else { return }
            substitution["value"] = command.words[value.json] ?? value.json
            guard let path = try? command.path.filled(by: substitution) else { return }
            let body = command.body.flatMap { try? $0.filled(by: substitution) }.map { Array($0.utf8) }
            let operation = Event.Operation(
                id: next(), name: "command", action: .invoke, group: point.group, raw: value.raw, key: "flood")
            ask(operation) { () throws(HTTPFailure) in
                try client.request(command.method, path, body: body, until: MonotonicClock.now() + Self.patience)
            } isDone: {
                command.success.contains($0)
            }
            MonotonicClock.sleep(for: Self.pause)
        }
    }

    /// A body that would be good but for its size.
    private func sendLargeBodies(until deadline: Instant) {
        let text = flood.oversizeBody
        let middle = text.firstIndex(of: ":").map { text.index(after: $0) } ?? text.endIndex
        let padding = Array(repeating: UInt8(ascii: " "), count: flood.oversizeOctets)
        let body = Array(text[..<middle].utf8) + padding + Array(text[middle...].utf8)
        while MonotonicClock.now() < deadline {
            var client = HTTPClient(port: port, session: session)
            ask(Event.Operation(id: next(), name: "flood", action: .invoke, key: "oversize")) {
                () throws(HTTPFailure) in
                try client.request(
                    flood.oversizeMethod, oversizePath, body: body, until: MonotonicClock.now() + Self.patience)
            } isDone: {
                !flood.refused.contains($0)
            }
            MonotonicClock.sleep(for: Self.oversizePause)
        }
    }

    /// A head that never ends, an octet at a time; whoever is cut off begins anew.
    private func drip(until deadline: Instant) {
        let head = Array("GET \(readPath) HTTP/1.1\r\nX-Slow: ".utf8)
        while MonotonicClock.now() < deadline {
            guard let connection = try? Socket.connectTCP(host: "127.0.0.1", port: port, until: deadline) else {
                MonotonicClock.sleep(for: Self.dripPause)
                continue
            }
            var index = 0
            while MonotonicClock.now() < deadline {
                let octet = index < head.count ? head[index] : UInt8(ascii: "x")
                index += 1
                guard (try? connection.writeAll([octet], until: deadline)) != nil else { break }
                MonotonicClock.sleep(for: Self.dripPause)
            }
        }
    }

    private func idle(until deadline: Instant) {
        guard let connection = try? Socket.connectTCP(host: "127.0.0.1", port: port, until: deadline) else { return }
        MonotonicClock.sleep(until: deadline)
        connection.close()
    }

    private func next() -> Int64 { number.wrappingAdd(1, ordering: .relaxed).oldValue }

    private func ask(
        _ invocation: Event.Operation, _ request: () throws(HTTPFailure) -> HTTPResponse, isDone: (Int) -> Bool
    ) {
        var operation = invocation
        sink(Event(at: MonotonicClock.now(), source: Self.source, .operation(operation)))
        do throws(HTTPFailure) {
            let response = try request()
            operation.status = Int64(response.status)
            operation.action = isDone(response.status) ? .ok : .failed
        } catch {
            operation.action = .unknown
            operation.detail = error.description
        }
        sink(Event(at: MonotonicClock.now(), source: Self.source, .operation(operation)))
    }
}
