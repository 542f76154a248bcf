import Events
import Glibc
import Platform
import Synchronization

/// Looks whether the device of the system's interface is there: what a port that was switched off, or a plug that was pulled, changes on this
/// computer whoever did it and whatever the system thinks of it.
final class InterfaceWatch: Sendable {
    /// A look every so often; a change lies between two of them.
    private static let interval = Instant.Span.milliseconds(5)

    private let looks: RepeatedLook

    private struct Seen {
        var isThere: Bool?
        var at: Instant
    }

    /// - Parameter device: a path; a symbolic link counts as what it leads to.
    init(device: String, line: String, sink: @escaping EventSink) {
        let seen = Mutex(Seen(isThere: nil, at: MonotonicClock.now()))
        looks = RepeatedLook("interface watch", every: Self.interval) { _ in
            let isThere = unsafe access(device, F_OK) == 0
            let now = MonotonicClock.now()
            let before = seen.withLock { seen in
                defer { seen = Seen(isThere: isThere, at: now) }
                return seen
            }
            guard isThere != before.isThere else { return }
            let report = Event.InterfaceReport(line: line, report: isThere ? .opened : .closed, detail: device)
            // A look is later than the one before by the interval, and by what the machine adds: the change is somewhere between.
            let width = Double((now - before.at).nanoseconds)
            let middle = Instant(nanoseconds: (before.at.nanoseconds + now.nanoseconds) / 2)
            sink(
                Event(
                    at: before.isThere == nil ? now : middle,
                    uncertaintyNanoseconds: Int64((width / 12.0.squareRoot()).rounded(.up)), source: "interface",
                    .interface(report)))
        }
    }

    func stop() { looks.stop() }
}
