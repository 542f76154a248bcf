import Documents
import Events
import Platform
import Synchronization

/// Changes something that the system stores, over and over, each time to a text that was never there before, and keeps the record of what was answered with
/// success: `.operation` events named `mutation` of the source `mutations`. After a restart it reads back what is there: samples of the view
/// `mutations`, one point per key.
final class MutationProbe: Probe {
    private let mutation: SystemProfile.Mutation
    private let port: UInt16
    private let substitution: Substitution
    private let session: Session?
    private let sink: EventSink
    private let turns = Atomic(0)
    private let isPaused = Atomic(true)
    private let thread = Mutex<ProbeThread?>(nil)

    private static let source = "mutations"
    /// Far from those of other operations.
    private static let firstID: Int64 = 1 << 40
    private static let poll: Instant.Span = .milliseconds(20)

    init(
        mutation: SystemProfile.Mutation, substitution: Substitution, session: Session? = nil,
        sink: @escaping EventSink
    ) throws(DocumentFailure) {
        self.mutation = mutation
        self.substitution = substitution
        self.session = session
        self.sink = sink
        port = try mutation.port.port(by: substitution)
        _ = try mutation.readPath.filled(by: substitution)
        _ = try request(0)
    }

    /// The thread waits; changes begin with `resume`.
    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe mutations", network: network) { [self] thread in
            var due = MonotonicClock.now()
            while thread.sleep(until: due) {
                if isPaused.load(ordering: .acquiring) {
                    due = MonotonicClock.now() + Self.poll
                } else {
                    change(turns.wrappingAdd(1, ordering: .relaxed).oldValue)
                    due = MonotonicClock.now() + Instant.Span(nanoseconds: mutation.everyNanoseconds)
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

    func pause() { isPaused.store(true, ordering: .releasing) }
    func resume() { isPaused.store(false, ordering: .releasing) }

    private func request(_ turn: Int) throws(DocumentFailure) -> (
        key: String, text: String, path: String, body: [UInt8]?
    ) {
        let key = "rig-\(turn % mutation.keys)"
        let text = "change \(turn)"
        var substitution = substitution
        substitution["key"] = key
        substitution["text"] = text
        let body = try mutation.body?.filled(by: substitution)
        return (key, text, try mutation.path.filled(by: substitution), body.map { Array($0.utf8) })
    }

    private func change(_ turn: Int) {
        guard let request = try? request(turn) else { return }
        HTTPOperation(
            method: mutation.method, path: request.path, body: request.body,
            withinNanoseconds: mutation.withinNanoseconds, success: mutation.success,
            told: Event.Operation(
                id: Self.firstID + Int64(turn), name: "mutation", action: .invoke, key: request.key, text: request.text),
            source: Self.source
        ).perform(port: port, session: session, sink: sink)
    }

    /// Reads back every key that was changed, in the network of `pid`.
    ///
    /// - Returns: false when the system does not answer.
    func readBack(network pid: Int32) -> Bool {
        guard let path = try? mutation.readPath.filled(by: substitution) else { return false }
        let port = port
        let session = session
        let begun = MonotonicClock.now()
        let response = try? HostNetwork.run(of: pid) { () -> HTTPResponse? in
            var client = HTTPClient(port: port, session: session)
            return try? client.request("GET", path, until: MonotonicClock.now() + .seconds(2))
        }
        guard let response = response ?? nil, response.status == 200, let document = try? JSON.parse(response.body)
        else {
            return false
        }
        let instant = Instant.middle(begun, MonotonicClock.now())
        let entries = document.at(pointer: mutation.entries)
        for number in 0..<min(mutation.keys, turns.load(ordering: .relaxed)) {
            let key = "rig-\(number)"
            let text = mutation.entry(key, of: entries)?.at(pointer: mutation.text)?.text
            sink(
                Event(
                    at: instant, uncertaintyNanoseconds: 10_000_000, source: Self.source,
                    .sample(.init(view: Self.source, point: key, reading: text.map(Value.text) ?? .null))))
        }
        return true
    }
}

extension SystemProfile.Mutation {
    /// The entry of a key in what was read.
    func entry(_ key: String, of entries: Value?) -> Value? {
        guard let place = self.key else { return entries?[key] }
        return entries?.list?.first { $0.at(pointer: place)?.text == key }
    }
}
