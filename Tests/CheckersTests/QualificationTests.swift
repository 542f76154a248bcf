import Events
import Testing

@testable import Checkers

/// When a fail is one for the right reason, and when it is luck.
@Suite struct QualificationTests {
    private static let stale = "http view: sentinel 1/3/0 (and 7 more) still shows 00 8.00 s after "

    @Test(arguments: [
        (
            "broker connection",
            "broker connection: the controller was not connected to the broker again 6.20 s after the broker came back"
        ),
        (
            "broker",
            "broker connection: the controller was not connected to the broker again 6.20 s after the broker came back"
        ),
        ("http view: sentinel", stale + "the line came back; the line has said 01 since 1.05 s after the fault"),
        (
            "interface daemon",
            "dip of 8 s: needs a hand (3 of 3): interface daemon: knxd exited at the fault and was not there again 6.00 s after the line came back"
        ),
        ("after the newer", "mqtt showed 1/1/0 = 8008 20.37 s after the fault, after the newer 8009"),
        (
            "controller: it exited",
            "controller: it exited 0.38 s after the fault (signal 6) and was not there again 6.34 s after the last malformed telegram"
        ),
        ("change failed", "a change failed: rig-2, asked for 0.09 s after the fault, with status 503"),
    ])
    func theRightReasonIsTold(finding: String, sentence: String) {
        #expect(Qualification.Sabotage.isTold(finding, by: sentence))
    }

    @Test(arguments: [
        ("broker", stale + "the broker came back"), ("bridge", stale + "bridge was killed"),
        ("broker connection", stale + "the broker came back"), ("clients", stale + "the silent clients were closed"),
        ("configuration", stale + "the system was started with its own configuration"),
        ("start", stale + "the system was started again"), ("database view: sentinel", stale + "the lock was released"),
        (
            "controller",
            "mqtt view: sentinel 1/3/0 still shows 00 8.00 s after the broker came back; the controller's own state (http) is right"
        ),
        (
            "controller",
            "broker connection: the controller was not connected to the broker again 6.20 s after the broker came back"
        ),
        ("bound", "rows rebound: x"), ("backlog", "the backlog of it: x"), ("api", "apiary: x"),
        ("lost update", "lost updates: x"),
    ])
    func whatIsOnlyMentionedIsNoReason(finding: String, sentence: String) {
        #expect(!Qualification.Sabotage.isTold(finding, by: sentence))
    }

    @Test func aScenarioThatNoSabotageShowsToFailIsNotQualified() {
        func scenario(_ variant: String, _ sabotages: [Qualification.Sabotage]) -> Qualification.Scenario {
            var scenario = Qualification.Scenario(id: "HW-1", variant: variant)
            scenario.clean.add(isGood: true, "pass")
            scenario.null.add(isGood: true, "pass")
            scenario.sabotages = sabotages
            return scenario
        }
        let caught = Qualification.Sabotage(
            protection: "knxd.restart", finding: "interface daemon", outcome: .fail,
            sentence: "interface daemon: knxd exited", run: "")
        func qualification(_ scenarios: Qualification.Scenario...) -> Qualification {
            Qualification(rig: "twin", kind: "twin", build: "b", system: "s", made: 0, scenarios: scenarios)
        }
        #expect(qualification(scenario("a", [caught]), scenario("b", [caught])).isQualified)
        let lacking = qualification(scenario("a", [caught]), scenario("b", []))
        #expect(!lacking.isQualified && lacking.unshown.map(\.variant) == ["b"])
        #expect(lacking.value["qualified"] == false)
    }
}
