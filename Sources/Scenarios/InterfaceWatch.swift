import Events
import Glibc
import Platform
import Synchronization

/// Looks whether the device of the system's interface is there: what a port that was switched off, or a plug that was pulled, changes on this
/// computer whoever did it and whatever the system thinks of it.
final class InterfaceWatch: Sendable {
    /// A look every so often; a change lies between two of them.
    private static let interval = Instant.Span.milliseconds(5)

    private let isStopping = Atomic(false)
    private let thread = Mutex<NamedThread?>(nil)

    /// - Parameter device: a path; a symbolic link counts as what it leads to.
    init(device: String, line: String, sink: @escaping EventSink) {
        let started = NamedThread.start("interface watch") { [self] in
            var wasThere: Bool?
            var before = MonotonicClock.now()
            while !isStopping.load(ordering: .acquiring) {
                let isThere = unsafe access(device, F_OK) == 0
                let now = MonotonicClock.now()
                if isThere != wasThere {
                    let report = Event.InterfaceReport(line: line, report: isThere ? .opened : .closed, detail: device)
                    // A look is later than the one before by the interval, and by what the machine adds: the change is somewhere between.
                    let width = Double((now - before).nanoseconds)
                    let middle = Instant(nanoseconds: (before.nanoseconds + now.nanoseconds) / 2)
                    sink(
                        Event(
                            at: wasThere == nil ? now : middle,
                            uncertaintyNanoseconds: Int64((width / 12.0.squareRoot()).rounded(.up)),
                            source: "interface",
                            .interface(report)))
                }
                wasThere = isThere
                before = now
                MonotonicClock.sleep(for: Self.interval)
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
