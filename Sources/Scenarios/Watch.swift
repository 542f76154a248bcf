import Checkers
import Events
import Platform

/// Something that the rig looks at again and again while a fault is on and after it, on a thread of its own: samples of one view.
final class Watch: Sendable {
    private let looks: RepeatedLook

    /// - Parameter view: the view and the source of its samples.
    /// - Parameter look: one look: the points and what they read; nothing when nothing could be seen.
    init(
        _ view: String, every interval: Instant.Span, sink: @escaping EventSink,
        _ look: @escaping @Sendable () -> [(point: String, reading: Value)]
    ) {
        looks = RepeatedLook("watch \(view)", every: interval) { begun in
            let readings = look()
            let instant = Instant(nanoseconds: (begun.nanoseconds + MonotonicClock.now().nanoseconds) / 2)
            // A look sees anything since the one before: its width over √12.
            let uncertainty = Int64(Double(interval.nanoseconds) / 12.0.squareRoot())
            for (point, reading) in readings {
                sink(
                    Event(
                        at: instant, uncertaintyNanoseconds: uncertainty, source: view,
                        .sample(.init(view: view, point: point, reading: reading))))
            }
        }
    }

    func stop() { looks.stop() }
}
