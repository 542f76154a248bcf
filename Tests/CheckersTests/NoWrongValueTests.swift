import Checkers
import Events
import Testing

/// What a view shows, somebody has said: each way in which it was nobody, and each in which it was somebody all the same.
@Suite struct NoWrongValueTests {
    private static let tracer = ScriptedRun.tracers[0]
    /// No tracer's counter gets there within a run.
    private static let garbage: [UInt8] = [0x55, 0xAA]

    private static let run = {
        var run = ScriptedRun()
        run.alsoExpects = ["no-wrong-value"]
        return run
    }()

    private func sentences(_ events: [Event]) throws -> [String] {
        try events.verdict().findings.filter { $0.checker == "no-wrong-value" }.map(\.sentence)
    }

    @Test(arguments: ["mqtt", "http", "database"]) func aValueThatNobodySaidIsNamed(view: String) throws {
        let run = Self.run
        let verdict = try run.events.with(ScriptedRun.sample(run.brokenAt + 500, view, Self.tracer, Self.garbage))
            .verdict()
        #expect(verdict.outcome == .fail)
        let sentence = verdict.findings.first { $0.checker == "no-wrong-value" }?.sentence
        #expect(sentence?.hasPrefix("\(view) view: 1/1/0 showed 55aa ") == true, "\(verdict.findings)")
        #expect(sentence?.hasSuffix("which nobody had said") == true)
    }

    @Test func aPointThatNobodySpokeOfIsNamed() throws {
        let run = Self.run
        let stranger = ScriptedRun.sample(run.brokenAt + 500, "http", 0x0955, [1])
        #expect(try sentences(run.events.with(stranger)).first?.contains("1/1/85 showed 01") == true)
    }

    @Test func aValueThatIsSaidLaterWasWrong() throws {
        let run = Self.run
        let early = ScriptedRun.sample(run.brokenAt + 500, "http", Self.tracer, Self.garbage)
        let late = ScriptedRun.frame(run.healedAt + 2_000, Self.tracer, Self.garbage)
        #expect(try sentences(run.events.with(early, late)).count == 1)
    }

    @Test func whatAStimulusSaidBeforeTheWitnessWasReadyIsRight() throws {
        let run = Self.run
        let shown = ScriptedRun.sample(run.backAt + 300, "http", Self.tracer, Self.garbage)
        let said = { (outcome: Event.Stimulation.Outcome) in
            ScriptedRun.event(
                run.backAt + 290, "stimulus-1",
                .stimulus(
                    Event.Stimulation(
                        line: "main", group: Self.tracer, raw: Self.garbage, role: .tracer, outcome: outcome)))
        }
        #expect(try sentences(run.events.with(shown, said(.confirmed))).isEmpty)
        // What was only due nobody has heard.
        #expect(try sentences(run.events.with(shown, said(.due))).count == 1)
    }

    @Test func beforeTheFaultItIsNotJudged() throws {
        let run = Self.run
        let shown = ScriptedRun.sample(ScriptedRun.normalFrom, "http", 0x0955, [1])
        #expect(try sentences(run.events.with(shown)).isEmpty)
    }
}
