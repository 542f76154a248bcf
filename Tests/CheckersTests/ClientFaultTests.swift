import Checkers
import Events
import Testing

/// WebSocket clients that are reset, fall silent or stop reading: what the kernel's table must show of it, what a hub that cleans up makes of it, and each way
/// to get it wrong.
@Suite struct ClientFaultTests {
    /// One look, milliseconds after the fault; values of `open`, `held`, `unread`, `send_queue`, `messages`.
    typealias Look = (_ after: Int) -> [Int64]

    private static let fault = ScriptedRun.faultAt
    private static let healed = QuietRun.healAt - ScriptedRun.faultAt
    private static let clients: Int64 = 3

    private static func events(
        _ kind: String, _ checkers: [String], cleanedWithin: Int64 = 2_000, backlog: Int64 = 0, isNull: Bool = false,
        looks: Look, counts: (_ after: Int) -> Int64?
    ) -> [Event] {
        var run = QuietRun(kind: kind, target: "clients:websocket", checkers: checkers)
        run.fault = [
            ("clients", .integer(clients)), ("cleaned_within", .integer(cleanedWithin * 1_000_000)),
            ("backlog", .integer(backlog)),
        ]
        var events = run.events.with(
            stride(from: fault - 900, to: QuietRun.end, by: 200).flatMap { at in
                zip(["open", "held", "unread", "send_queue", "messages"], looks(at - fault)).map { point, reading in
                    ScriptedRun.reading(at, "clients", point, .integer(reading))
                }
            }
                + stride(from: 2_050, to: QuietRun.end, by: 500).compactMap { at in
                    counts(at - fault).map { ScriptedRun.reading(at, "client-count", "count", .integer($0)) }
                })
        if isNull {
            events = events.without { if case .actuation = $0.payload { true } else { false } }.map { event in
                guard case .plan(let plan) = event.payload else { return event }
                var event = event
                event.payload = .plan(plan.replacing(["judge", "null_run"], true))
                return event
            }
        }
        return events
    }

    private static func expect(
        _ events: [Event], _ outcome: Outcome, _ sentence: String, _ location: SourceLocation = #_sourceLocation
    ) throws {
        let verdict = try events.verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)", sourceLocation: location)
        #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)", sourceLocation: location)
    }

    // MARK: reset

    private static func whole(_ after: Int) -> [Int64] {
        after < 0 ? [clients, clients, 0, 0, 100] : [0, 0, 0, 0, 100]
    }
    /// One besides them, before and after.
    private static func forgotten(_ late: Int) -> (Int) -> Int64? {
        { after in after < -900 || after > late ? 1 : 1 + clients }
    }

    private static func reset(
        _ checkers: [String] = ["clients"], looks: Look = whole, counts: (Int) -> Int64? = forgotten(200)
    ) -> [Event] { events("clients-reset", checkers, looks: looks, counts: counts) }

    @Test func clientsThatAreForgottenInTimePass() throws {
        let verdict = try Self.reset().verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        let measured = verdict.measured.first { $0.name == "time_to_forget_clients" }
        #expect(measured?.valueNanoseconds == 550_000_000 && measured?.limitNanoseconds == 2_000_000_000)
        #expect(verdict.sentence.contains("after the time that was given to forget the clients"))
    }

    @Test func clientsThatAreNotForgottenFail() throws {
        try Self.expect(
            Self.reset(counts: Self.forgotten(99_000)), .fail, "clients: the system still counts 4")
        try Self.expect(
            Self.reset(counts: Self.forgotten(99_000)), .fail, "after 3 were gone; before the fault there were 1")
        try Self.expect(
            Self.reset(counts: Self.forgotten(3_000)), .fail, "clients: 3 were gone, and the system counted 1 again")
        // Forgotten, and then not.
        try Self.expect(
            Self.reset(counts: { $0 > 5_000 && $0 < 6_000 ? 2 : Self.forgotten(200)($0) }), .fail,
            "the system counted 1 again")
    }

    @Test func aCountThatNobodyTookDecidesNothing() throws {
        try Self.expect(Self.reset(counts: { $0 < 0 ? nil : 1 }), .inconclusive, "nobody counted them before the fault")
        try Self.expect(
            Self.reset(counts: { $0 > 3_000 ? nil : Self.forgotten(200)($0) }), .inconclusive,
            "nobody counted them at the end")
        // A system that does not count them at all is judged by its descriptors alone.
        let silent = try Self.reset(counts: { _ in nil }).verdict()
        #expect(silent.outcome == .pass && silent.notes.contains { $0.contains("does not say how many clients") })
    }

    @Test func aResetThatTheKernelDidNotSeeIsNone() throws {
        try Self.expect(
            Self.reset(looks: { _ in [3, 3, 0, 0, 100] }), .invalid, "nothing has seen it yet")
        try Self.expect(
            Self.reset(looks: { $0 < 0 ? [3, 2, 0, 0, 1] : [0, 0, 0, 0, 1] }), .invalid,
            "only 2 of 3 clients were connected before the fault")
        try Self.expect(
            Self.reset(looks: { $0 < 0 ? [3, 3, 0, 0, 1] : [$0 > 3_000 ? 1 : 0, 0, 0, 0, 1] }), .invalid,
            "1 of 3 sockets that were reset were still open on our side")
        try Self.expect(
            Self.reset().without { $0.isSample("clients") && $0.milliseconds < Self.fault }, .invalid,
            "nobody looked at the clients before the fault")
    }

    // MARK: silent

    /// Ended by the system so long after the fault; nil: kept until the heal closes them.
    private static func silent(_ ended: Int?, reads: Int? = nil) -> Look {
        { after in
            if after >= healed { return [0, 0, 0, 0, 100] }
            if let ended, after >= ended { return [clients, 0, 900, 0, 100] }
            return [clients, clients, after < 0 ? 0 : Int64(after == reads ? 1 : after), 0, 100]
        }
    }

    private static func silentEvents(_ looks: Look, counts: (Int) -> Int64? = forgotten(1_500)) -> [Event] {
        events("clients-silent", ["clients"], cleanedWithin: 3_000, looks: looks, counts: counts)
    }

    @Test func silentClientsThatAreEndedInTimePass() throws {
        let verdict = try Self.silentEvents(Self.silent(1_500)).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.measured.contains { $0.name == "time_to_end_silent_clients" && $0.outcome == .pass })
    }

    @Test func silentClientsThatAreKeptFail() throws {
        try Self.expect(
            Self.silentEvents(Self.silent(nil), counts: Self.forgotten(7_000)), .fail,
            "clients: 3 of 3 that fell silent were still connected 5.90 s later; the limit is 3.00 s")
        try Self.expect(
            Self.silentEvents(Self.silent(4_100), counts: Self.forgotten(4_000)), .fail,
            "clients: 3 fell silent, and the system ended them 4.1")
        try Self.expect(
            Self.silentEvents(Self.silent(1_500), counts: Self.forgotten(99_000)), .fail, "the system still counts 4")
    }

    @Test func clientsThatWereNotSilentProveNothing() throws {
        try Self.expect(
            Self.silentEvents(Self.silent(1_500, reads: 900)), .invalid, "a client that was to be silent read")
        try Self.expect(
            Self.silentEvents(Self.silent(500)), .invalid, "the clients were silent for 2 looks")
        try Self.expect(
            Self.silentEvents { $0 < Self.healed ? [3, 3, 0, 0, 1] : [0, 0, 0, 0, 1] }, .invalid, "0 octets unread")
        let closed: Look = { after in after > 1_000 && after < 1_400 ? [2, 3, 50, 0, 1] : Self.silent(4_000)(after) }
        try Self.expect(Self.silentEvents(closed), .invalid, "was not open on our side any more")
        try Self.expect(Self.silentEvents { [3, 3, $0 < 0 ? 0 : 9, 0, 1] }, .invalid, "are not closed yet")
    }

    // MARK: slow

    /// Cut by the system so long after the fault; nil: never. What it got after the heal, until it was closed a second later.
    private static func slow(_ cut: Int?, full: Int = 300, got: Int64 = 0) -> Look {
        { after in
            if let cut, after >= cut { return [0, 0, 0, 0, 100] }
            if after < healed { return [clients, clients, 600, after < full ? 0 : 1_400, 100] }
            return after < healed + 1_000 ? [clients, clients, 0, 0, 100 + got] : [0, 0, 0, 0, 100 + got]
        }
    }

    private static func slowEvents(_ looks: Look, backlog: Int64 = 0) -> [Event] {
        events("client-slow", ["slow-client"], backlog: backlog, looks: looks, counts: { _ in 1 })
    }

    @Test func aSlowClientThatIsCutOrMissesSomethingPasses() throws {
        let cut = try Self.slowEvents(Self.slow(4_000)).verdict()
        #expect(cut.outcome == .pass, "\(cut.sentence)")
        #expect(cut.notes.contains { $0.contains("was cut 4.10 s") }, "\(cut.notes)")
        #expect(cut.notes.contains { $0.contains("grew by 0 kB") }, "\(cut.notes)")
        let missed = try Self.slowEvents(Self.slow(nil, got: 20)).verdict()
        #expect(missed.outcome == .pass, "\(missed.sentence)")
        #expect(missed.notes.contains { $0.contains("got 20 messages of") }, "\(missed.notes)")
    }

    @Test func aSlowClientForWhichAllIsKeptIsInconclusiveBelowTheBound() throws {
        // Too few telegrams in a short run to fill any bound.
        try Self.expect(
            Self.slowEvents(Self.slow(nil, got: 200)), .inconclusive,
            "fewer than the declared bound of 0 and the buffers")
        try Self.expect(
            Self.slowEvents(Self.slow(4_000)).without { $0.isSample("process") && $0.milliseconds > Self.fault },
            .inconclusive, "slow client: nobody looked at the controller's memory")
    }

    @Test func aSlowClientForWhichAllIsKeptBeyondTheBoundFails() throws {
        // Three telegrams more for each tracer that there is.
        let more = stride(from: Self.fault + 100, to: QuietRun.healAt - 100, by: 40).enumerated().flatMap { turn, at in
            let group = ScriptedRun.tracers[turn % ScriptedRun.tracers.count]
            let raw: [UInt8] = [0x0A, UInt8(turn & 0x7F)]
            return [
                ScriptedRun.frame(at, group, raw), ScriptedRun.sample(at + 8, "mqtt", group, raw),
                ScriptedRun.sample(at + 10, "http", group, raw), ScriptedRun.sample(at + 10, "database", group, raw),
            ]
        }
        let verdict = try Self.slowEvents(Self.slow(nil, got: 400)).with(more).verdict()
        #expect(
            verdict.findings.contains {
                $0.checker == "slow-client" && $0.outcome == .fail && $0.sentence.contains("nothing was dropped")
            },
            "\(verdict.sentence)")
        let bounded = try Self.slowEvents(Self.slow(nil, got: 400), backlog: 5_000).with(more).verdict()
        #expect(bounded.findings.contains { $0.checker == "slow-client" && $0.outcome == .inconclusive })
    }

    @Test func memoryThatGrowsBeyondItsLimitFails() throws {
        let grown = ScriptedRun.reading(Self.fault + 3_000, "process", "resident_kilobytes", .integer(14_000 + 16_385))
        try Self.expect(Self.slowEvents(Self.slow(4_000)).with(grown), .fail, "memory grew by 16385 kB")
    }

    @Test func aQueueThatMovesProvesNothing() throws {
        let moving: Look = { after in
            after < Self.healed ? [3, 3, 600, after < 0 ? 0 : Int64(1_400 - after % 1_000), 1] : [3, 3, 0, 0, 1]
        }
        try Self.expect(Self.slowEvents(moving), .invalid, "stood still for")
        try Self.expect(Self.slowEvents(Self.slow(600, full: 300)), .invalid, "stood still for")
        try Self.expect(
            Self.slowEvents(Self.slow(nil, full: 1_300)), .invalid, "stood still for 4.")
        let quiet = Self.slowEvents(Self.slow(4_000)).without { event in
            guard event.milliseconds > Self.fault + 300, event.milliseconds < Self.fault + 4_000 else { return false }
            if case .frame = event.payload { return true }
            return event.isSample("mqtt")
        }
        try Self.expect(quiet, .invalid, "telegrams were on the line while the send queue stood still")
    }

    // MARK: health, and nothing done

    @Test func aSystemThatFeelsItIsNamed() throws {
        #expect(try Self.reset(["healthy"]).verdict().outcome == .pass)
        let ill = ScriptedRun.reading(Self.fault + 2_010, "health", "status", "degraded")
        try Self.expect(Self.reset(["healthy"]).with(ill), .fail, "health: it was degraded 2.01 s after the fault")
        let before = ScriptedRun.reading(Self.fault - 2, "health", "status", "healthy")
        #expect(try Self.reset(["healthy"]).with(before).verdict().outcome == .pass)
    }

    @Test func clientsWithWhichNothingIsDoneAreNoAlarm() throws {
        let quiet: Look = { $0 < Self.healed ? [3, 3, 0, $0 % 400 == 100 ? 80 : 0, 100] : [0, 0, 0, 0, 100] }
        func null(_ looks: Look) -> [Event] {
            Self.events("client-slow", ["slow-client", "healthy"], isNull: true, looks: looks, counts: { _ in 4 })
        }
        let verdict = try null(quiet).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        try Self.expect(
            null { $0 > 2_000 ? [2, 3, 0, 0, 1] : quiet($0) }, .invalid, "false alarm: a client's connection was gone")
        try Self.expect(
            null { $0 > 100 ? [3, 3, 0, 80, 1] : quiet($0) }, .invalid,
            "false alarm: the system's send queue stood still")
        try Self.expect(
            null(quiet).without { $0.isSample("clients") }, .invalid, "false alarm: nobody has looked at the clients")
    }
}
