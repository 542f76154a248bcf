import Bus
import Events
import KNX
import Platform
import Synchronization

/// What goes over the line while a run lasts: tracers that carry counters, sentinels that change exactly once, repeats.
///
/// Tracers heal any state by themselves within about a second; so recovery of state is judged on sentinels, which are set before the fault,
/// changed once while it lasts, and silent until the verdict. The stimulus answers reads of them with the present value, as a device
/// would.
final class Workload: Sendable {
    /// A group address whose value changes once.
    struct Sentinel: Sendable, Hashable {
        var group: GroupAddress
        var before: UInt8
        var after: UInt8
    }

    private let stimuli: [TPUARTStimulus]
    private let tracers: TracerLoad.Configuration
    private let sink: EventSink
    private let load = Mutex<TracerLoad?>(nil)
    private let points: Mutex<(sentinels: [Sentinel], repeats: [GroupAddress])>
    private let isTurned = Mutex(false)

    /// - Parameter stimuli: at least one; tracers take turns, sentinels and repeats belong to the first.
    init(
        stimuli: [TPUARTStimulus], tracers: TracerLoad.Configuration, sentinels: [Sentinel], repeats: [GroupAddress],
        sink: @escaping EventSink
    ) {
        precondition(!stimuli.isEmpty, "a workload needs a stimulus")
        self.sink = sink
        self.stimuli = stimuli
        self.tracers = tracers
        points = Mutex((sentinels, repeats))
    }

    private var sentinels: [Sentinel] { points.withLock { $0.sentinels } }
    private var repeats: [GroupAddress] { points.withLock { $0.repeats } }

    /// From now on these change and repeat, for the next run.
    func expect(sentinels: [Sentinel], repeats: [GroupAddress]) {
        points.withLock { $0 = (sentinels, repeats) }
        isTurned.withLock { $0 = false }
    }

    /// Puts every sentinel and repeat at its first value, on the line.
    func announce() {
        for sentinel in sentinels {
            stimuli[0].setPoint(sentinel.group, .small(sentinel.before), announce: true, role: .sentinel)
        }
        for group in repeats { stimuli[0].setPoint(group, .small(0), announce: true, role: .repeat) }
    }

    func startTracers() throws(SystemFailure) {
        let started = try TracerLoad(tracers, through: stimuli, sink: sink)
        load.withLock { $0 = started }
    }

    /// No tracer is due, or they are again.
    func pauseTracers(_ isPaused: Bool) {
        load.withLock { load in
            if isPaused { load?.pause() } else { load?.resume() }
        }
    }

    /// As many tracers as the line takes, from addresses of their own, or the steady rate again.
    ///
    /// - Parameter sources: where each stimulus sends from; nil for the steady rate.
    func saturate(from sources: [IndividualAddress]?) {
        load.withLock { load in
            if let sources { load?.saturate(from: sources) } else { load?.relax() }
        }
    }

    /// Changes every sentinel to its last value; on a dead line silently, as a device does whose value changed while it could not speak.
    ///
    /// - Parameter repeatsToo: every repeat as well. Only while the system hears the line: what a repeat tests is that it takes a value that
    ///   it has seen already for one that it has delivered.
    func changeSentinels(announced: Bool, repeatsToo: Bool) {
        for sentinel in sentinels {
            stimuli[0].setPoint(sentinel.group, .small(sentinel.after), announce: announced, role: .sentinel)
        }
        guard announced, repeatsToo else { return }
        for group in repeats { stimuli[0].setPoint(group, .small(1), announce: true, role: .repeat) }
    }

    /// Changes every sentinel to its other value, silently, as devices do whose values change while the line is dead.
    func turnSentinels() {
        let isTurned = isTurned.withLock { isTurned in
            isTurned.toggle()
            return isTurned
        }
        for sentinel in sentinels {
            stimuli[0].setPoint(
                sentinel.group, .small(isTurned ? sentinel.after : sentinel.before), announce: false, role: .sentinel)
        }
    }

    /// Says the repeats' present values once more: a controller that missed the change must not take them for nothing new.
    func sendRepeats() {
        for group in repeats {
            guard let value = stimuli[0].value(of: group) else { continue }
            stimuli[0].setPoint(group, value, announce: true, role: .repeat)
        }
    }

    /// Any frame, through the first stimulus.
    func send(_ frame: TP1Frame) { stimuli[0].send(frame, role: .other) }

    func stop() {
        load.withLock { load in
            defer { load = nil }
            return load
        }?.stop()
    }
}
