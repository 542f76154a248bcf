import Checkers
import Events
import KNX
import Testing

/// A store that takes no writes while the line and everything else lives: what the rig's own writes prove, and what the live path must keep.
@Suite struct StoreFaultTests {
    private static func events(
        _ kind: String, refusal: String, target: String = "store:database", checkers: [String] = []
    ) throws -> [Event] {
        var run = QuietRun(kind: kind, target: target, checkers: checkers)
        run.notices = ["database not written"]
        run.cuts = ["database"]
        return run.events.with(
            stride(from: ScriptedRun.faultAt - 1500, to: QuietRun.end, by: 200).map { at in
                let isRefused = at > ScriptedRun.faultAt && at < QuietRun.healAt
                return ScriptedRun.reading(at, "write-probe", "write", .text(isRefused ? refusal : "ok"))
            })
    }

    @Test(arguments: [("database-locked", "busy"), ("disk-full", "full")])
    func whatRefusesTheRigsOwnWritesIsProven(kind: String, refusal: String) throws {
        var events = try Self.events(kind, refusal: refusal, checkers: [])
        if kind == "disk-full" { events = events.with(Self.log(ScriptedRun.faultAt + 700, "database not written")) }
        let verdict = try events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.instants.fault == ScriptedRun.instant(ScriptedRun.faultAt))
    }

    private static func log(_ at: Int, _ means: String) -> Event {
        ScriptedRun.event(at, "log", .log(Event.LogLine(process: "controller", line: means, means: means)))
    }

    @Test func aLockThatWasNotOneIsInvalid() throws {
        let through = ScriptedRun.reading(ScriptedRun.faultAt + 2_050, "write-probe", "write", "ok")
        let verdict = try Self.events("database-locked", refusal: "busy").with(through).verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains("the rig's own write said 'ok'"), "\(verdict.sentence)")
        let never = try Self.events("database-locked", refusal: "busy").without { $0.isSample("write-probe") }.verdict()
        #expect(never.outcome == .invalid)
        #expect(never.sentence.contains("nothing has seen it"), "\(never.sentence)")
    }

    @Test func aStoreThatWasBrokenBeforeIsInvalid() throws {
        let before = try Self.events("database-locked", refusal: "busy").changed { event in
            if event.isSample("write-probe"), event.milliseconds < ScriptedRun.faultAt {
                event.payload = .sample(Event.Sample(view: "write-probe", point: "write", reading: "busy"))
            }
        }.verdict()
        #expect(before.sentence.contains("did not work before the fault either"), "\(before.sentence)")
    }

    @Test func aFullDiskThatTheSystemNeverMetTestsNothing() throws {
        let verdict = try Self.events("disk-full", refusal: "full", target: "store:disk").verdict()
        #expect(verdict.outcome == .invalid)
        #expect(verdict.sentence.contains("has not met the full disk"), "\(verdict.sentence)")
    }

    @Test func aSystemThatSpeaksOfWhatItNeedNotNoticeIsNamed() throws {
        let events = try Self.events("database-locked", refusal: "busy", checkers: ["undisturbed"])
        #expect(try events.verdict().outcome == .pass)
        let early = Self.log(ScriptedRun.faultAt - 100, "database not written")
        let other = Self.log(ScriptedRun.faultAt + 700, "line lost")
        #expect(try events.with(early, other).verdict().outcome == .pass)
        let verdict = try events.with(Self.log(ScriptedRun.faultAt + 700, "database not written")).verdict()
        #expect(verdict.outcome == .fail)
        #expect(
            verdict.sentence
                == "undisturbed: database not written spoke of a loss 0.70 s after the fault, and nothing in this fault asks for that",
            "\(verdict.sentence)")
    }

    @Test func aCommandThatFailsMeanwhileIsNamed() throws {
        let events = try Self.events("database-locked", refusal: "busy", checkers: ["no-errors"])
        #expect(try events.verdict().outcome == .pass)
        func failing(_ at: Int) throws -> RunVerdict {
            try events.with(
                ScriptedRun.event(
                    at, "commands",
                    .operation(Event.Operation(id: 900, name: "command", action: .invoke, group: 4096, raw: [1]))),
                ScriptedRun.event(
                    at + 60, "commands",
                    .operation(
                        Event.Operation(
                            id: 900, name: "command", action: .failed, group: 4096, raw: [1],
                            detail: "database is locked")))
            ).verdict()
        }
        let verdict = try failing(ScriptedRun.faultAt + 1_940)
        #expect(verdict.outcome == .fail)
        #expect(
            verdict.sentence.hasPrefix(
                "a command failed 2.00 s after the fault, which this fault is no reason for: database is locked"),
            "\(verdict.sentence)")
        #expect(try !failing(ScriptedRun.faultAt - 200).findings.contains { $0.checker == "no-errors" })
    }

    @Test func tooFewTelegramsSayNothingOfThePercentile() throws {
        let verdict = try Self.events("database-locked", refusal: "busy", checkers: ["unaffected"]).verdict()
        #expect(verdict.outcome == .inconclusive)
        #expect(verdict.sentence.contains("at least 500 of each"), "\(verdict.sentence)")
    }

    /// Twice 500 telegrams and more of one point, each shown 5 ms later but for those that `late` has another time for, by their instants.
    private static func busy(_ late: [Int: Int]) throws -> [Event] {
        let group = ScriptedRun.repeats[0]
        let run = try events("database-locked", refusal: "busy", checkers: ["unaffected"])
        let shown = try #require(
            run.last { $0.isSample("mqtt", GroupAddress(raw: group).description) && $0.milliseconds < 2_000 }?.raw)
        let more = stride(from: 2_006, to: 2 * ScriptedRun.faultAt - 2_006, by: 6).enumerated().flatMap { turn, at in
            // Every other one says what the slower views show, so that they are never wrong for long.
            let raw = turn % 2 == 0 ? shown : [1, UInt8(turn >> 8), UInt8(turn & 0xFF)]
            return ["mqtt", "websocket"].map {
                ScriptedRun.sample(at + (turn % 2 == 0 ? 5 : late[at] ?? 5), $0, group, raw)
            } + [ScriptedRun.frame(at, group, raw)]
        }
        let sentinels = ["mqtt", "websocket"].flatMap { view in
            ScriptedRun.sentinels.map { ScriptedRun.sample(ScriptedRun.faultAt + 2_510, view, $0, [1]) }
        }
        // Its own telegrams would take the samples of these.
        return run.without { event in
            guard case .frame(let frame) = event.payload, event.milliseconds > 2_000 else { return false }
            return frame.octets[3] == group >> 8 && frame.octets[4] == group & 0xFF
        }.with(more + sentinels)
    }

    /// The instant of a telegram before the fault and of one during it, of those that may be late.
    private static let before = 2_006 + 6 * 301
    private static let during = 2_006 + 6 * 1_001

    /// What is late by so many milliseconds before the fault and during it, by how much the rig itself was late then, and whether the live path is as before.
    @Test(
        arguments: [
            (nil, nil, nil, true),
            (nil, 900, nil, false),
            // One that was late before the fault says what is usual, and no more than that.
            (260, 255, nil, true),
            (260, 900, nil, false),
            // The rig's own lateness explains as much of it, and what has to be worked off then.
            (nil, 400, 6, true),
            (nil, 2_000, 6, false),
            (nil, 2_000, 1_600, true),
        ] as [(Int?, Int?, Int?, Bool)])
    func whatTheLivePathTakesIsComparedWithBefore(before: Int?, during: Int?, slip: Int?, isUnaffected: Bool) throws {
        var late: [Int: Int] = [:]
        late[Self.before] = before
        late[Self.during] = during
        var events = try Self.busy(late)
        if let slip {
            let late = Event.Slip(thread: "probe", lateNanoseconds: Int64(slip) * 1_000_000)
            events = events.with(ScriptedRun.event(Self.during + 100, "rig", .slip(late)))
        }
        let verdict = try events.verdict()
        let finding = verdict.findings.first { $0.checker == "unaffected" }
        #expect((finding == nil) == isUnaffected, "\(verdict.sentence)")
        if let finding { #expect(finding.sentence.contains("after the line"), "\(finding.sentence)") }
    }

    @Test func aLivePathThatIsSlowerIsNamed() throws {
        let late = Dictionary(uniqueKeysWithValues: (0..<60).map { (Self.during + 12 * $0, 120) })
        let verdict = try Self.busy(late).verdict()
        #expect(verdict.sentence.hasPrefix("live path: mqtt was slower while the fault lasted"), "\(verdict.sentence)")
    }

    @Test func aTelegramLostOnTheLivePathIsNamed() throws {
        let verdict = try Self.events("database-locked", refusal: "busy", checkers: ["unaffected"]).without { event in
            event.isSample("mqtt")
                && (ScriptedRun.faultAt + 1_000..<ScriptedRun.faultAt + 2_000).contains(event.milliseconds)
        }.verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.hasPrefix("live path: mqtt did not show"), "\(verdict.sentence)")
    }

    /// What the live path lost while the fault lasted broke first; a controller that is gone, or does not know its own state, says more.
    @Test func theLivePathBrokeBeforeWhatDidNotComeBack() throws {
        let checkers = ["recovers", "unaffected"]
        func verdict(_ views: Set<String>, from: Int, checkers: [String]) throws -> RunVerdict {
            try Self.events("database-locked", refusal: "busy", checkers: checkers).without { event in
                views.contains { event.isSample($0) } && event.milliseconds >= from
            }.verdict()
        }
        let during = ScriptedRun.faultAt + 1_000
        let lost = try verdict(["mqtt"], from: during, checkers: checkers)
        #expect(lost.sentence.hasPrefix("live path: mqtt did not show"), "\(lost.sentence)")
        #expect(lost.findings.contains { $0.checker == "recovers" && $0.outcome == .fail })
        // Nobody asked for the live path, or it was whole until the fault was over.
        for (from, checkers) in [(during, ["recovers"]), (QuietRun.healAt + 100, checkers)] {
            let after = try verdict(["mqtt"], from: from, checkers: checkers)
            #expect(after.sentence.hasPrefix("mqtt view: "), "\(after.sentence)")
        }
        let exit = Event.ProcessChange(process: "controller", pid: 9, change: .exited, status: 1)
        let gone = try Self.events("database-locked", refusal: "busy", checkers: checkers).without { event in
            event.isSample("mqtt") && event.milliseconds >= during
        }.with(ScriptedRun.event(during, "process", .process(exit))).verdict()
        #expect(gone.sentence.hasPrefix("controller: it exited"), "\(gone.sentence)")
    }

    static let looks: [(said: String?, outcome: Outcome)] = [
        ("ok", .pass), ("row 3 missing from index", .fail), (nil, .inconclusive),
    ]

    /// The same words for a database that is damaged, sound, or was never looked at.
    @Test(arguments: looks)
    func theDatabaseIsLookedAt(said: String?, outcome: Outcome) throws {
        var events = try Self.events("database-locked", refusal: "busy", checkers: ["integrity"])
        if let said { events = events.with(ScriptedRun.reading(15_000, "database-check", "integrity", .text(said))) }
        let verdict = try events.verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
    }

    // MARK: changes that were answered, and what is read back

    private static func change(_ id: Int64, _ at: Int, key: String, text: String, ok: Bool?) -> [Event] {
        var operation = Event.Operation(id: id, name: "mutation", action: .invoke, key: key, text: text)
        let invoke = ScriptedRun.event(at, "mutations", .operation(operation))
        guard let ok else { return [invoke] }
        operation.action = ok ? .ok : .failed
        return [invoke, ScriptedRun.event(at + 5, "mutations", .operation(operation))]
    }

    static let readings: [(found: String?, outcome: Outcome)] = [
        ("change 2", .pass), ("change 3", .pass), ("change 1", .fail), (nil, .fail), ("change 9", .fail),
    ]

    /// The last acknowledged change, or a later one of which nobody knows what became; nothing older, and nothing else.
    @Test(arguments: readings)
    func whatWasAnsweredIsThere(found: String?, outcome: Outcome) throws {
        let changes =
            Self.change(1, 5_000, key: "k", text: "change 1", ok: true)
            + Self.change(2, 5_500, key: "k", text: "change 2", ok: true)
            + Self.change(3, 5_990, key: "k", text: "change 3", ok: nil)
        let read = ScriptedRun.reading(14_000, "mutations", "k", found.map(Value.text) ?? .null)
        let verdict = try Self.events("database-locked", refusal: "busy", checkers: ["durability"]).with(
            changes + [read]
        )
        .verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome == .fail { #expect(verdict.sentence.hasPrefix("acknowledged write lost: k = change 2")) }
    }

    @Test func withoutAChangeAtStakeOrAReadingNothingIsDecided() throws {
        let early = Self.change(1, 3_000, key: "k", text: "change 1", ok: true)
        let none = try Self.events("database-locked", refusal: "busy", checkers: ["durability"]).with(early).verdict()
        #expect(none.outcome == .inconclusive && none.sentence.contains("no change was answered"), "\(none.sentence)")
        let fresh = Self.change(1, 5_000, key: "k", text: "change 1", ok: true)
        let unread = try Self.events("database-locked", refusal: "busy", checkers: ["durability"]).with(fresh).verdict()
        #expect(
            unread.outcome == .inconclusive && unread.sentence.contains("nobody has read back"), "\(unread.sentence)")
    }
}
