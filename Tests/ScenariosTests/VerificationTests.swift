import Checkers
import Events
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
