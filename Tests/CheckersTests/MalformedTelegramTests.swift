import Checkers
import Events
import Testing

/// Telegrams that are none: what must come of them, and of the connection on which they came.
@Suite struct MalformedTelegramTests {
    private static let fault = ScriptedRun.faultAt

    private static func log(_ at: Int, _ means: String) -> Event {
        ScriptedRun.event(at, "log", .log(Event.LogLine(process: "controller", line: means, means: means)))
    }

    /// Group 1/1/40 (2344): a malformed telegram of one octet, a good one of two.
    private static let spare: UInt16 = 2344

    private static func malformed(_ more: [Event], seen: Bool = true) -> [Event] {
        let bad = ScriptedRun.frame(fault + 20, spare, [0x55, 0x55, 0x55])
        let good = ScriptedRun.frame(fault + 1_600, spare, [0x0C, 0x20])
        guard case .frame(let frame) = bad.payload else { return [] }
        var run = QuietRun(kind: "malformed-telegrams", target: "line:main", checkers: ["skips"])
        run.fault = [
            ("malformed", [.octets(frame.octets)]), ("good", [["group": .integer(Int64(spare)), "raw": "0c20"]]),
        ]
        return run.events.with((seen ? [bad] : []) + [good] + more)
    }

    /// The same with a bound for what the system may lose meanwhile.
    private static func bounded(_ more: [Event]) -> [Event] {
        malformed(shown([0x0C, 0x20]) + more).map { event in
            guard case .plan(let plan) = event.payload else { return event }
            var event = event
            event.payload = .plan(
                plan.replacing(["judge", "fault", "losses"], 1).replacing(["judge", "interface_daemon"], "knxd"))
            return event
        }
    }

    private static func daemon(_ at: Int) -> [Event] {
        [
            QuietRun.process(at, .exited, status: 1, "knxd"), QuietRun.process(at + 100, .started, "knxd"),
            log(at + 1, "line lost"),
        ]
    }

    static let losses: [(events: [Event], sentence: String?)] = [
        (bounded([]), nil), (bounded([log(fault + 100, "line lost")]), nil), (bounded(daemon(fault + 100)), nil),
        // Before the fault it is not of it.
        (bounded([log(fault - 100, "line lost"), log(fault + 100, "line lost")]), nil),
        // Without a bound, as in plans of before, nobody counts.
        (malformed(shown([0x0C, 0x20]) + [log(fault + 100, "line lost"), log(fault + 900, "line lost")]), nil),
        (
            bounded([log(fault + 100, "line lost"), log(fault + 900, "line lost"), log(fault + 1_800, "line lost")]),
            "reconnect storm: the connection to the line was lost 3 times after the malformed telegrams, for the second time 0.8"
        ),
        (
            bounded(daemon(fault + 100) + [QuietRun.process(fault + 900, .exited, status: 1, "knxd")]),
            "reconnect storm: knxd was lost 2 times"
        ),
    ]

    @Test(arguments: losses)
    func aMalformedTelegramMayCostTheConnectionOnce(events: [Event], sentence: String?) throws {
        let verdict = try events.verdict()
        let storm = verdict.findings.first { $0.sentence.hasPrefix("reconnect storm") }
        #expect((storm == nil) == (sentence == nil), "\(verdict.sentence)")
        if let sentence {
            #expect(storm?.sentence.hasPrefix(sentence) == true && verdict.outcome == .fail, "\(verdict.sentence)")
        }
    }

    /// Octets that are no frame, as the witness tells them: a truncated frame, then noise and a service of its chip.
    private static func byOctets(_ told: [Event], injector: Value = "line") -> [Event] {
        let parts: [Value] = [.octets([0xBC, 0x11, 0x0A, 0x09]), .octets([0x55, 0x07, 0x56])]
        return malformed(shown([0x0C, 0x20]), seen: false).map { event in
            guard case .plan(let plan) = event.payload else { return event }
            var event = event
            event.payload = .plan(
                plan.replacing(["judge", "fault", "malformed"], .list(parts)).replacing(
                    ["judge", "fault", "injector"], injector))
            return event
        }.with(told)
    }

    private static func heard(_ at: Int, _ octets: [UInt8], flaw: String) -> Event {
        ScriptedRun.event(
            at, "witness",
            .frame(
                Event.Frame(
                    line: "main", octets: octets, acknowledge: nil,
                    began: ScriptedRun.instant(at) - .microseconds(1_354 * Int64(octets.count)), flaw: flaw)))
    }

    private static let state = ScriptedRun.event(
        fault + 303, "witness", .interface(Event.InterfaceReport(line: "main", report: .state, octet: 0x07)))
    private static let truncated = heard(fault + 20, [0xBC, 0x11, 0x0A, 0x09], flaw: "truncated")
    private static let noise = [heard(fault + 301, [0x55], flaw: "noise"), heard(fault + 305, [0x56], flaw: "noise")]

    @Test(
        arguments: [
            (byOctets([truncated, noise[0], state, noise[1]]), Outcome.pass, ""),
            (byOctets([truncated, noise[0], noise[1]]), .invalid, "has not seen 1 of 2 malformed telegrams, 550756"),
            (byOctets([noise[0], state, noise[1]]), .invalid, "nothing has seen it"),
            // What a chip sent is a frame, and a witness that told it in parts has not seen it.
            (
                byOctets([truncated, noise[0], state, noise[1]], injector: "chip"), .invalid,
                "has not seen 1 of 2 malformed telegrams"
            ),
        ] as [([Event], Outcome, String)])
    func whatIsNoFrameIsSeenInParts(events: [Event], outcome: Outcome, sentence: String) throws {
        let verdict = try events.verdict()
        #expect(
            verdict.outcome == outcome && verdict.sentence.contains(outcome == .pass ? "" : sentence),
            "\(verdict.sentence)")
    }

    /// A frame that the fault itself put on the line in two pieces says nothing of this computer; one that it did not, does.
    @Test(arguments: [true, false])
    func whatTheFaultToreIsNotTheComputersFault(isPlanned: Bool) throws {
        guard case .frame(let whole) = ScriptedRun.frame(Self.fault, Self.spare, [0x55, 0x55, 0x55]).payload else {
            return
        }
        let pieces = [Array(whole.octets[..<5]), Array(whole.octets[5...])]
        let told = [
            Self.heard(Self.fault + 22, pieces[0], flaw: "truncated"),
            Self.heard(Self.fault + 24, pieces[1], flaw: "noise"),
        ]
        let events = Self.byOctets(told).map { event in
            guard case .plan(let plan) = event.payload else { return event }
            var event = event
            let seen: [Value] = isPlanned ? pieces.map { .octets($0) } : [.octets(pieces[1])]
            event.payload = .plan(plan.replacing(["judge", "fault", "malformed"], .list(seen)))
            return event
        }
        let verdict = try events.verdict()
        #expect(verdict.outcome == (isPlanned ? .pass : .invalid), "\(verdict.sentence)")
        if !isPlanned { #expect(verdict.sentence.contains("in 2 parts"), "\(verdict.sentence)") }
    }

    private static func shown(_ raw: [UInt8], at: Int = fault + 1_610) -> [Event] {
        [
            ScriptedRun.sample(at, "mqtt", spare, raw), ScriptedRun.sample(at + 400, "http", spare, raw),
            ScriptedRun.sample(at + 900, "database", spare, raw),
        ]
    }

    static let tellings: [(events: [Event], sentence: String?)] = [
        (malformed(shown([0x0C, 0x20])), nil),
        // A value of before the fault, which is published again.
        (
            malformed(
                shown([0x0C, 0x01], at: fault - 2_000) + shown([0x0C, 0x01], at: fault + 300) + shown([0x0C, 0x20])),
            nil
        ),
        (
            malformed(shown([0x55, 0x55, 0x55], at: fault + 30) + shown([0x0C, 0x20])),
            "that is of a malformed telegram"
        ),
        (malformed([]), "the good telegram 1/1/40 = 0c20 after a malformed one was not shown"),
    ]

    @Test(arguments: tellings)
    func aMalformedTelegramLeavesNothingBehind(events: [Event], sentence: String?) throws {
        let verdict = try events.verdict()
        #expect(verdict.outcome == (sentence == nil ? .pass : .fail), "\(verdict.sentence)")
        if let sentence { #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)") }
    }

    @Test func aMalformedTelegramThatTheWitnessDidNotSeeWasNotSent() throws {
        let verdict = try Self.malformed(Self.shown([0x0C, 0x20]), seen: false).verdict()
        #expect(verdict.outcome == .invalid)
    }
}
