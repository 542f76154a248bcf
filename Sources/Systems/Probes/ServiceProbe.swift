import Events
import Platform
import Synchronization

/// Asks at every poll whether a write through the gate of a database would be taken: it sends one without rows. Emits the point `through_gate` of
/// the view that is called as the gate: `accepted`, `refused` or `silent`.
final class ServiceProbe: GateProbe {
    private let gate: String
    private let port: UInt16
    private let method: String
    private let path: String
    private let sink: EventSink
    private let isFaultOn = Atomic(false)
    private let thread = Mutex<ProbeThread?>(nil)

    private static let source = "service-probe"
    private static let interval: Instant.Span = .milliseconds(200)
    /// While all is well, only every fifth poll asks.
    private static let calm = 5
    private static let patience: Instant.Span = .milliseconds(300)

    /// - Parameter port: of the gate.
    init(gate: String, port: UInt16, method: String, path: String, sink: @escaping EventSink) {
        self.gate = gate
        self.port = port
        self.method = method
        self.path = path
        self.sink = sink
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe \(gate)", network: network) { [self] thread in
            var turn = 0
            thread.poll(every: { Self.interval }, source: Self.source, sink: sink) {
                turn += 1
                if isFaultOn.load(ordering: .acquiring) || turn % Self.calm == 1 { ask() }
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

    func watchClosely(_ closely: Bool) { isFaultOn.store(closely, ordering: .releasing) }

    private func ask() {
        let begun = MonotonicClock.now()
        let answer = answer(until: begun + Self.patience)
        sink(
            Event(
                at: .middle(begun, MonotonicClock.now()),
                uncertaintyNanoseconds: ProbeThread.pollUncertainty(Self.interval), source: Self.source,
                .sample(.init(view: gate, point: "through_gate", reading: .text(answer)))))
    }

    private func answer(until deadline: Instant) -> String {
        var client = HTTPClient(port: port, from: Gate.rigAddress)
        do throws(HTTPFailure) {
            let status = try client.request(method, path, body: [], until: deadline).status
            return (200...299).contains(status) ? "accepted" : "refused"
        } catch {
            return error == .noAnswerInTime ? "silent" : "refused"
        }
    }
}
