import Checkers
import Events
import Platform

/// The rig's own attempts to write where a fault takes writing away: a witness that depends neither on the system nor on what made the fault.
final class WriteWatch: Sendable {
    private static let interval = Instant.Span.milliseconds(200)

    private let looks: RepeatedLook

    /// - Parameter attempt: one try: `ok`, or why not.
    init(_ attempt: @escaping @Sendable () -> String, sink: @escaping EventSink) {
        looks = RepeatedLook("write watch", every: Self.interval) { begun in
            let said = attempt()
            sink(
                Event(
                    at: Instant(nanoseconds: (begun.nanoseconds + MonotonicClock.now().nanoseconds) / 2),
                    uncertaintyNanoseconds: 60_000_000, source: "write-probe",
                    .sample(.init(view: "write-probe", point: "write", reading: .text(said)))))
        }
    }

    func stop() { looks.stop() }
}
