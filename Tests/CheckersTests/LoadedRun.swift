import Checkers
import Events
import KNX

/// A run that never was, on a line that is saturated while the broker stands still for a part of it; and a controller whose queue before the broker is what a
/// test makes of it. Times are milliseconds after the start.
struct LoadedRun {
    // What the controller does.
    /// Messages that it has on their way to a broker that stands still; nil: all.
    var room: Int? = 64
    /// The newest state of each point waits for room; without it, what finds none is lost.
    var newestWins = true
    /// The bound that its profile declares.
    var bound = 160
    /// What it counts for each telegram that it drops.
    var countsPerDrop = 1
    var saysItsCount = true
    /// From the end of a telegram to its publication, by its instant.
    var latency: (Int) -> Int = { _ in 3 }
    /// Telegrams that it loses though nothing is broken, by their number.
    var loses: (Int) -> Bool = { _ in false }
    /// Two telegrams of an address that it shows the wrong way round, by the first's number.
    var swaps: Int?
    var checkers = ["keeps-up", "backlog", "no-restart", "recovers", "state", "ledger", "order", "leaks"]

    // What the rig does.
    /// The broker's standing still is of the load, and the line is cut just before it goes on.
    var isCut = false
    /// Each time that the rig asks the broker, it answers.
    var brokerAnswers = false
    /// The part of the line's capacity that it gets onto the saturated line, percent.
    var reached = 100
    var isNull = false
    var relaxedAt = 50_000
    /// A line that is full though nothing was done.
    var isFullAnyway = false

    static let normalFrom = 2_000
    static let saturatedAt = 13_000
    static let faultAt = 24_000
    static let healAt = 32_000
    /// Of a line that is cut: the command, the command of its return, and the first instant at which everybody hears again.
    static let cutAt = 31_900
    static let poweredAt = 37_000
    static let armedAt = 37_110
    static let leaksFrom = 52_000
    static let end = 56_000

    private static let groups: [UInt16] = Array(2304...2327)

    private struct Telegram {
        var at: Int
        var group: UInt16
        var raw: [UInt8]
    }

    var events: [Event] {
        let telegrams = telegrams
        var events = steps + telegrams.map { ScriptedRun.frame($0.at, $0.group, $0.raw) }
        events += shown(telegrams) + polled(telegrams) + others
        return [Event(at: ScriptedRun.instant(0), source: "rig", .plan(plan))] + events.byInstant
    }

    /// Tracers: 17 a second, and as many as the line takes while it is saturated, each address three times in a row; sentinels once in the middle.
    private var telegrams: [Telegram] {
        var list: [Telegram] = []
        var counts: [UInt16: Int] = [:]
        func tracer(_ at: Double, _ group: UInt16) {
            let count = counts[group, default: Int(group) * 7 % 100]
            counts[group] = count + 1
            list.append(Telegram(at: Int(at), group: group, raw: [UInt8(0x40 + count / 256), UInt8(count % 256)]))
        }
        var at = 1_500.0
        var number = 0
        while at < Double(Self.end - 100) {
            if isCut, at >= Double(Self.cutAt), at < Double(Self.armedAt) { at = Double(Self.armedAt) + 20 }
            let isFull = (isFullAnyway || !isNull) && at >= Double(Self.saturatedAt) && at < Double(relaxedAt)
            let place = isFull ? number / 3 : number
            tracer(at, Self.groups[place % Self.groups.count])
            number += 1
            at += isFull ? 22.9167 * 100 / Double(reached) : 57.3
        }
        for group in ScriptedRun.sentinels {
            list.append(Telegram(at: 1_400, group: group, raw: [0]))
            list.append(Telegram(at: (Self.faultAt + Self.healAt) / 2, group: group, raw: [1]))
        }
        return list.sorted { $0.at < $1.at }
    }

    /// What the controller publishes, and what it counts.
    private func shown(_ telegrams: [Telegram]) -> [Event] {
        var events: [Event] = []
        var waiting: [Telegram] = []
        var behind: [UInt16: Telegram] = [:]
        var dropped = 0
        var counts: [(at: Int, count: Int)] = [(0, 0)]
        for (number, telegram) in telegrams.enumerated() {
            let isHeld = !isNull && telegram.at + 3 >= Self.faultAt && telegram.at + 3 <= Self.healAt
            if loses(number) {
                dropped += 1
            } else if !isHeld {
                let other = number + 1 < telegrams.count && number == swaps ? telegrams[number + 1].at + 30 : nil
                events.append(
                    ScriptedRun.sample(
                        other ?? telegram.at + latency(telegram.at), "mqtt", telegram.group, telegram.raw))
            } else if waiting.count < room ?? .max {
                waiting.append(telegram)
            } else if newestWins {
                if behind.updateValue(telegram, forKey: telegram.group) != nil { dropped += 1 }
            } else {
                dropped += 1
            }
            counts.append((telegram.at, dropped * countsPerDrop))
        }
        for telegram in waiting + behind.values.sorted(by: { $0.at < $1.at }) {
            events.append(ScriptedRun.sample(Self.healAt, "mqtt", telegram.group, telegram.raw))
        }
        for at in stride(from: 1_000, to: Self.end, by: 500) {
            let count = counts.last { $0.at < at }?.count ?? 0
            let reading: Value = saysItsCount ? .integer(Int64(count)) : "unreadable"
            events.append(ScriptedRun.reading(at, "dropped", "mqtt", reading))
        }
        return events
    }

    private func polled(_ telegrams: [Telegram]) -> [Event] {
        var events: [Event] = []
        var state: [UInt16: [UInt8]] = [:]
        var shown: [UInt16: [UInt8]] = [:]
        var next = 0
        for at in stride(from: 500, to: Self.end, by: 500) {
            while next < telegrams.count, telegrams[next].at + 5 < at {
                state[telegrams[next].group] = telegrams[next].raw
                next += 1
            }
            for (group, raw) in state.sorted(by: { $0.key < $1.key }) where shown[group] != raw {
                events.append(ScriptedRun.sample(at, "http", group, raw, u: 144_000_000))
            }
            shown = state
            events.append(ScriptedRun.reading(at, "http", "poll", "ok", u: 144_000_000))
        }
        return events
    }

    /// What goes its way whatever happens to the queue.
    private var others: [Event] {
        var events = [ScriptedRun.reading(200, "mqtt", "connection", "connected")]
        for at in stride(from: 1_000, to: Self.end, by: 200) {
            let isHeld = !isNull && at >= Self.faultAt && at < Self.healAt
            events.append(ScriptedRun.reading(at + 4, "health", "status", "healthy", u: 57_000_000))
            let answers = !isHeld || brokerAnswers
            events.append(ScriptedRun.reading(at + 1, "broker", "through_gate", answers ? "accepted" : "silent"))
        }
        for at in stride(from: 1_000, to: Self.end, by: 1_000) {
            events.append(ScriptedRun.reading(at + 6, "process", "descriptors", 20))
            events.append(ScriptedRun.reading(at + 6, "process", "children", 1))
        }
        return events
    }

    private var steps: [Event] {
        var events: [Event] = []
        func phase(_ at: Int, _ step: Event.Phase.Step, _ edge: Event.Phase.Edge) {
            events.append(ScriptedRun.event(at, "rig", u: 0, .phase(Event.Phase(step, edge))))
        }
        let begins: [(Event.Phase.Step, Int)] = [
            (.setUp, 0), (.verifyNormal, Self.normalFrom), (.inject, Self.saturatedAt - 10),
            (.verifyDegraded, (isCut ? Self.cutAt : Self.faultAt) + 120),
            (.heal, (isCut ? Self.poweredAt : Self.healAt) - 290),
            (.verifyRecovery, (isCut ? Self.poweredAt + 500 : Self.healAt + 100)),
            (.checkLeaks, Self.leaksFrom), (.safeState, Self.end),
        ]
        for (index, (step, at)) in begins.enumerated() {
            phase(at, step, .begin)
            phase(index + 1 < begins.count ? begins[index + 1].1 - 1 : at + 50, step, .end)
        }
        guard !isNull else { return events }
        events.append(QuietRun.actuation(Self.saturatedAt, "line:main", "saturated", "load"))
        events.append(QuietRun.actuation(Self.faultAt, "process:broker", "stop", isCut ? "load" : "fault"))
        events.append(QuietRun.actuation(Self.healAt, "process:broker", "continue", isCut ? "load" : "heal"))
        events.append(QuietRun.actuation(relaxedAt, "line:main", "relaxed", "load"))
        return events + (isCut ? cut : [])
    }

    /// The line without its supply, and the chips that say so.
    private var cut: [Event] {
        var events = [
            QuietRun.actuation(Self.cutAt, "bus-power", "cut", "fault"),
            QuietRun.actuation(Self.poweredAt, "bus-power", "powered", "heal"),
        ]
        for (at, millivolts) in [(1, Int64(29_000)), (Self.cutAt + 5, 0), (Self.poweredAt + 5, 29_000)] {
            events.append(
                ScriptedRun.event(at, "sense", .supply(Event.SupplyReading(line: "main", millivolts: millivolts))))
        }
        for chip in ["witness", "stimulus-1", "stimulus-2"] {
            for (at, report) in [(Self.poweredAt + 50, Event.InterfaceReport.Report.reset), (Self.armedAt, .armed)] {
                events.append(
                    ScriptedRun.event(at, chip, .interface(Event.InterfaceReport(line: "main", report: report))))
            }
        }
        for at in stride(from: Self.cutAt, to: Self.poweredAt, by: 200) {
            events.append(
                ScriptedRun.event(
                    at, "tracers",
                    .stimulus(
                        Event.Stimulation(
                            line: "main", group: Self.groups[0], raw: [0x40, 0], role: .tracer, outcome: .due))))
        }
        return events
    }

    private var fault: Value {
        guard isCut else {
            return [
                "do": "stall-service", "kind": "broker-stalled", "target": "process:broker", "cuts": [],
                "witness": ["refused": "broker"],
            ]
        }
        return [
            "do": "cut-line-supply", "kind": "bus-cut", "target": "bus-power", "cuts": ["line"],
            "witness": ["chips": ["witness", "stimulus-1", "stimulus-2"], "chips_silent": 2, "tracers_due": 10],
        ]
    }

    private var plan: Value {
        [
            "judge": [
                "line": "main",
                "fault": fault,
                "load": ["at_least": 98, "stalls": isCut ? "broker" : .null],
                "expect": .list(
                    checkers.map {
                        $0 == "state" ? ["checker": "state", "sentinels": "write"] : ["checker": .text($0)]
                    }),
                "limits": [
                    "recover": 5_000_000_000, "detect": 25_000_000_000, "hold": 3_000_000_000,
                    "baseline": 10_000_000_000,
                    "slip": 20_000_000, "probe_gap": 250_000_000, "descriptors": 2,
                ],
                "tracers": .list(Self.groups.map { .integer(Int64($0)) }),
                "sentinels": .list(
                    ScriptedRun.sentinels.map { ["group": .integer(Int64($0)), "before": "00", "after": "01"] }),
                "system_sources": [["from": 4552, "to": 4567]],
                "views": [
                    [
                        "id": "mqtt", "streaming": true, "limit": 2_000_000_000, "suppresses": "same-value",
                        "bound": .integer(Int64(bound)),
                    ],
                    ["id": "http", "streaming": false, "limit": 2_000_000_000],
                ],
                "interface_daemon": "knxd", "health": true, "null_run": .bool(isNull), "notices": ["broker lost"],
            ]
        ]
    }
}
