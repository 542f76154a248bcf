import Events

/// A scripted run whose fault takes nothing from the scripted controller: the line, the views and the commands go on, and what a kind of fault does to the rest a
/// test writes itself.
struct QuietRun {
    var kind: String
    var target: String
    var checkers: [String]
    var cuts: [String] = []
    var notices: [String] = []
    /// More of the plan's fault.
    var fault: [(String, Value)] = []

    private static let base: ScriptedRun = {
        var run = ScriptedRun(fault: .brokerDown)
        run.isNull = true
        return run
    }()

    static let healAt = base.healAt
    static let end = base.end

    init(kind: String, target: String, checkers: [String]) {
        self.kind = kind
        self.target = target
        self.checkers = checkers
    }

    var events: [Event] {
        var events = Self.base.events.map { event in
            guard case .plan(let plan) = event.payload else { return event }
            var event = event
            event.payload = .plan(changed(plan))
            return event
        }
        events.append(Self.actuation(ScriptedRun.faultAt, target, "x", "fault"))
        events.append(Self.actuation(Self.healAt, target, "y", "heal"))
        for group in ScriptedRun.sentinels { events.append(ScriptedRun.frame(ScriptedRun.faultAt + 2505, group, [1])) }
        return [events[0]] + Array(events.dropFirst()).byInstant
    }

    private func changed(_ plan: Value) -> Value {
        let fault: [(String, Value?)] =
            [
                ("do", "x"), ("kind", .text(kind)), ("target", .text(target)), ("cuts", .list(cuts.map(Value.text))),
                ("witness", ["refused": "broker"]),
            ] + fault.map { ($0.0, $0.1) }
        return plan.replacing(["judge", "null_run"], false)
            .replacing(["judge", "expect"], .list((["leaks"] + checkers).map { ["checker": .text($0)] }))
            .replacing(["judge", "notices"], .list(notices.map(Value.text)))
            .replacing(["judge", "fault"], .record(present: fault))
    }

    static func actuation(_ at: Int, _ target: String, _ meaning: String, _ purpose: String) -> Event {
        ScriptedRun.event(
            at, "rig",
            .actuation(
                Event.Actuation(
                    target: target, meaning: meaning, purpose: purpose, due: ScriptedRun.instant(at),
                    commanded: ScriptedRun.instant(at), observed: ScriptedRun.instant(at), readback: .confirmed)))
    }

    static func process(
        _ at: Int, _ change: Event.ProcessChange.Change, status: Int64? = nil, signal: Int64? = nil,
        _ process: String = "controller"
    ) -> Event {
        ScriptedRun.event(
            at, "process",
            .process(Event.ProcessChange(process: process, pid: 4, change: change, status: status, signal: signal)))
    }
}

extension Value {
    /// The same with another value at a path of keys.
    func replacing(_ path: [String], _ new: Value) -> Value {
        guard let key = path.first, let fields else { return new }
        var changed = fields
        let inner = path.count == 1 ? new : (self[key] ?? .record([])).replacing(Array(path.dropFirst()), new)
        if let index = changed.firstIndex(where: { $0.key == key }) {
            changed[index].value = inner
        } else {
            changed.append(Field(key, inner))
        }
        return .record(changed)
    }
}
