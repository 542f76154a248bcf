import Events
import Platform
import Synchronization

/// The thread of one probe, in the network of the system under test. Everything a probe waits for, it waits for here, so that `stop` is
/// prompt.
final class ProbeThread: Sendable {
    /// A poll that begins later than this after it was due is a gap: the rig was blind, not the system slow.
    static let latestNanoseconds: Int64 = 250_000_000

    let wakeup: Wakeup
    private let stopping = Atomic(false)
    private let thread = Mutex<NamedThread?>(nil)

    /// - Parameter network: a process in whose network namespace the thread works; nil for ours.
    /// - Throws: why that namespace could not be entered.
    init(_ name: String, network: Int32?, _ body: @escaping @Sendable (ProbeThread) -> Void) throws(SystemFailure) {
        wakeup = try Wakeup()
        let entered = try Arrival<SystemFailure?>()
        let started = NamedThread.start(name) {
            do throws(SystemFailure) {
                if let network { try NetworkNamespace.enter(ofProcess: network) }
            } catch {
                entered.put(error)
                return
            }
            entered.put(nil)
            body(self)
        }
        thread.withLock { $0 = started }
        if let failure = entered.wait(until: nil) ?? nil { throw failure }
    }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// Waits until `instant`; false when the probe is to stop.
    func sleep(until instant: Instant) -> Bool {
        while !isStopping, MonotonicClock.now() < instant {
            _ = Poll.wait([(wakeup.descriptor, .readable)], until: instant)
        }
        return !isStopping
    }

    /// Ends the probe and waits for its thread.
    func stop() {
        stopping.store(true, ordering: .releasing)
        wakeup.signal()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    /// Calls `body` on an absolute schedule until the probe stops. Polls that fall due while `body` still waits for the system are left out;
    /// a poll that the rig itself begins late is reported as a gap of `source`.
    ///
    /// - Parameter interval: asked anew before every poll.
    func poll(
        every interval: () -> Instant.Span, source: String, sink: EventSink, _ body: () -> Void
    ) {
        var due = MonotonicClock.now()
        while sleep(until: due) {
            let begun = MonotonicClock.now()
            if (begun - due).nanoseconds > Self.latestNanoseconds {
                let late = (begun - due).wholeMilliseconds
                sink(
                    Event(
                        at: begun, source: source,
                        .gap(.init(blind: source, from: due, to: begun, reason: "the poll began \(late) ms late"))))
            }
            body()
            let now = MonotonicClock.now()
            let span = interval()
            due = due + span
            if due < now {
                let missed = (now - due).nanoseconds / span.nanoseconds + 1
                due = due + span * missed
            }
        }
    }

    /// Standard uncertainty of a change seen by polling: the interval over √12.
    static func pollUncertainty(_ interval: Instant.Span) -> Int64 {
        Int64(Double(interval.nanoseconds) / 3.464)
    }
}

extension Instant {
    /// The instant between two.
    static func middle(_ first: Instant, _ second: Instant) -> Instant {
        Instant(nanoseconds: first.nanoseconds + (second.nanoseconds - first.nanoseconds) / 2)
    }
}
