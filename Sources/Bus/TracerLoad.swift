public import Events
public import KNX
public import Platform
import Synchronization

/// Cyclic traffic: tracers at a steady rate over a list of group addresses, each address always through the same stimulus, so that the order
/// per address is the order of sending.
///
/// Each tracer is told `due` at its instant by its stimulus whether or not it can be sent: that tracers were due is what makes silence of the
/// line a proof. One that finds two telegrams waiting is not sent, so that a line which comes back never carries old ones.
public final class TracerLoad: Sendable {
    public struct Configuration: Sendable {
        public var groups: [GroupAddress]
        /// Telegrams per 1000 s over all addresses; `BusLoad.millihertz(percent:octets:)` computes it from a share of capacity, with 11
        /// octets for a tracer.
        public var millihertz: Int
        /// The source of what it says about itself (slips).
        public var source: String
        public var role = Event.Stimulation.Role.tracer

        public init(groups: [GroupAddress], millihertz: Int, source: String = "tracers") {
            self.groups = groups
            self.millihertz = millihertz
            self.source = source
        }
    }

    /// Octets of a tracer on the line, check octet included.
    public static let frameOctets = 11
    private static let pendingLimit = 3

    private struct State {
        var isPaused = false
        var isStopping = false
    }

    private let configuration: Configuration
    private let stimuli: [TPUARTStimulus]
    private let sink: EventSink
    private let state = Mutex(State())
    private let wakeup: Wakeup
    private let thread = Mutex<NamedThread?>(nil)

    /// Starts sending at once. No addresses, no stimuli or no rate are errors of the caller.
    ///
    /// - Throws: only what the system says to having no descriptors left.
    public init(_ configuration: Configuration, through stimuli: [TPUARTStimulus], sink: @escaping EventSink)
        throws(SystemFailure)
    {
        precondition(!stimuli.isEmpty, "tracers need a stimulus")
        self.configuration = configuration
        self.stimuli = stimuli
        self.sink = sink
        wakeup = try Wakeup()
        let schedule = TracerSchedule(
            addressCount: configuration.groups.count, millihertz: configuration.millihertz, from: MonotonicClock.now())
        thread.withLock { thread in
            thread = NamedThread.start("tracers", realtimePriority: 10) { [self] in run(schedule) }
        }
    }

    /// Nothing is due until `resume`.
    public func pause() { change { $0.isPaused = true } }

    /// Goes on with the next count of each address.
    public func resume() { change { $0.isPaused = false } }

    /// Ends the load; nothing is due any more when this returns.
    public func stop() {
        change { $0.isStopping = true }
        thread.withLock { $0 }?.join()
    }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
        wakeup.signal()
    }

    private func run(_ first: TracerSchedule) {
        var schedule = first
        while true {
            let (isPaused, isStopping) = state.withLock { ($0.isPaused, $0.isStopping) }
            if isStopping { return }
            if isPaused {
                wait(until: nil)
                schedule.resume(at: MonotonicClock.now())
                continue
            }
            let now = MonotonicClock.now()
            switch schedule.next(at: now) {
            case .wait(let instant): wait(until: instant)
            case .send(let tracer):
                stimuli[tracer.address % stimuli.count].send(
                    configuration.groups[tracer.address], tracer.value, role: configuration.role, due: tracer.due,
                    limit: Self.pendingLimit)
            case .slipped(let late):
                let slip = Event.Slip(thread: configuration.source, lateNanoseconds: late.nanoseconds)
                sink(Event(at: now, source: configuration.source, .slip(slip)))
            }
        }
    }

    private func wait(until deadline: Instant?) {
        if !Poll.wait([(wakeup.descriptor, .readable)], until: deadline)[0].isEmpty { wakeup.drain() }
    }
}
