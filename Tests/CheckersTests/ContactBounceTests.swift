import Checkers
import Events
import Testing

/// A cut whose contact bounces at both edges: what the trace of the supply must show.
@Suite struct ContactBounceTests {
    private static func supply(_ at: Int, _ millivolts: Int64) -> Event {
        ScriptedRun.event(at, "sense", .supply(Event.SupplyReading(line: "main", millivolts: millivolts)))
    }

    /// A cut whose contact bounces for 30 ms when it opens and for so long when it closes. The command of the heal comes 100 ms before the line is back
    /// in the script: that is of the return all the same.
    private static func run(closing: Int64 = 130_000_000) -> ScriptedRun {
        var run = ScriptedRun()
        run.contact = ["opening": 30_000_000, "closing": .integer(closing)]
        run.seen = [Value.Field("interruptions", 3)]
        return run
    }

    /// `count` interruptions from so long after an edge on: up again and down, or down again and up.
    private static func interruptions(_ count: Int, from begin: Int, pitch: Int = 6, up first: Bool) -> [Event] {
        (0..<count).flatMap {
            [
                supply(begin + $0 * pitch + 1, first ? 29_000 : 8_000),
                supply(begin + $0 * pitch + pitch / 2, first ? 8_000 : 29_000),
            ]
        }
    }

    /// A run with so many interruptions at each edge.
    private static func events(opening: Int = 3, closing: Int = 3, late: Int = 0, in run: ScriptedRun = run())
        -> [Event]
    {
        run.events.with(
            interruptions(opening, from: run.brokenAt + 1, up: true)
                + interruptions(closing, from: run.backAt + late, up: false))
    }

    @Test(arguments: [3, 5]) func aContactThatBouncedAtBothEdgesIsProven(times: Int) throws {
        let verdict = try Self.events(opening: times, closing: times).verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
    }

    @Test(arguments: [0, 2]) func anEdgeThatDidNotBounceIsInvalid(times: Int) throws {
        try RigFaultTests.expectInvalid(
            Self.events(opening: times),
            "the trace of the supply shows \(times) of 3 interruptions within 0.08 s of the cut")
        try RigFaultTests.expectInvalid(
            Self.events(closing: times),
            "the trace of the supply shows \(times) of 3 interruptions within 0.18 s of the return")
    }

    @Test func bouncesAfterTheirTimeAreNoneOfTheContacts() throws {
        try RigFaultTests.expectInvalid(Self.events(late: 400), "of 3 interruptions within 0.18 s of the return")
    }

    /// Chips that wake while the contact still moves die again: what counts is what they say when it has come to rest.
    @Test func chipsThatWokeTooEarlyDoNotEndTheFault() throws {
        let run = Self.run(closing: 3_000_000_000)
        try RigFaultTests.expectInvalid(Self.events(in: run), "the chips have not all said Reset.ind")
    }

    /// Answered with success after the command of the heal, while the contact still moved; its telegram so long after Th, or never.
    @Test(arguments: [(1_500, Outcome.pass), (nil, .fail)] as [(Int?, Outcome)])
    func aCommandAnsweredWhileTheContactMovesMustAppear(after: Int?, outcome: Outcome) throws {
        let run = Self.run()
        var operation = Event.Operation(id: 9_000, name: "command", action: .invoke, group: 4096, raw: [1])
        let invoked = ScriptedRun.event(run.healAt + 20, "commands", .operation(operation))
        operation.action = .ok
        var events = Self.events(in: run).with(
            invoked, ScriptedRun.event(run.healAt + 60, "commands", .operation(operation)))
        if let after {
            events = events.with(ScriptedRun.frame(run.healedAt + after, 4096, [1], sender: ScriptedRun.system))
        }
        let verdict = try events.verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
    }

    @Test func itIsACutBeforeItIsABounce() throws {
        let run = Self.run()
        let alive = ["stimulus-1", "stimulus-2"].map { RigFaultTests.report(run.brokenAt + 800, $0, .state) }
        try RigFaultTests.expectInvalid(Self.events(in: run).with(alive), "only 1 of 3 chips fell silent")
    }
}
