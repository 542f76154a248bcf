import Events
import Platform
import Synchronization

/// Asks at every poll whether somebody would get through a gate: once a second while all is well, five times a second while a fault is on. Emits the
/// point `through_gate` of the view that is called as the gate: `accepted`, `refused` or `silent`. When it is told to it also asks what is behind the gate, past it:
/// `behind_gate`.
final class GateProbe: Probe {
    private let gate: String
    private let source: String
    private let question: @Sendable (Instant) -> String
    private let behind: @Sendable (Instant) -> String
    private let sink: EventSink
    private let isFaultOn = Atomic(false)
    private let asksBehind = Atomic(false)
    private let thread = Mutex<ProbeThread?>(nil)

    private static let interval: Instant.Span = .milliseconds(200)
    /// While all is well, only every fifth poll asks.
    private static let calm = 5
    private static let patience: Instant.Span = .milliseconds(300)

    /// - Parameters:
    ///   - ends: the gate, and what is behind it.
    ///   - question: asks at an end on the probe's thread, in the system's network, and has its answer by the instant it is given.
    init(
        gate: String, ends: (gate: LinkEnd, service: LinkEnd), source: String, sink: @escaping EventSink,
        question: @escaping @Sendable (LinkEnd, Instant) -> String
    ) {
        self.gate = gate
        self.source = source
        self.sink = sink
        self.question = { question(ends.gate, $0) }
        behind = { question(ends.service, $0) }
    }

    func start(network: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe \(gate)", network: network) { [self] thread in
            var turn = 0
            thread.poll(every: { Self.interval }, source: source, sink: sink) {
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

    /// Polls five times a second while a fault is on, once a second otherwise.
    func watchClosely(_ closely: Bool) { isFaultOn.store(closely, ordering: .releasing) }

    /// Asks past the gate too from now on, or no longer.
    func askBehind(_ asks: Bool) { asksBehind.store(asks, ordering: .releasing) }

    /// Whether it is the probe of this gate.
    func isOf(_ gate: String) -> Bool { self.gate == gate }

    private func ask() {
        ask("through_gate", question)
        if asksBehind.load(ordering: .acquiring) { ask("behind_gate", behind) }
    }

    private func ask(_ point: String, _ question: (Instant) -> String) {
        let begun = MonotonicClock.now()
        let answer = question(begun + Self.patience)
        sink(
            Event(
                at: .middle(begun, MonotonicClock.now()),
                uncertaintyNanoseconds: ProbeThread.pollUncertainty(Self.interval), source: source,
                .sample(.init(view: gate, point: point, reading: .text(answer)))))
    }
}
