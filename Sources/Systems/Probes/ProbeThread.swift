import Events
import Platform
import Synchronization

/// The thread of one probe, in the network of the system under test. Everything a probe waits for, it waits for here, so that `stop` is
/// prompt.
final class ProbeThread: Sendable {
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
        var schedule = PollSchedule(first: MonotonicClock.now())
        while sleep(until: schedule.due) {
            if let gap = schedule.begin(at: MonotonicClock.now(), source: source) { sink(gap) }
            body()
            schedule.end(at: MonotonicClock.now(), interval: interval())
        }
    }

    /// Standard uncertainty of a change seen by polling: the interval over √12.
    static func pollUncertainty(_ interval: Instant.Span) -> Int64 {
        Int64(Double(interval.nanoseconds) / 3.464)
    }
}

/// When the next poll is due, and what to say when the rig itself was late for it.
struct PollSchedule {
    /// A poll that begins later than this after it was due is a gap: the rig was blind, not the system slow.
    static let latest: Instant.Span = .milliseconds(250)

    private(set) var due: Instant

    init(first: Instant) {
        due = first
    }

    /// The gap that a poll leaves which begins too late.
    func begin(at instant: Instant, source: String) -> Event? {
        guard instant - due > Self.latest else { return nil }
        let late = (instant - due).wholeMilliseconds
        return Event(
            at: instant, source: source,
            .gap(.init(blind: source, from: due, to: instant, reason: "the poll began \(late) ms late")))
    }

    /// Polls that fell due while the last one waited for the system are left out; the others keep their absolute instants.
    mutating func end(at instant: Instant, interval: Instant.Span) {
        due = due + interval
        if due < instant {
            due = due + interval * ((instant - due).nanoseconds / interval.nanoseconds + 1)
        }
    }
}

extension Instant {
    /// The instant between two.
    static func middle(_ first: Instant, _ second: Instant) -> Instant {
        Instant(nanoseconds: first.nanoseconds + (second.nanoseconds - first.nanoseconds) / 2)
    }
}
