import Checkers
import Events
import KNX

/// A bench that exists only as the events it would have left: a line with tracers and sentinels, a controller that is right unless told
/// otherwise, and the fault of HW-1 or IF-1. Times are milliseconds from the start of the run.
struct ScriptedBench {
    enum Fault {
        case busCut, brokerDown
    }

    /// What the controller or the rig does wrong.
    enum Wrong: Hashable {
        case daemonStaysDown, noReread, noReconnect, noResync
        /// A telegram after the hold never shows in MQTT.
        case losesTracer
        /// Two samples of one address after the hold come in the wrong order.
        case swapsOrder
        case falseAcknowledgement
        case zombie
        case leaksDescriptors, leaksChild
        case neverNotices
        /// The interface daemon restarts in a cut that it should ride through.
        case restartsInRideThrough
        // The rig's own.
        case oneChipOnly, frameDuringCut, supplyStaysUp, noReset, readbackFailed, brokerStillAnswers
        case unhealthyBaseline, lineSlips, probeBlind, noTracersDue
    }

    var fault: Fault
    var wrong: Set<Wrong> = []
    /// Milliseconds from the line to each view, varied a little by address.
    var latency: Int64 = 3
    /// From the heal to the first telegram that is delivered again.
    var recoveryMilliseconds: Int64 = 2_000
    var recoverLimitMilliseconds: Int64 = 15_000
    var pollUncertaintyNanoseconds: Int64 = 144_000_000
    var expectations = ["detected", "recovers", "state", "ledger", "order", "commands", "zombie", "leaks"]

    static let tracers: [UInt16] = (0..<4).map { 0x0900 + $0 }
    static let sentinels: [UInt16] = [0x0B00, 0x0B01]
    static let command: UInt16 = 0x0A00

    // The run: baseline from 1 s, fault at 12 s for 6 s, recovery judged until 32 s, leaks until 36 s.
    let began: Int64 = 1_000
    let faultAt: Int64 = 12_000
    let healAt: Int64 = 18_000
    let recoveryEnd: Int64 = 33_500
    let end: Int64 = 37_500

    private(set) var events: [Event] = []

    init(_ fault: Fault, _ wrong: Set<Wrong> = []) {
        self.fault = fault
        self.wrong = wrong
    }

    var plan: Value {
        let isCut = fault == .busCut
        let witness: Value =
            isCut
            ? ["chips": ["witness", "stimulus-1", "stimulus-2"], "chips_silent": 2, "tracers_due": 10]
            : ["refused": "broker"]
        let sentinelChange = isCut ? "reread" : "write"
        return [
            "scenario": .text(isCut ? "HW-1" : "IF-1"),
            "judge": [
                "line": "main",
                "fault": [
                    "kind": .text(isCut ? "bus-cut" : "broker-down"),
                    "target": .text(isCut ? "bus-power" : "process:broker"),
                    "cuts": [.text(isCut ? "line" : "mqtt")], "witness": witness,
                ],
                "expect": .list(
                    expectations.map { name in
                        name == "state"
                            ? ["checker": "state", "sentinels": .text(sentinelChange)] : ["checker": .text(name)]
                    }),
                "limits": [
                    "recover": .integer(recoverLimitMilliseconds * 1_000_000), "detect": 15_000_000_000,
                    "hold": 10_000_000_000,
                    "baseline": 10_000_000_000, "slip": 5_000_000, "probe_gap": 250_000_000, "descriptors": 2,
                ],
                "tracers": .list(Self.tracers.map { .integer(Int64($0)) }),
                "sentinels": .list(
                    Self.sentinels.map { ["group": .integer(Int64($0)), "before": "00", "after": "01"] }),
                "repeats": [], "commands": [["group": .integer(Int64(Self.command)), "status": 2660]],
                "system_sources": [["from": 0x11C8, "to": 0x11D7]],
                "views": [
                    ["id": "mqtt", "streaming": true, "limit": 2_000_000_000, "suppresses": "same-value"],
                    ["id": "http", "streaming": false, "limit": 2_000_000_000, "suppresses": nil],
                ],
                "interface_daemon": "knxd", "notices": ["line lost", "broker lost"],
            ],
        ]
    }

    /// The whole run in order of arrival, without its plan.
    static func events(of bench: ScriptedBench) -> [Event] {
        var bench = bench
        bench.script()
        return bench.events.sorted { $0.instant < $1.instant }
    }

    private mutating func add(_ milliseconds: Int64, _ source: String, _ payload: Event.Payload, u: Int64 = 300_000) {
        events.append(
            Event(
                at: Instant(nanoseconds: milliseconds * 1_000_000), uncertaintyNanoseconds: u, source: source, payload))
    }

    private mutating func frame(_ at: Int64, _ group: UInt16, _ raw: [UInt8], from source: UInt16 = 0x110A) {
        let unit: [UInt8] = raw.count == 1 && raw[0] < 64 ? [0x00, 0x80 | raw[0]] : [0x00, 0x80] + raw
        let frame = TP1Frame(
            source: IndividualAddress(raw: source), destination: .group(GroupAddress(raw: group)), transportUnit: unit)
        add(
            at, "witness",
            .frame(
                Event.Frame(
                    line: "main", octets: frame.octets, acknowledge: 0xCC,
                    began: Instant(nanoseconds: (at - 14) * 1_000_000))))
    }

    private mutating func show(_ view: String, _ at: Int64, _ group: UInt16, _ raw: [UInt8]) {
        add(
            at, view, .sample(Event.Sample(view: view, point: GroupAddress(raw: group).description, raw: raw)),
            u: view == "mqtt" ? 0 : pollUncertaintyNanoseconds)
    }

    private mutating func script() {
        phases()
        traffic()
        surroundings()
        fault == .busCut ? cut() : killBroker()
    }

    private mutating func phases() {
        let steps: [(Event.Phase.Step, Int64, Int64)] = [
            (.setUp, 0, began - 1), (.verifyNormal, began, faultAt - 400), (.inject, faultAt - 300, faultAt + 5),
            (.verifyDegraded, faultAt + 6, healAt - 10), (.heal, healAt - 9, healAt + 400),
            (.verifyRecovery, healAt + 401, recoveryEnd), (.checkLeaks, recoveryEnd + 1, end),
        ]
        for (step, from, to) in steps {
            add(from, "rig", .phase(Event.Phase(step, .begin)))
            add(to, "rig", .phase(Event.Phase(step, .end)))
        }
    }

    /// Tracers ten times a second in turn; what the views show of them.
    private mutating func traffic() {
        let recovered = recoveredAt
        var sequence = 0
        for group in Self.sentinels {
            frame(200, group, [0])
            show("mqtt", 200 + latency, group, [0])
            show("http", 500, group, [0])
        }
        for at in stride(from: began - 500, to: end + 500, by: 100) {
            let group = Self.tracers[sequence % Self.tracers.count]
            let count = UInt8(truncatingIfNeeded: sequence / Self.tracers.count)
            let raw: [UInt8] = [0x01, count]
            sequence += 1
            if !wrong.contains(.noTracersDue) || at < faultAt || at > healAt {
                add(
                    at, "stimulus-1",
                    .stimulus(Event.Stimulation(line: "main", group: group, raw: raw, role: .tracer, outcome: .due)))
            }
            let isLineDead = fault == .busCut && at >= faultAt && at < lineBackAt
            if isLineDead { continue }
            frame(at, group, raw)
            add(
                at + 1, "stimulus-1",
                .stimulus(Event.Stimulation(line: "main", group: group, raw: raw, role: .tracer, outcome: .confirmed)))
            let isLost = wrong.contains(.losesTracer) && at > recoveryEnd + 300 && at <= recoveryEnd + 400
            let isDaemonDown = fault == .busCut && at >= faultAt && at < recovered
            let isMQTTDown = isDaemonDown || (fault == .brokerDown && at >= faultAt && at < recovered)
            let zombieFrom = wrong.contains(.zombie) ? faultAt : .max
            var delay = latency + Int64(group & 3)
            if wrong.contains(.swapsOrder), group == Self.tracers[0], at > recoveryEnd + 300, at <= recoveryEnd + 700 {
                delay += 600
            }
            if !isMQTTDown, !isLost, at < zombieFrom { show("mqtt", at + delay, group, raw) }
            if !isDaemonDown, at < zombieFrom { show("http", at + 250, group, raw) }
        }
    }

    private var lineBackAt: Int64 { healAt + 300 }

    private var recoveredAt: Int64 {
        if fault == .busCut, wrong.contains(.daemonStaysDown) { return .max }
        if fault == .brokerDown, wrong.contains(.noReconnect) { return .max }
        return healAt + 300 + recoveryMilliseconds
    }

    private mutating func surroundings() {
        for at in stride(from: began - 500, to: end, by: 200) {
            var isWell = at < faultAt + 500 || at >= recoveredAt
            if wrong.contains(.zombie) { isWell = true }
            if wrong.contains(.neverNotices) { isWell = true }
            if wrong.contains(.unhealthyBaseline), at > faultAt - 3_000, at < faultAt - 2_000 { isWell = false }
            add(
                at, "health",
                .sample(Event.Sample(view: "health", point: "status", reading: isWell ? "healthy" : "degraded")))
        }
        for at in stride(from: began - 500, to: end, by: 500) {
            add(at, "http", .sample(Event.Sample(view: "http", point: "poll", reading: "ok")))
        }
        for at in stride(from: began, to: end, by: 1_000) {
            let isAfter = at > healAt
            let descriptors: Int64 = wrong.contains(.leaksDescriptors) && isAfter ? 31 : 25
            let children: Int64 = wrong.contains(.leaksChild) && isAfter ? 2 : 1
            add(
                at, "process",
                .sample(Event.Sample(view: "process", point: "descriptors", reading: .integer(descriptors))))
            add(at, "process", .sample(Event.Sample(view: "process", point: "children", reading: .integer(children))))
        }
        for (index, at) in stride(from: began + 100, to: end - 3_000, by: 1_000).enumerated() {
            commands(Int64(index), at)
        }
        add(0, "process", .process(Event.ProcessChange(process: "knxd", pid: 40, change: .started)))
        add(0, "gate", .link(Event.LinkChange(link: "broker", change: .opened)))
        add(100, "gate", .link(Event.LinkChange(link: "broker", change: .connected)))
        add(0, "mqtt", .sample(Event.Sample(view: "mqtt", point: "connection", reading: "connected")))
        if wrong.contains(.lineSlips) {
            add(faultAt + 2_000, "sense", .slip(Event.Slip(thread: "twin line", lateNanoseconds: 6_000_000)))
        }
        if wrong.contains(.probeBlind) {
            let gap = Event.Gap(
                blind: "http", from: Instant(nanoseconds: 28_000_000_000), to: Instant(nanoseconds: 28_600_000_000),
                reason: "late")
            add(28_600, "http", .gap(gap))
        }
    }

    private mutating func commands(_ id: Int64, _ at: Int64) {
        let raw: [UInt8] = [UInt8(id % 2)]
        let isDown = at >= faultAt - 100 && at < min(recoveredAt, end) + 200 && fault == .busCut
        add(
            at, "commands",
            .operation(Event.Operation(id: id, name: "command", action: .invoke, group: Self.command, raw: raw)))
        let isFalse = wrong.contains(.falseAcknowledgement) && id == 20
        if !isDown, !isFalse { frame(at + 30, Self.command, raw, from: 0x11C9) }
        let action: Event.Operation.Action = isDown ? .failed : .ok
        add(
            at + 60, "commands",
            .operation(Event.Operation(id: id, name: "command", action: action, status: isDown ? 504 : 200)))
    }

    // MARK: HW-1

    private mutating func cut() {
        let readback: Event.Actuation.Readback = wrong.contains(.readbackFailed) ? .failed : .confirmed
        actuation("keeper", "bus-power", "cut", "fault", faultAt - 100, readback)
        actuation("keeper", "bus-power", "powered", "heal", healAt, .confirmed)
        add(0, "sense", .supply(Event.SupplyReading(line: "main", millivolts: 29_000)))
        add(faultAt, "sense", .supply(Event.SupplyReading(line: "main", millivolts: 12_000)), u: 1_000_000)
        add(faultAt + 5, "sense", .supply(Event.SupplyReading(line: "main", millivolts: 0)))
        if wrong.contains(.supplyStaysUp) {
            add(faultAt + 500, "sense", .supply(Event.SupplyReading(line: "main", millivolts: 28_000)))
        }
        add(healAt + 150, "sense", .supply(Event.SupplyReading(line: "main", millivolts: 29_000)))
        if wrong.contains(.frameDuringCut) { frame(faultAt + 3_000, Self.tracers[0], [0x7F, 0x01]) }
        if wrong.contains(.oneChipOnly) {
            for chip in ["stimulus-1", "stimulus-2"] {
                add(
                    faultAt + 2_000, chip,
                    .interface(Event.InterfaceReport(line: "main", report: .state, octet: 0x07)))
            }
        }
        if !wrong.contains(.noReset) {
            for (index, chip) in ["witness", "stimulus-1", "stimulus-2"].enumerated() {
                add(
                    healAt + 200 + Int64(index), chip,
                    .interface(Event.InterfaceReport(line: "main", report: .reset, octet: 3)))
            }
            add(healAt + 210, "witness", .interface(Event.InterfaceReport(line: "main", report: .armed)))
        }
        for group in Self.sentinels {
            add(
                faultAt + 3_000, "stimulus-1",
                .stimulus(Event.Stimulation(line: "main", group: group, raw: [1], role: .sentinel, outcome: .changed)))
        }
        guard expectations.contains("state") else {
            if wrong.contains(.restartsInRideThrough) {
                add(
                    faultAt + 2_000, "process",
                    .process(Event.ProcessChange(process: "knxd", pid: 40, change: .exited, status: 1)))
            }
            return
        }
        add(
            faultAt + 5_100, "process",
            .process(Event.ProcessChange(process: "knxd", pid: 40, change: .exited, status: 1)))
        if !wrong.contains(.neverNotices) {
            add(faultAt + 5_150, "log", .log(Event.LogLine(process: "controller", line: "{}", means: "line lost")))
        }
        if !wrong.contains(.daemonStaysDown) {
            add(recoveredAt - 500, "process", .process(Event.ProcessChange(process: "knxd", pid: 41, change: .started)))
        }
        guard recoveredAt < end, !wrong.contains(.noReread), !wrong.contains(.zombie) else { return }
        for (index, group) in Self.sentinels.enumerated() {
            let at = recoveredAt + 100 + 80 * Int64(index)
            frame(at, group, [1])
            show("mqtt", at + latency, group, [1])
            show("http", at + 200, group, [1])
        }
    }

    // MARK: IF-1

    private mutating func killBroker() {
        actuation("rig", "process:broker", "kill", "fault", faultAt - 2, .confirmed)
        actuation("rig", "process:broker", "start", "heal", healAt, .confirmed)
        add(
            faultAt, "process", .process(Event.ProcessChange(process: "broker", pid: 30, change: .exited, signal: 9)),
            u: 1_000_000)
        add(faultAt, "gate", .link(Event.LinkChange(link: "broker", change: .closed)))
        add(faultAt + 1, "gate", .link(Event.LinkChange(link: "broker", change: .disconnected)))
        add(faultAt + 3, "mqtt", .sample(Event.Sample(view: "mqtt", point: "connection", reading: "lost")))
        for at in stride(from: faultAt + 100, to: healAt, by: 200) {
            let reading: Value = wrong.contains(.brokerStillAnswers) ? "accepted" : "refused"
            add(at, "broker-probe", .sample(Event.Sample(view: "broker", point: "through_gate", reading: reading)))
        }
        if !wrong.contains(.neverNotices) {
            add(faultAt + 20, "log", .log(Event.LogLine(process: "controller", line: "{}", means: "broker lost")))
        }
        add(healAt + 250, "mqtt", .sample(Event.Sample(view: "mqtt", point: "connection", reading: "connected")))
        add(healAt + 300, "gate", .link(Event.LinkChange(link: "broker", change: .opened)), u: 1_000_000)
        for group in Self.sentinels {
            frame(faultAt + 3_000, group, [1])
            if !wrong.contains(.zombie) { show("http", faultAt + 3_300, group, [1]) }
        }
        guard recoveredAt < end else { return }
        add(recoveredAt - 50, "gate", .link(Event.LinkChange(link: "broker", change: .connected)))
        if wrong.contains(.noResync) || wrong.contains(.zombie) { return }
        for group in Self.sentinels { show("mqtt", recoveredAt + 20, group, [1]) }
    }

    private mutating func actuation(
        _ source: String, _ target: String, _ meaning: String, _ purpose: String, _ at: Int64,
        _ readback: Event.Actuation.Readback
    ) {
        let instant = Instant(nanoseconds: at * 1_000_000)
        let details = Event.Actuation(
            target: target, meaning: meaning, purpose: purpose, due: instant, commanded: instant,
            observed: instant + .milliseconds(1), readback: readback)
        add(at, source, .actuation(details))
    }
}
