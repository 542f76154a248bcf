import Checkers
import Events
import Platform
import Synchronization

/// The rig's own attempts to write where a fault takes writing away: a witness that depends neither on the system nor on what made the fault.
final class WriteWatch: Sendable {
    private static let interval = Instant.Span.milliseconds(200)

    private let isStopping = Atomic(false)
    private let thread = Mutex<NamedThread?>(nil)

    /// - Parameter attempt: one try: `ok`, or why not.
    init(_ attempt: @escaping @Sendable () -> String, sink: @escaping EventSink) {
        let started = NamedThread.start("write watch") { [self] in
            while !isStopping.load(ordering: .acquiring) {
                let begun = MonotonicClock.now()
                let said = attempt()
                sink(
                    Event(
                        at: Instant(nanoseconds: (begun.nanoseconds + MonotonicClock.now().nanoseconds) / 2),
                        uncertaintyNanoseconds: 60_000_000, source: "write-probe",
                        .sample(.init(view: "write-probe", point: "write", reading: .text(said)))))
                MonotonicClock.sleep(until: begun + Self.interval)
            }
        }
        thread.withLock { $0 = started }
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }
}
