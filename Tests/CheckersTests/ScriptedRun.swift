import Checkers
import Events
import KNX
import Platform

/// A run that never was: a line with its stimuli and witnesses, a fault and its heal, and a controller that does everything right except what a
/// test takes away from it. It writes the events that the real parts write, with the same sources and the same delays, in short time: all
/// limits are a few seconds.
///
/// Times are milliseconds after the start of the run.
struct ScriptedRun {
    enum Fault {
        case busCut, brokerDown, interfaceUnplugged, daemonKilled, daemonHung

        var isInstantaneous: Bool { self == .daemonKilled || self == .daemonHung }
        /// The line lives, and what the controller hears it with does not.
        var hitsDaemon: Bool { self == .interfaceUnplugged || isInstantaneous }
        var kind: String {
            switch self {
            case .busCut: "bus-cut"
            case .brokerDown: "broker-down"
            case .interfaceUnplugged: "interface-unplugged"
            case .daemonKilled: "daemon-killed"
            case .daemonHung: "daemon-hung"
            }
        }
        var target: String {
            switch self {
            case .busCut: "bus-power"
            case .brokerDown: "process:broker"
            case .interfaceUnplugged: "sut-interface"
            case .daemonKilled, .daemonHung: "process:knxd"
            }
        }
    }

    var fault = Fault.busCut
    /// From the fault's command to the heal's.
    var faultLength = 6_000
    /// How long after Th the step "verify recovery" ends.
    var recoveryLength = 8_000
    var leaksLength = 1_000

    // What the controller does.
    /// knxd exits so long after a cut; nil: it rides through.
    var daemonExitsAfter: Int? = 2_000
    /// knxd is there again so long after the line is; nil: never.
    var daemonReturnsAfter: Int? = 700
    var rereads = true
    /// It connects to the broker again so long after the gate opened; nil: never.
    var reconnectsAfter: Int? = 900
    var resyncs = true
    /// The view `database` stays as it was before the fault.
    var databaseStops = false
    var healthIsAlwaysGreen = false
    var isMute = false
    /// From the end of a telegram to its publication.
    var latency = 8
    /// Neither fault nor heal is made.
    var isNull = false
    /// The plan wants the fault a second time, when the controller has begun to read.
    var comesAgain = false
    /// What the plan says of the contact of the line's supply, and what more the witness must have seen.
    var contact = Value.null
    var seen: [Value.Field] = []
    /// Checkers beside the usual ones.
    var alsoExpects: [String] = []
    /// Not the even course: each telegram takes 1 to 300 ms through the controller, tracers come in bursts, the controller publishes all that it
    /// knows again every two seconds, and the broker has retained what it had.
    var seed: UInt64?
    /// The longest way through the controller just before the broker goes. What ended more than 50 ms before a fault is not excused by it, so
    /// that a longer one loses telegrams.
    var longestBeforeOutage = 40

    static let faultAt = 6_000
    static let announceAt = 1_000
    static let tracersFrom = 1_500
    static let normalFrom = 2_000
    static let normalUntil = 5_900

    static let tracers: [UInt16] = Array(2304...2309)
    static let sentinels: [UInt16] = [2816, 2817, 2818]
    static let repeats: [UInt16] = [3072]
    static let commandGroups: [UInt16] = [4096, 4097]
    static let system: UInt16 = 4553
    static let stimulus: UInt16 = 4353

    /// When the supply fell, or the broker was gone.
    var brokenAt: Int { fault == .busCut ? Self.faultAt + 100 : Self.faultAt + 1 }
    var healAt: Int { Self.faultAt + (fault.isInstantaneous ? 400 : faultLength) }
    /// From here on there is voltage, and the gate is open.
    var backAt: Int { healAt + 100 }
    /// Th.
    var healedAt: Int {
        if fault.isInstantaneous { return brokenAt }
        return fault == .busCut ? firstTracer(after: backAt + 110) : backAt + 2
    }
    /// When the step "heal" has done its part.
    var readyAt: Int { max(healAt, healedAt) }
    var leaksFrom: Int { readyAt + recoveryLength }
    /// When sentinels change on a line that lives.
    var sentinelsAt: Int { Self.faultAt + (fault.isInstantaneous ? 60 : faultLength / 2) }
    var end: Int { leaksFrom + leaksLength }

    private static let tracerInterval = 120

    private func firstTracer(after milliseconds: Int) -> Int {
        let steps = (milliseconds - Self.tracersFrom) / Self.tracerInterval + 1
        return Self.tracersFrom + steps * Self.tracerInterval
    }

    static func instant(_ milliseconds: Int) -> Instant {
        Instant(nanoseconds: 1_000_000_000_000 + Int64(milliseconds) * 1_000_000)
    }

    static func event(
        _ milliseconds: Int, _ source: String, u: Int64 = 1_000_000, _ payload: Event.Payload
    ) -> Event {
        Event(at: instant(milliseconds), uncertaintyNanoseconds: u, source: source, payload)
    }

    static func frame(
        _ milliseconds: Int, _ group: UInt16, _ raw: [UInt8], sender: UInt16 = stimulus, isRepetition: Bool = false
    ) -> Event {
        let unit: [UInt8] = raw.count == 1 && raw[0] < 64 ? [0, 0x80 | raw[0]] : [0, 0x80] + raw
        let frame = TP1Frame(
            isRepetition: isRepetition, source: IndividualAddress(raw: sender),
            destination: .group(GroupAddress(raw: group)),
            transportUnit: unit)
        return event(
            milliseconds, "witness", u: 300_000,
            .frame(
                Event.Frame(line: "main", octets: frame.octets, acknowledge: 0xCC, began: instant(milliseconds - 12))))
    }

    static func sample(_ milliseconds: Int, _ view: String, _ group: UInt16, _ raw: [UInt8], u: Int64 = 1_000_000)
        -> Event
    {
        event(
            milliseconds, view, u: u,
            .sample(Event.Sample(view: view, point: GroupAddress(raw: group).description, raw: raw)))
    }

    static func reading(_ milliseconds: Int, _ view: String, _ point: String, _ reading: Value, u: Int64 = 1_000_000)
        -> Event
    {
        event(
            milliseconds, view == "broker" ? "broker-probe" : view, u: u,
            .sample(Event.Sample(view: view, point: point, reading: reading)))
    }

    /// Event 0's details.
    var plan: Value {
        let witness: Value =
            fault == .busCut
            ? ["chips": ["witness", "stimulus-1", "stimulus-2"], "chips_silent": 2, "tracers_due": 10]
            : fault == .brokerDown ? ["refused": "broker"] : ["tracers_due": 5]
        var expectations: [Value] = [
            ["checker": "recovers"], ["checker": "ledger"], ["checker": "order"], ["checker": "commands"],
            ["checker": "leaks"], ["checker": "zombie"],
        ]
        expectations += alsoExpects.map { ["checker": .text($0)] }
        if daemonExitsAfter == nil, fault == .busCut {
            expectations.append(["checker": "no-restart"])
        } else {
            expectations.append(["checker": "detected"])
            expectations.append(["checker": "state", "sentinels": fault == .busCut ? "reread" : "write"])
        }
        return [
            "scenario": .text(fault.kind),
            "judge": [
                "line": "main",
                "fault": [
                    "do": "x", "again_in_read_out": comesAgain ? 2_000_000_000 : .null, "kind": .text(fault.kind),
                    "target": .text(fault.target),
                    "cuts": [fault == .brokerDown ? "mqtt" : "line"], "contact": contact,
                    "witness": .record((witness.fields ?? []) + seen),
                ],
                "expect": .list(expectations),
                "limits": [
                    "recover": 4_760_000_000, "detect": 4_000_000_000, "hold": 3_000_000_000, "baseline": 3_000_000_000,
                    "slip": 5_000_000, "probe_gap": 250_000_000, "descriptors": 2, "per_read_address": 80_000_000,
                    "reread_addresses": 3,
                ],
                "tracers": .list(Self.tracers.map { .integer(Int64($0)) }),
                "sentinels": .list(
                    Self.sentinels.map { ["group": .integer(Int64($0)), "before": "00", "after": "01"] }),
                "repeats": .list(Self.repeats.map { ["group": .integer(Int64($0)), "raw": "01"] }),
                "commands": .list(Self.commandGroups.map { ["group": .integer(Int64($0)), "status": 4196] }),
                "system_sources": [["from": 4552, "to": 4567]],
                "views": [
                    ["id": "mqtt", "streaming": true, "limit": 1_000_000_000, "suppresses": "same-value"],
                    ["id": "http", "streaming": false, "limit": 1_000_000_000],
                    ["id": "database", "streaming": false, "limit": 2_000_000_000],
                ],
                "interface_daemon": "knxd", "health": true, "null_run": .bool(isNull),
                "notices": fault == .brokerDown ? ["broker lost"] : ["interface daemon exited", "line lost"],
            ],
        ]
    }

    /// Everything that happened, by instant; the plan first.
    var events: [Event] {
        var script = Simulation(self)
        script.play()
        return [Event(at: Self.instant(0), source: "rig", .plan(plan))] + script.events.byInstant
    }
}

/// Plays a run in steps of ten milliseconds.
private struct Simulation {
    let run: ScriptedRun
    var events: [Event] = []
    private var state: [UInt16: [UInt8]] = [:]
    private var httpShown: [UInt16: [UInt8]] = [:]
    private var databaseShown: [UInt16: [UInt8]] = [:]
    private var counter = 0
    private var commands = 0
    private var isDaemonThere = true
    private var isConnected = true
    private var random: SeededGenerator
    /// What the controller has received and not yet worked on, in the order of the line.
    private var inbox: [(at: Int, group: UInt16, raw: [UInt8])] = []
    /// Tracers that follow another at once.
    private var burst: Set<Int> = []
    private var retained: [UInt16: [UInt8]] = [:]

    init(_ run: ScriptedRun) {
        self.run = run
        random = SeededGenerator(seed: run.seed ?? 0)
    }

    private mutating func log(_ event: Event) { events.append(event) }

    private mutating func phase(_ milliseconds: Int, _ step: Event.Phase.Step, _ edge: Event.Phase.Edge) {
        log(ScriptedRun.event(milliseconds, "rig", u: 0, .phase(Event.Phase(step, edge))))
    }

    private mutating func say(_ milliseconds: Int, means: String) {
        guard !run.isMute else { return }
        log(
            ScriptedRun.event(
                milliseconds, "log", .log(Event.LogLine(process: "controller", line: means, means: means))))
    }

    private func isLineAlive(_ now: Int) -> Bool {
        run.isNull || run.fault != .busCut || now < run.brokenAt || now >= run.backAt + 110
    }

    mutating func play() {
        phase(0, .setUp, .begin)
        log(ScriptedRun.event(1, "sense", .supply(Event.SupplyReading(line: "main", millivolts: 29_000))))
        for chip in ["witness", "stimulus-1", "stimulus-2"] {
            for report in [Event.InterfaceReport.Report.opened, .reset, .armed] {
                log(ScriptedRun.event(100, chip, .interface(Event.InterfaceReport(line: "main", report: report))))
            }
        }
        log(
            ScriptedRun.event(150, "process", .process(Event.ProcessChange(process: "knxd", pid: 10, change: .started)))
        )
        log(
            ScriptedRun.event(
                200, "mqtt", .sample(Event.Sample(view: "mqtt", point: "connection", reading: "connected"))))
        log(ScriptedRun.event(210, "gate", .link(Event.LinkChange(link: "broker", change: .connected))))
        steps()
        for now in stride(from: 0, to: run.end, by: 10) { tick(now) }
        if !run.isNull {
            switch run.fault {
            case .busCut: cut()
            case .brokerDown: outage()
            case .interfaceUnplugged: unplug()
            case .daemonKilled, .daemonHung: strike()
            }
        }
        shutDown()
    }

    private mutating func steps() {
        phase(ScriptedRun.normalFrom - 1, .setUp, .end)
        phase(ScriptedRun.normalFrom, .verifyNormal, .begin)
        phase(ScriptedRun.normalUntil, .verifyNormal, .end)
        phase(ScriptedRun.normalUntil + 1, .inject, .begin)
        phase(ScriptedRun.faultAt + 20, .inject, .end)
        phase(ScriptedRun.faultAt + 21, .verifyDegraded, .begin)
        phase(run.healAt - 300, .verifyDegraded, .end)
        phase(run.healAt - 299, .heal, .begin)
        phase(run.readyAt + 30, .heal, .end)
        phase(run.readyAt + 31, .verifyRecovery, .begin)
        phase(run.leaksFrom, .verifyRecovery, .end)
        phase(run.leaksFrom + 1, .checkLeaks, .begin)
        phase(run.end, .checkLeaks, .end)
    }

    private mutating func actuation(_ at: Int, _ source: String, _ target: String, _ meaning: String, _ purpose: String)
    {
        log(
            ScriptedRun.event(
                at, source,
                .actuation(
                    Event.Actuation(
                        target: target, meaning: meaning, purpose: purpose, due: ScriptedRun.instant(at),
                        commanded: ScriptedRun.instant(at), observed: ScriptedRun.instant(at + 1), readback: .confirmed)
                )))
    }

    private mutating func cut() {
        actuation(ScriptedRun.faultAt, "keeper", "bus-power", "cut", "fault")
        actuation(run.healAt, "keeper", "bus-power", "powered", "heal")
        for (at, millivolts) in [(run.brokenAt, 19_000), (run.brokenAt + 1, 0), (run.backAt, 29_000)] as [(Int, Int64)]
        {
            log(ScriptedRun.event(at, "sense", .supply(Event.SupplyReading(line: "main", millivolts: millivolts))))
        }
        for chip in ["witness", "stimulus-1", "stimulus-2"] {
            log(
                ScriptedRun.event(
                    run.brokenAt + 1_500, chip, .interface(Event.InterfaceReport(line: "main", report: .silent))))
            log(
                ScriptedRun.event(
                    run.backAt + 100, chip, .interface(Event.InterfaceReport(line: "main", report: .reset))))
            log(
                ScriptedRun.event(
                    run.backAt + 105, chip, .interface(Event.InterfaceReport(line: "main", report: .armed))))
        }
        log(
            ScriptedRun.event(
                run.backAt + 105, "witness",
                .gap(
                    Event.Gap(
                        blind: "witness", from: ScriptedRun.instant(run.brokenAt),
                        to: ScriptedRun.instant(run.backAt + 105),
                        reason: "the chip answered nothing"))))
        for group in ScriptedRun.sentinels {
            log(stimulation(ScriptedRun.faultAt + run.faultLength / 2, group, [1], .sentinel, .changed))
        }
    }

    private mutating func outage() {
        actuation(ScriptedRun.faultAt, "rig", "process:broker", "kill", "fault")
        actuation(run.healAt, "rig", "process:broker", "start", "heal")
        log(
            ScriptedRun.event(
                run.brokenAt, "process",
                .process(Event.ProcessChange(process: "broker", pid: 2, change: .exited, signal: 9))))
        log(ScriptedRun.event(run.brokenAt, "gate", .link(Event.LinkChange(link: "broker", change: .disconnected))))
        log(ScriptedRun.reading(run.brokenAt, "mqtt", "connection", "lost"))
        log(ScriptedRun.reading(run.backAt, "mqtt", "connection", "connected"))
        log(
            ScriptedRun.event(
                run.backAt, "mqtt",
                .gap(
                    Event.Gap(
                        blind: "mqtt", from: ScriptedRun.instant(run.brokenAt), to: ScriptedRun.instant(run.backAt),
                        reason: "no subscription at the broker"))))
        log(ScriptedRun.event(run.backAt + 2, "gate", .link(Event.LinkChange(link: "broker", change: .opened))))
    }

    private mutating func unplug() {
        actuation(ScriptedRun.faultAt, "keeper", "sut-interface", "cut", "fault")
        actuation(run.healAt, "keeper", "sut-interface", "powered", "heal")
        for (at, report) in [(100, .opened), (run.brokenAt, .closed), (run.healedAt, .opened)]
            as [(Int, Event.InterfaceReport.Report)]
        {
            log(ScriptedRun.event(at, "interface", .interface(Event.InterfaceReport(line: "main", report: report))))
        }
    }

    private mutating func strike() {
        let isKill = run.fault == .daemonKilled
        actuation(ScriptedRun.faultAt, "rig", "process:knxd", isKill ? "kill" : "stop", "fault")
        guard !isKill else { return }
        log(
            ScriptedRun.event(
                run.brokenAt + 40, "process", u: 28_000_000,
                .process(Event.ProcessChange(process: "knxd", pid: 10, change: .stopped))))
    }

    private mutating func shutDown() {
        phase(run.end + 1, .safeState, .begin)
        say(run.end + 10, means: "line lost")
        say(run.end + 11, means: "broker lost")
        for process in ["knxd", "controller", "broker"] {
            log(
                ScriptedRun.event(
                    run.end + 20, "process",
                    .process(Event.ProcessChange(process: process, pid: 9, change: .exited, status: 0))))
        }
        phase(run.end + 50, .safeState, .end)
    }

    private func stimulation(
        _ at: Int, _ group: UInt16, _ raw: [UInt8], _ role: Event.Stimulation.Role, _ outcome: Event.Stimulation.Outcome
    ) -> Event {
        ScriptedRun.event(
            at, role == .tracer && outcome == .due ? "tracers" : "stimulus-1",
            .stimulus(Event.Stimulation(line: "main", group: group, raw: raw, role: role, outcome: outcome)))
    }

    // MARK: ten milliseconds

    private mutating func tick(_ now: Int) {
        control(now)
        work(now)
        speak(now)
        look(now)
    }

    /// What knxd and the broker connection do.
    private mutating func control(_ now: Int) {
        if run.isNull { return }
        if run.fault == .daemonHung, now == (run.brokenAt + 9) / 10 * 10 { isDaemonThere = false }
        if run.fault != .brokerDown, let exits = exit {
            if now == exits {
                isDaemonThere = false
                say(now, means: "interface daemon exited")
                log(
                    ScriptedRun.event(
                        now + 5, "process", u: 28_000_000,
                        .process(Event.ProcessChange(process: "knxd", pid: 10, change: .exited, status: 1))))
            }
            if let returns = run.daemonReturnsAfter, now == (run.healedAt + returns) / 10 * 10 {
                isDaemonThere = true
                log(
                    ScriptedRun.event(
                        now, "process", u: 28_000_000,
                        .process(Event.ProcessChange(process: "knxd", pid: 12, change: .started))))
            }
        }
        if run.fault == .brokerDown {
            if now == run.brokenAt + 9 {
                isConnected = false
                say(now, means: "broker lost")
            }
            if let after = run.reconnectsAfter, now == (run.healedAt + after) / 10 * 10 {
                isConnected = true
                log(ScriptedRun.event(now, "gate", .link(Event.LinkChange(link: "broker", change: .connected))))
                if run.resyncs {
                    publishAll(run.seed == nil ? now + run.latency : now)
                }
            }
        }
    }

    /// When knxd ends: with its line after a while, with its interface at once, hung only when somebody ends it.
    private var exit: Int? {
        switch run.fault {
        case .busCut: run.daemonExitsAfter.map { run.brokenAt + $0 }
        case .brokerDown: nil
        case .interfaceUnplugged, .daemonKilled: (run.brokenAt + 9) / 10 * 10
        case .daemonHung: run.daemonReturnsAfter.map { (run.healedAt + $0) / 10 * 10 - 500 }
        }
    }

    /// What is said on the line.
    private mutating func speak(_ now: Int) {
        if now == ScriptedRun.announceAt {
            for group in ScriptedRun.sentinels + ScriptedRun.repeats { telegram(now, group, [0]) }
        }
        let isRegular = (now - ScriptedRun.tracersFrom).isMultiple(of: 120)
        if now >= ScriptedRun.tracersFrom, isRegular || burst.contains(now) {
            if isRegular, run.seed != nil, now < run.healAt - 120 || now > run.healedAt,
                Int.random(in: 0..<6, using: &random) == 0
            {
                burst.formUnion([20, 40, 60, 80].map { now + $0 })
            }
            let group = ScriptedRun.tracers[counter % ScriptedRun.tracers.count]
            let raw = [UInt8(0x40 + counter / 256), UInt8(counter % 256)]
            counter += 1
            log(stimulation(now - 25, group, raw, .tracer, .due))
            if isLineAlive(now) {
                telegram(now, group, raw)
                log(stimulation(now + 1, group, raw, .tracer, .confirmed))
            }
        }
        if run.fault != .busCut, now == run.sentinelsAt / 10 * 10 {
            // A repeat is one only for a controller that hears it the first time.
            let repeats = run.fault == .brokerDown ? ScriptedRun.repeats : []
            for group in ScriptedRun.sentinels + repeats { telegram(now, group, [1]) }
        }
        let told = (run.healedAt + 150) / 10 * 10
        if now == told { for group in ScriptedRun.repeats { telegram(now, group, state[group] ?? [0]) } }
        if run.rereads, run.fault != .brokerDown, run.daemonExitsAfter != nil, let returns = run.daemonReturnsAfter,
            now == (run.healedAt + returns) / 10 * 10 + 200
        {
            for group in ScriptedRun.sentinels { telegram(now, group, [1]) }
        }
        if now >= ScriptedRun.normalFrom, now.isMultiple(of: 1_000) { command(now) }
    }

    private mutating func telegram(_ now: Int, _ group: UInt16, _ raw: [UInt8]) {
        log(ScriptedRun.frame(now, group, raw))
        guard isDaemonThere else { return }
        guard run.seed != nil else { return take(group, raw, publishedAt: now + run.latency) }
        let isOutageNear = run.fault == .brokerDown && !run.isNull && (run.brokenAt - 400..<run.brokenAt).contains(now)
        let longest = isOutageNear ? run.longestBeforeOutage : 300
        inbox.append((max(inbox.last?.at ?? 0, now + Int.random(in: 1...longest, using: &random)), group, raw))
    }

    /// What the controller gets round to by now.
    private mutating func work(_ now: Int) {
        guard run.seed != nil else { return }
        while let next = inbox.first, next.at <= now {
            inbox.removeFirst()
            take(next.group, next.raw, publishedAt: next.at)
        }
        if now.isMultiple(of: 2_000), isConnected { publishAll(now) }
        // Whoever subscribes first gets what was published before the outage.
        if run.fault == .brokerDown, !run.isNull, now == run.backAt {
            for (group, raw) in retained.sorted(by: { $0.key < $1.key }) {
                log(ScriptedRun.sample(now + 1, "mqtt", group, raw))
            }
        }
    }

    private mutating func take(_ group: UInt16, _ raw: [UInt8], publishedAt: Int) {
        let before = state[group]
        state[group] = raw
        if isConnected, before != raw { publish(publishedAt, group, raw) }
    }

    private mutating func publish(_ at: Int, _ group: UInt16, _ raw: [UInt8]) {
        retained[group] = raw
        log(ScriptedRun.sample(at, "mqtt", group, raw))
    }

    private mutating func publishAll(_ at: Int) {
        for (group, raw) in state.sorted(by: { $0.key < $1.key }) { publish(at, group, raw) }
    }

    private mutating func command(_ now: Int) {
        let group = ScriptedRun.commandGroups[commands % 2]
        let raw: [UInt8] = [UInt8(commands / 2 % 2)]
        var operation = Event.Operation(id: Int64(commands), name: "command", action: .invoke, group: group, raw: raw)
        commands += 1
        log(ScriptedRun.event(now + 3, "commands", .operation(operation)))
        let isHeard = isDaemonThere && !(run.fault.hitsDaemon && !run.isNull && now + 30 == run.brokenAt / 10 * 10)
        let works = isHeard && isLineAlive(now) && isLineAlive(now + 30)
        if works { log(ScriptedRun.frame(now + 30, group, raw, sender: ScriptedRun.system)) }
        operation.action = works ? .ok : .failed
        operation.status = works ? 200 : 503
        operation.detail = works ? nil : "the line is not there"
        log(ScriptedRun.event(now + 60, "commands", .operation(operation)))
    }

    /// What the probes see.
    private mutating func look(_ now: Int) {
        if now.isMultiple(of: 200) {
            let isWell = isDaemonThere && isConnected || run.healthIsAlwaysGreen
            log(ScriptedRun.reading(now + 4, "health", "status", isWell ? "healthy" : "degraded", u: 57_000_000))
        }
        if now.isMultiple(of: 500) {
            for (group, raw) in state.sorted(by: { $0.key < $1.key }) where httpShown[group] != raw {
                log(ScriptedRun.sample(now + 2, "http", group, raw, u: 144_000_000))
            }
            httpShown = state
            log(ScriptedRun.reading(now + 2, "http", "poll", "ok", u: 144_000_000))
        }
        if now.isMultiple(of: 1_000) {
            if !run.databaseStops || now < ScriptedRun.faultAt {
                for (group, raw) in state.sorted(by: { $0.key < $1.key }) where databaseShown[group] != raw {
                    log(ScriptedRun.sample(now + 2, "database", group, raw, u: 288_000_000))
                }
                databaseShown = state
            }
            log(ScriptedRun.reading(now + 2, "database", "poll", "ok", u: 288_000_000))
            log(ScriptedRun.reading(now + 6, "process", "descriptors", 20))
            log(ScriptedRun.reading(now + 6, "process", "children", 1))
            log(ScriptedRun.reading(now + 6, "process", "resident_kilobytes", 14_000))
        }
        let isDown = !run.isNull && now > run.brokenAt && now < run.backAt
        if run.fault == .brokerDown, now.isMultiple(of: isDown ? 200 : 1_000) {
            log(ScriptedRun.reading(now + 1, "broker", "through_gate", isDown ? "refused" : "accepted", u: 57_000_000))
        }
    }
}

extension [Event] {
    /// By instant; what happened at the same instant stays in its order.
    var byInstant: [Event] {
        enumerated().sorted { ($0.element.instant, $0.offset) < ($1.element.instant, $1.offset) }.map(\.element)
    }

    func without(_ isUnwanted: (Event) -> Bool) -> [Event] { filter { !isUnwanted($0) } }

    /// With more events, each where its instant belongs.
    func with(_ more: [Event]) -> [Event] { [self[0]] + (dropFirst() + more).byInstant }

    func with(_ more: Event...) -> [Event] { with(more) }

    func changed(_ change: (inout Event) -> Void) -> [Event] {
        let changed = map { event in
            var event = event
            change(&event)
            return event
        }
        return [changed[0]] + Array(changed.dropFirst()).byInstant
    }

    /// Fed in this order, as `verify` does it.
    func verdict() throws -> RunVerdict { try judge().conclude() }

    func judge() throws -> Judge {
        guard case .plan(let plan) = self[0].payload else { throw RecordFailure(key: "plan", expected: "event 0") }
        var judge = try Judge(plan: plan)
        for event in self { judge.observe(event) }
        return judge
    }
}

extension Event {
    /// Milliseconds after the start of a scripted run.
    var milliseconds: Int { Int((instant - ScriptedRun.instant(0)).wholeMilliseconds) }

    /// A sample of a view's point, given as text or group address.
    func isSample(_ view: String, _ point: String? = nil) -> Bool {
        guard case .sample(let sample) = payload else { return false }
        return sample.view == view && (point == nil || sample.point == point)
    }

    var raw: [UInt8]? {
        if case .sample(let sample) = payload { sample.raw } else { nil }
    }
}
