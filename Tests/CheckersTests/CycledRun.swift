import Checkers
import Events
import KNX

/// A broker that goes and comes back several times on one system: the scripted run again and again, and what its processes hold after each.
struct CycledRun {
    var cycles = 8
    /// As the plan wants them.
    var wanted = 8
    /// What of the controller is broken in one cycle (1 is the first).
    var broken: (cycle: Int, change: (inout ScriptedRun) -> Void)?
    /// What the controller holds after a cycle.
    var footprint: (Int) -> Footprint = { CycledRun.footprint($0, memory: 20_000) }

    static func footprint(
        _ cycle: Int, pid: Int64 = 7, memory: Int64?, threads: Int64 = 14, descriptors: Int64 = 20
    ) -> Footprint {
        var footprint = Footprint(
            pid: pid, cycle: Int64(cycle), values: [.threads: threads, .descriptors: descriptors])
        footprint.values[.memory] = memory
        return footprint
    }

    static let script: ScriptedRun = {
        var run = ScriptedRun()
        run.fault = .brokerDown
        return run
    }()

    /// What a script shows before this is a system that is brought up, but for what it is told that its sentinels are, which comes here shortly before.
    private static let joint = ScriptedRun.normalFrom
    private static let told = (ScriptedRun.announceAt - 50)..<ScriptedRun.tracersFrom
    private static let period = script.end - joint

    /// When the fault of a cycle was commanded, milliseconds after the start.
    static func faultAt(_ cycle: Int) -> Int { (cycle - 1) * period + ScriptedRun.faultAt }

    var plan: Value {
        Self.script.plan
            .replacing(["judge", "expect"], .list(["recovers", "growth", "leaks"].map { ["checker": .text($0)] }))
            .replacing(["judge", "cycles"], ["count": .integer(Int64(wanted)), "cool_down": 3_000_000_000])
    }

    var events: [Event] {
        var events: [Event] = []
        for cycle in 1...cycles {
            var script = Self.script
            if let broken, broken.cycle == cycle { broken.change(&script) }
            let shift = Instant.Span.milliseconds(Int64((cycle - 1) * Self.period))
            for event in script.events.dropFirst() where isWanted(event, cycle) {
                let late = cycle > 1 && Self.told.contains(event.milliseconds)
                events.append(Self.moved(event, by: shift + .milliseconds(late ? 450 : 0)))
            }
            let quiet = (cycle - 1) * Self.period + script.leaksFrom - 100
            for look in 0..<5 { events.append(Self.sample(quiet + look, footprint(cycle))) }
        }
        events.append(Self.sample(ScriptedRun.normalUntil, footprint(0)))
        return [ScriptedRun.event(0, "rig", .plan(plan))] + events.byInstant
    }

    private static func sample(_ at: Int, _ footprint: Footprint) -> Event {
        ScriptedRun.reading(at, Footprint.view, Footprint.main, footprint.reading)
    }

    /// The system is brought up once and ends once; and the steps of the run: to the first fault as in the first cycle, and on from the last one as in the last.
    private func isWanted(_ event: Event, _ cycle: Int) -> Bool {
        guard case .phase(let phase) = event.payload else {
            let isHeard = event.isSample("mqtt") || event.source == "witness"
            let isTold = isHeard ? Self.told.contains(event.milliseconds) : Self.isTold(event)
            // The first look at tracers shows what this cycle's line has not said.
            let isOld = Self.isLook(event) && event.milliseconds < Self.joint + 100 && !isTold
            // What is on the line at the end is still shown.
            let end = Self.script.end + (event.isSample("mqtt") ? 40 : 0)
            return (cycle == 1 || event.milliseconds >= Self.joint && !isOld || isTold)
                && (cycle == cycles || event.milliseconds < end)
        }
        let isBefore = [.setUp, .verifyNormal].contains(phase.step) || phase == Event.Phase(.inject, .begin)
        return isBefore ? cycle == 1 : cycle == cycles
    }

    /// A point as a polled view shows it.
    private static func isLook(_ event: Event) -> Bool {
        ["http", "database"].contains { event.isSample($0) && !event.isSample($0, "poll") }
    }

    /// A polled view shows what the system is told that its sentinels are.
    private static func isTold(_ event: Event) -> Bool {
        guard case .sample(let sample) = event.payload, event.milliseconds >= told.lowerBound else { return false }
        return (ScriptedRun.sentinels + ScriptedRun.repeats).contains {
            GroupAddress(raw: $0).description == sample.point
        }
    }

    private static func moved(_ event: Event, by span: Instant.Span) -> Event {
        var event = event
        event.instant = event.instant + span
        switch event.payload {
        case .frame(var frame):
            frame.began = frame.began + span
            event.payload = .frame(frame)
        case .actuation(var actuation):
            actuation.due = actuation.due + span
            actuation.commanded = actuation.commanded + span
            actuation.observed = actuation.observed.map { $0 + span }
            event.payload = .actuation(actuation)
        case .gap(let gap):
            event.payload = .gap(
                Event.Gap(blind: gap.blind, from: gap.from + span, to: gap.to + span, reason: gap.reason))
        default: break
        }
        return event
    }
}
