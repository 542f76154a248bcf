import Checkers
import Reports
import Testing

@Suite struct QualificationSummaryTests {
    private static func qualification(_ change: (inout Qualification.Scenario) -> Void) -> Qualification {
        var scenario = Qualification.Scenario(id: "HW-1", variant: "cut-20s")
        scenario.clean.add(isGood: true, "pass")
        scenario.null.add(isGood: true, "pass")
        scenario.sabotages = [
            Qualification.Sabotage(
                protection: "knxd.restart", finding: "interface daemon", outcome: .fail,
                sentence: "interface daemon: knxd exited", run: "HW-1/cut-20s/002")
        ]
        change(&scenario)
        return Qualification(rig: "twin", kind: "twin", build: "b", system: "s", made: 0, scenarios: [scenario])
    }

    @Test func aQualifiedRigIsOneLine() {
        #expect(
            QualificationSummary.text(Self.qualification { _ in })
                == "QUALIFIED  clean runs 1 of 1, sabotages caught 1 of 1, null runs without alarm 1 of 1\n")
    }

    @Test func everyReasonAgainstItIsSaid() {
        let text = QualificationSummary.text(
            Self.qualification { scenario in
                scenario.clean.add(isGood: false, "fail: mqtt lost 3")
                scenario.null.add(isGood: false, "invalid: false alarm: knxd exited")
                scenario.sabotages[0].sentence = "descriptors leaked"
                scenario.sabotages.append(
                    Qualification.Sabotage(
                        protection: "knxd.reread", finding: "sentinel", outcome: .pass, sentence: "recovered", run: ""))
            })
        #expect(
            text == """
                NOT QUALIFIED  clean runs 1 of 2, sabotages caught 0 of 2, null runs without alarm 1 of 2
                  HW-1/cut-20s: a clean run did not pass: fail: mqtt lost 3
                  HW-1/cut-20s without knxd.restart: failed for another reason (fail): descriptors leaked
                  HW-1/cut-20s without knxd.reread: not caught (pass): recovered
                  HW-1/cut-20s: a null run raised an alarm: invalid: false alarm: knxd exited

                """)
    }

    @Test func aCalibrationWithoutNullRunsOrSabotagesQualifiesNothing() {
        for change in [
            { $0.null = .init() }, { $0.sabotages = [] }, { $0.clean = .init() },
        ] as [(inout Qualification.Scenario) -> Void] {
            #expect(!Self.qualification(change).isQualified)
        }
    }

    @Test func aScenarioWithoutASabotageIsNamed() {
        var qualification = Self.qualification { _ in }
        var other = qualification.scenarios[0]
        other.variant = "cut-3s"
        other.sabotages = []
        qualification.scenarios.append(other)
        #expect(
            QualificationSummary.text(qualification) == """
                NOT QUALIFIED  clean runs 2 of 2, sabotages caught 1 of 1, null runs without alarm 2 of 2
                  HW-1/cut-3s: no sabotage, no qualification: nothing shows that it can fail

                """)
    }

    @Test func whatSeveralScenariosCaughtIsSaidOfEach() {
        var qualification = Self.qualification { _ in }
        var other = qualification.scenarios[0]
        other.variant = "cut-3s"
        other.sabotages[0].outcome = .pass
        qualification.scenarios.append(other)
        let text = QualificationSummary.text(qualification)
        #expect(text.hasSuffix("  without knxd.restart: 1 of 2 caught it: HW-1/cut-20s\n"), "\(text)")
        qualification.scenarios[1].sabotages[0].outcome = .fail
        #expect(
            QualificationSummary.text(qualification).hasSuffix(
                "  without knxd.restart: 2 of 2 caught it: HW-1/cut-20s, HW-1/cut-3s\n"))
    }

    @Test func whereElseAProtectionIsMissedIsSaidOfEach() {
        func bystander(_ protection: String, _ scenario: String, _ outcome: Outcome) -> Qualification.Bystander {
            Qualification.Bystander(
                protection: protection, scenario: scenario, variant: "a", outcome: outcome, sentence: "", run: "")
        }
        var qualification = Self.qualification { _ in }
        qualification.bystanders = [
            bystander("knxd.restart", "IF-1", .pass), bystander("knxd.restart", "HW-4", .fail),
            bystander("db.commit-before-answer", "IF-1", .pass), bystander("knxd.restart", "HW-5", .invalid),
        ]
        #expect(qualification.isQualified)
        #expect(
            QualificationSummary.text(qualification).hasSuffix(
                """
                  without knxd.restart, 1 of 3 others failed: HW-4/a; no verdict: HW-5/a (invalid)
                  without db.commit-before-answer, 0 of 1 others failed

                """))
    }
}
