import Checkers
import Events
import Testing

/// The system killed, asked to end, started without what it needs or with what it cannot use.
@Suite struct StartFaultTests {
    private static let fault = ScriptedRun.faultAt
    private static let controller = "process:controller"

    private static func log(_ at: Int, _ means: String) -> Event {
        ScriptedRun.event(at, "log", .log(Event.LogLine(process: "controller", line: means, means: means)))
    }

    // MARK: killed

    private static let killed = QuietRun(kind: "system-killed", target: controller, checkers: []).events

    @Test func aSystemThatWasKilledAndStartedIsProven() throws {
        let verdict = try Self.killed.with(
            QuietRun.process(Self.fault + 2, .exited, signal: 9), QuietRun.process(QuietRun.healAt + 1, .started)
        ).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.instants.fault == ScriptedRun.instant(Self.fault + 2))
    }

    @Test(arguments: [
        (
            [QuietRun.process(fault + 2, .exited, status: 0), QuietRun.process(QuietRun.healAt + 1, .started)],
            "nothing has seen it"
        ),
        ([QuietRun.process(fault + 2, .exited, signal: 9)], "has not been started again yet"),
        ([QuietRun.process(QuietRun.healAt + 1, .started)], "nothing has seen it"),
    ])
    func aKillThatWasNotOneIsInvalid(events: [Event], sentence: String) throws {
        let verdict = try Self.killed.with(events).verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)")
    }

    // MARK: asked to end

    private static func stopped(
        exit: Event = QuietRun.process(fault + 900, .exited, status: 0), log: String? = "gone",
        status: String? = "offline",
        database: [UInt8]? = nil
    ) -> [Event] {
        var events = QuietRun(kind: "system-stopped", target: controller, checkers: ["shutdown"]).events.with(
            exit, QuietRun.process(QuietRun.healAt + 1, .started),
            ScriptedRun.reading(3_000, "mqtt", "status", "online"))
        if let log {
            events = events.with(ScriptedRun.reading(fault + 1_000, "shutdown", "write_ahead_log", .text(log)))
        }
        if let status { events = events.with(ScriptedRun.reading(fault + 800, "mqtt", "status", .text(status))) }
        if let database {
            let late = ScriptedRun.sample(QuietRun.healAt - 100, "database", ScriptedRun.sentinels[0], database, u: 1)
            events = events.with(late)
        }
        return events
    }

    @Test func anOrderlyEndPasses() throws {
        let verdict = try Self.stopped().verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.measured.contains { $0.name == "time_to_stop" && $0.valueNanoseconds == 900_000_000 })
    }

    static let disorders: [(events: [Event], sentence: String)] = [
        (stopped(exit: QuietRun.process(fault + 900, .exited, status: 3)), "ended with status 3"),
        (stopped(exit: QuietRun.process(fault + 900, .exited, signal: 9)), "ended with signal 9"),
        (stopped(log: "left"), "its write-ahead log was left behind"),
        (stopped(status: nil), "the broker was not told"),
        (stopped(database: [7]), "database holds 1/3/0 = 07 after the end"),
    ]

    @Test(arguments: disorders)
    func aDisorderlyEndIsNamed(events: [Event], sentence: String) throws {
        let verdict = try events.verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.hasPrefix("shutdown: ") && verdict.sentence.contains(sentence), "\(verdict.sentence)")
    }

    // MARK: started with a locked database

    private static func locked(_ more: [Event]) -> [Event] {
        var run = QuietRun(kind: "start-locked", target: "store:database", checkers: ["refuses-start"])
        run.notices = ["hint"]
        let writes = stride(from: fault - 1500, to: QuietRun.end, by: 200).map { at in
            ScriptedRun.reading(at, "write-probe", "write", at > fault && at < QuietRun.healAt ? "busy" : "ok")
        }
        return run.events.with(writes + more)
    }

    private static let start = QuietRun.process(fault + 500, .started)

    static let starts: [(events: [Event], sentence: String?)] = [
        ([start, log(fault + 2_000, "hint"), QuietRun.process(fault + 2_100, .exited, status: 1)], nil),
        ([start, log(fault + 2_000, "hint")], nil),
        ([start, QuietRun.process(fault + 2_100, .exited, status: 1)], "without a hint at who may hold its database"),
        (
            [start, log(fault + 2_000, "hint"), QuietRun.process(fault + 2_100, .exited, signal: 6)],
            "ended with signal 6"
        ),
        ([start], "neither ended nor gave a hint"), ([], "was not started while its database was locked"),
    ]

    @Test(arguments: starts)
    func aSystemThatCannotHaveItsDatabaseSaysSo(events: [Event], sentence: String?) throws {
        let verdict = try Self.locked(events).verdict()
        #expect(verdict.outcome == (sentence == nil ? .pass : .fail), "\(verdict.sentence)")
        if let sentence { #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)") }
    }

    // MARK: corrupt configurations

    private static func trial(
        _ id: Int64, key: String, written: Int64 = 0, _ action: Event.Operation.Action = .failed, status: Int64? = 1,
        took: Int = 50, detail: String? = nil
    ) -> [Event] {
        let at = fault + 200 + Int(id) * 100
        var operation = Event.Operation(id: id, name: "trial", action: .invoke, status: written, key: key)
        let invoke = ScriptedRun.event(at, "rig", .operation(operation))
        operation.action = action
        operation.status = status
        operation.detail = detail
        return [invoke, ScriptedRun.event(at + took, "rig", .operation(operation))]
    }

    static let trials: [(second: [Event], outcome: Outcome, sentence: String)] = [
        (trial(1, key: "empty"), .pass, ""), (trial(1, key: "empty", .unknown, status: nil), .fail, "was not refused"),
        (trial(1, key: "empty", status: 0), .fail, "with status 0, not with status 1"),
        (trial(1, key: "empty", took: 2_500), .fail, "only after 2.50 s"),
        (trial(1, key: "empty", detail: "was refused without a line"), .fail, "'empty' was refused without a line"),
        (trial(1, key: "empty", written: 1), .invalid, "is not on the disk as it was meant"),
        ([], .invalid, "only 1 of 2 trials"), (Array(trial(1, key: "empty").prefix(1)), .inconclusive, "is not known"),
    ]

    @Test(arguments: trials)
    func aConfigurationThatIsNoneIsRefused(second: [Event], outcome: Outcome, sentence: String) throws {
        var run = QuietRun(kind: "configuration-corrupt", target: Self.controller, checkers: ["rejects"])
        run.fault = [("trials", 2)]
        let verdict = try run.events.with(Self.trial(0, key: "truncated") + second).verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome != .pass { #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)") }
    }
}
