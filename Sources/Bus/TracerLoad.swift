public import Events
public import KNX
public import Platform
import Synchronization

/// Cyclic traffic: tracers at a steady rate over a list of group addresses, each address always through the same stimulus, so that the order
/// per address is the order of sending.
///
/// Each tracer is told `due` at its instant by its stimulus whether or not it can be sent: that tracers were due is what makes silence of the
/// line a proof. One that finds two telegrams waiting is not sent, so that a line which comes back never carries old ones.
///
/// Saturated, the same tracers go out as fast as the line takes them: each stimulus has its next telegrams queued when its last is confirmed.
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

    /// Telegrams of one stimulus in a saturated line: one on its way, and enough for 0.1 s in which nobody looks after them.
    private static let saturatedDepth = 4
    /// Telegrams in a row to one address of a saturated line.
    private static let saturatedBurst = 3
    /// How often it is looked whether a stimulus has room: well within the 23 ms that a tracer takes on the line.
    private static let saturatedInterval = Instant.Span.milliseconds(4)

    private struct State {
        var isPaused = false
        /// Where each stimulus sends from while the line is saturated.
        var saturatedFrom: [IndividualAddress]?
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

    /// From now on, as many tracers as the line takes. A stimulus whose chip takes none has tracers due at the rate of the line all the same.
    ///
    /// - Parameter sources: where each of the stimuli sends from.
    public func saturate(from sources: [IndividualAddress]) {
        precondition(sources.count == stimuli.count, "each stimulus has an address to saturate from")
        change { $0.saturatedFrom = sources }
    }

    /// Back to the steady rate, with the next count of each address.
    public func relax() { change { $0.saturatedFrom = nil } }

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
        var wasSaturated = false
        var deadDue = [Instant](repeating: Instant(nanoseconds: 0), count: stimuli.count)
        while true {
            let (isPaused, isStopping, sources) = state.withLock { ($0.isPaused, $0.isStopping, $0.saturatedFrom) }
            if isStopping { return }
            if let sources, !isPaused {
                fill(sources, &schedule, &deadDue)
                wasSaturated = true
                wait(until: MonotonicClock.now() + Self.saturatedInterval)
                continue
            }
            if wasSaturated {
                wasSaturated = false
                // What is queued goes first.
                schedule.resume(
                    at: MonotonicClock.now() + Instant.Span(nanoseconds: turn.nanoseconds * Int64(Self.saturatedDepth)))
            }
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

    /// The time in which each stimulus gets one tracer onto a saturated line.
    private var turn: Instant.Span {
        let bits = BusTiming.cycleBits(octets: Self.frameOctets, idleBits: BusTiming.idleBitsNormal)
        return Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: Int64(bits * stimuli.count)))
    }

    /// Gives every stimulus that has room its next tracers, and tells those of a dead one as due when they would have been.
    private func fill(_ sources: [IndividualAddress], _ schedule: inout TracerSchedule, _ deadDue: inout [Instant]) {
        for (lane, stimulus) in stimuli.enumerated() {
            let now = MonotonicClock.now()
            let room: Int
            if let waiting = stimulus.waiting {
                room = max(0, Self.saturatedDepth - waiting)
            } else {
                room = now >= deadDue[lane] ? 1 : 0
                if room > 0 { deadDue[lane] = now + turn }
            }
            for _ in 0..<room {
                guard
                    let tracer = schedule.next(
                        ofLane: lane, of: stimuli.count, burst: Self.saturatedBurst, at: now)
                else { continue }
                stimulus.send(
                    configuration.groups[tracer.address], tracer.value, role: configuration.role, from: sources[lane],
                    due: now, limit: Self.saturatedDepth)
            }
        }
    }

    private func wait(until deadline: Instant?) {
        if !Poll.wait([(wakeup.descriptor, .readable)], until: deadline)[0].isEmpty { wakeup.drain() }
    }
}
