import Checkers
import Events
import Evidence
import Testing

@testable import Scenarios

/// When a verdict that is judged again is the same as the sealed one.
@Suite struct VerificationTests {
    private static var sealed: RunVerdict {
        var verdict = RunVerdict(outcome: .pass, sentence: "recovered 1.20 s after the bus voltage returned")
        verdict.notes = ["the rig was left clean"]
        verdict.witness = WitnessStatement(
            standing: .nothingMissing, sentence: "nothing was lost", frames: 10, sent: 10, lost: 0, places: [],
            limits: [])
        return verdict
    }

    /// Notes tell of the bench after the run, which its evidence does not; and another version of the checkers that says the same says the same.
    @Test func notesAndVersionsAreNoDifference() {
        var again = Self.sealed
        again.notes = []
        again.checkerVersion = Self.sealed.checkerVersion + "+1"
        #expect(Verification.differences(Self.sealed, again).isEmpty)
    }

    private static func measured(_ name: String, _ value: Int64) -> Measured {
        Measured(name: name, valueNanoseconds: value, uncertaintyNanoseconds: 1, limitNanoseconds: 9, outcome: .pass)
    }

    /// Newer checkers may know more; what older ones said, and the same ones say now, is compared to the letter.
    @Test func whatOnlyNewerCheckersSayIsNoDifference() {
        var sealed = Self.sealed
        sealed.witness = nil
        sealed.measured = [Self.measured("time_to_recover", 5)]
        var again = Self.sealed
        again.measured = [Self.measured("time_to_detect", 2), Self.measured("time_to_recover", 5)]
        #expect(Verification.differences(sealed, again) == ["measured", "witness"])
        again.checkerVersion += "+1"
        #expect(Verification.differences(sealed, again).isEmpty)
        #expect(Verification.differences(again, sealed) == ["measured", "witness"])
        again.measured[1].valueNanoseconds = 6
        #expect(Verification.differences(sealed, again) == ["measured"])
        again.measured = []
        #expect(Verification.differences(sealed, again) == ["measured"])
        again = sealed
        again.checkerVersion += "+1"
        again.sentence += "."
        #expect(Verification.differences(sealed, again) == ["sentence"])
    }

    /// What a run counts as that was sealed with one outcome and is judged again with another one, in other words.
    @Test(
        arguments: [
            (Outcome.pass, Outcome.pass, "pass", true), (.pass, .fail, "fail", true), (.pass, .invalid, "pass", false),
            (.pass, nil, "pass", false), (.fail, .fail, "fail", true), (.fail, .pass, "fail", true),
            (.fail, .invalid, "fail", true), (.fail, nil, "fail", true), (.invalid, .fail, "fail", true),
            (.invalid, .invalid, "invalid", true), (.invalid, .pass, "invalid", false),
        ] as [(Outcome, Outcome?, String, Bool)])
    func aFailByEitherJudgementIsAFail(sealed: Outcome, again: Outcome?, counts: String, hasWeight: Bool) {
        let run = RunSummary(
            directory: "", scenario: "HW-1", variant: "cut-20s", repetition: 1, outcome: sealed.rawValue,
            sentence: "as it was", system: "", systemBuild: "", rig: "", rigKind: "", tool: "", toolBuild: "",
            began: 0, durationNanoseconds: 0)
        let verification = Verification(
            integrity: .intact, sealed: RunVerdict(outcome: sealed, sentence: "as it was"),
            recomputed: again.map { RunVerdict(outcome: $0, sentence: "in other words") })
        let weighed = verification.weighing(run)
        #expect(weighed.outcome == counts)
        #expect((weighed.flaw == nil) == hasWeight, "\(weighed.flaw ?? "")")
        #expect(weighed.sentence == (sealed != .fail && counts == "fail" ? "in other words" : "as it was"))
    }

    @Test func everythingElseIsNamed() {
        let finding = Finding(checker: "recovery", outcome: .fail, sentence: "late", at: Instant(nanoseconds: 1))
        let changes: [(String, (inout RunVerdict) -> Void)] = [
            ("outcome", { $0.outcome = .fail }), ("sentence", { $0.sentence += "." }),
            ("instants", { $0.instants.fault = Instant(nanoseconds: 1) }), ("findings", { $0.findings = [finding] }),
            ("witness", { $0.witness = nil }),
        ]
        for (what, change) in changes {
            var again = Self.sealed
            change(&again)
            #expect(Verification.differences(Self.sealed, again) == [what])
            #expect(Verification.differences(again, Self.sealed) == [what])
        }
        #expect(Verification.differences(Self.sealed, Self.sealed).isEmpty)
    }
}
