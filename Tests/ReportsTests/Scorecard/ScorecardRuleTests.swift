import Catalogue
import Evidence
import Testing

@testable import Reports

/// The rules that keep a score honest, one by one.
@Suite struct ScorecardRuleTests {
    private let everything = ScorecardBench.ids.map { ScorecardBench.run($0) }

    @Test func theDenominatorIsTheWholeCatalogue() {
        // 9 of 16 + 9 + 4; the physical tier is not among them.
        let card = ScorecardBench.card([ScorecardBench.run("PB-2"), ScorecardBench.run("HW-1")])
        #expect(abs(card.score.uncapped - 10 * 9 / 29.0) < 1e-9)
        #expect(abs(card.physical.value - 10) < 1e-9)
    }

    @Test func allCleanIsTen() {
        let card = ScorecardBench.card(everything)
        #expect(card.printedScore == 10)
        #expect(card.headline == "10.0 of 10 (smoke); physical: 10.0 of 10")
        #expect(card.score.caps.isEmpty)
        #expect(card.nextRuns.isEmpty)
    }

    @Test func whatIsNotApplicableStaysInTheTableAndScoresNothing() {
        var input = ScorecardBench.input(everything)
        input.notApplicable["PB-2"] = "there is no daemon"
        let card = Scorecard(input)
        #expect(abs(card.score.value - 10 * 20 / 29.0) < 1e-9)
        #expect(card.rows.first { $0.entry.id == "PB-2" }?.note == "there is no daemon")
    }

    @Test func thePhysicalTierIsSaidEvenWhenItWasNotRun() {
        #expect(ScorecardBench.card([ScorecardBench.run("IF-1")]).headline.hasSuffix("physical: not tested"))
    }

    @Test func onlyRunsScore() throws {
        var input = ScorecardBench.input([])
        input.runs = [ScorecardBench.run("HW-1")]
        input.audit = try ScorecardFormatTests.audit()
        #expect(Scorecard(input).score.value == 0)
    }

    static let caps: [(failing: [String], missing: [String], score: Double)] = [
        (["IF-1"], [], 4), ([], ["IF-1"], 130.0 / 29), ([], ["PB-2"], 200.0 / 29), (["DI-1"], [], 250.0 / 29),
        (["HW-1"], [], 4), ([], ["HW-1"], 10),
    ]

    /// A failing scenario of high risk caps at 4, an unverified one at 6; one of low risk does neither.
    @Test(arguments: caps)
    func capsHold(failing: [String], missing: [String], score: Double) {
        let runs = ScorecardBench.ids.filter { !missing.contains($0) }.map {
            ScorecardBench.run($0, failing.contains($0) ? "fail" : "pass")
        }
        let card = ScorecardBench.card(runs)
        #expect(abs(card.score.value - score) < 1e-9, "\(card.headline)")
    }

    @Test func anUnverifiedScenarioOfHighRiskCapsAtSix() {
        var input = ScorecardBench.input(everything.filter { $0.scenario != "IF-1" })
        input.weights.entries[1].likelihood = 5
        input.weights.entries[1].impact = 5
        let card = Scorecard(input)
        #expect(card.score.uncapped > 6)
        #expect(card.score.value == 6)
        #expect(card.capText == "capped at 6.0 because IF-1 is not verified; 6.4 without the cap")
    }

    static let demands: [(level: EvidenceLevel, risk: Int, runs: Int)] = [
        (.smoke, 16, 1), (.release, 16, 29), (.release, 9, 14), (.release, 4, 9), (.certify, 12, 299),
        (.certify, 6, 59),
        (.certify, 5, 29),
    ]

    /// Clean runs that full marks take: the table of the facts.
    @Test(arguments: demands)
    func levelsDemandSoManyCleanRuns(level: EvidenceLevel, risk: Int, runs: Int) {
        #expect(level.cleanRuns(risk: risk) == runs)
        let bound = { (n: Int) in ClopperPearsonBound.clean(n) }
        #expect(level.worth(passed: runs, of: runs, lowerBound: bound(runs), risk: risk) == 1)
        if runs > 1 {
            #expect(level.worth(passed: runs - 1, of: runs - 1, lowerBound: bound(runs - 1), risk: risk) < 1)
        }
    }

    @Test func belowFullMarksTheShareOfNinesCounts() {
        let card = ScorecardBench.card(ScorecardBench.runs("IF-1", pass: 10), level: .release)
        let row = card.rows[0]
        // 10 of 10 prove 0.741: 0.587 nines of the one that 0.90 is.
        #expect(abs(row.worth - 0.587) < 0.001)
        #expect(row.verified == .partly)
        #expect(row.proof == "10 of 10: recovers at least 74 % of the time")
    }

    @Test func aFailureIsNeverRetriedAway() {
        let card = ScorecardBench.card(ScorecardBench.runs("IF-1", pass: 500, fail: 1), level: .release)
        #expect(card.rows[0].verified == .failing)
        #expect(card.score.caps.first?.limit == 4)
        let smoke = ScorecardBench.card(ScorecardBench.runs("IF-1", pass: 500, fail: 1))
        #expect(smoke.rows[0].worth == 0)
    }

    @Test func aFailureOfAnotherVariantFailsTheScenario() {
        let card = ScorecardBench.card([
            ScorecardBench.run("IF-1"), ScorecardBench.run("IF-1", "fail", variant: "stalled"),
        ])
        #expect(card.rows[0].isFailing)
        #expect(card.rows[0].worth == 0)
    }

    @Test func anotherVariantDoesNotStandForTheDefault() {
        #expect(ScorecardBench.card([ScorecardBench.run("IF-1", variant: "easy")]).rows[0].worth == 0)
    }

    @Test func withoutAQualificationThereIsNoScore() {
        var input = ScorecardBench.input(everything)
        input.qualification = nil
        let card = Scorecard(input)
        #expect(card.printedScore == nil)
        #expect(card.headline == "no score: rig not qualified")
        #expect(card.rows.allSatisfy { $0.worth == 0 })
        for qualification in [
            ScorecardBench.qualification(qualified: false), ScorecardBench.qualification(tool: "another"),
        ] {
            input.qualification = qualification
            #expect(Scorecard(input).printedScore == nil)
        }
    }

    @Test func aScenarioWhoseSabotageWasNotCaughtProvesNothing() {
        var input = ScorecardBench.input(everything)
        input.qualification = ScorecardBench.qualification(["IF-1", "DI-1"])
        #expect(Scorecard(input).rows.filter { $0.worth == 1 }.map(\.entry.id) == ["IF-1", "DI-1"])
        input.qualification = ScorecardBench.qualification(caught: 0)
        #expect(Scorecard(input).rows.allSatisfy { $0.worth == 0 })
        input.qualification = ScorecardBench.qualification(unshown: ["IF-1"])
        #expect(Scorecard(input).rows.filter { $0.worth == 0 }.map(\.entry.id) == ["IF-1"])
    }

    @Test func whatARigIsNotQualifiedByIsSaid() {
        let record = ScorecardBench.qualification(caught: 0, qualified: false, unshown: ["IF-1"])
        #expect(
            record.objection(rig: "twin", kind: "twin", toolBuild: "tool")
                == "it was not qualified: clean 1 of 1, sabotages caught 0 of 4, null 1 of 1, no sabotage of IF-1/bare")
        #expect(ScorecardBench.qualification().objection(rig: "twin", kind: "twin", toolBuild: "tool") == nil)
    }

    /// More than one and more than 5 % of invalid runs: no score.
    @Test(arguments: [(1, 1, true), (2, 38, true), (2, 37, false), (3, 57, true), (3, 56, false)])
    func invalidRunsDisqualify(invalid: Int, valid: Int, qualified: Bool) {
        let runs =
            (0..<invalid).map { ScorecardBench.run("PB-2", "invalid", number: $0) }
            + (0..<valid).map { ScorecardBench.run("PB-2", number: 1000 + $0) }
        #expect(ScorecardBench.card(runs).isQualified == qualified)
    }

    @Test func anotherBuildMakesEvidenceStale() {
        let old = ScorecardBench.ids.map { ScorecardBench.run($0, build: "build-a", began: 1000) }
        let card = ScorecardBench.card(old + [ScorecardBench.run("IF-1")])
        #expect(card.subject?.build == "build-b")
        #expect(card.rows.filter { $0.worth > 0 }.map(\.entry.id) == ["IF-1"])
        #expect(card.staleBuilds == [BuildSummary(build: "build-a", runs: 4, newest: 1000)])
        #expect(card.trend.map(\.build) == ["build-a", "build-b"])
        #expect(card.trend[0].score == 10)
        var input = card.input
        input.build = "build-a"
        #expect(Scorecard(input).printedScore == 10)
    }

    @Test(arguments: ["null", "replaced", "chained", "held", "sabotage", "altered", "other rig", "other tool"])
    func whatProvesNothingIsLeftOut(kind: String) {
        var odd = ScorecardBench.run(
            "IF-1", sabotage: kind == "sabotage" ? ["mqtt.reconnect"] : [], flaw: kind == "altered" ? "altered" : nil,
            tool: kind == "other tool" ? "x" : "tool", rig: kind == "other rig" ? "bench" : "twin",
            isNull: kind == "null",
            isReplaced: kind == "replaced")
        odd.isChained = kind == "chained"
        odd.isHeld = kind == "held"
        let card = ScorecardBench.card([odd, ScorecardBench.run("PB-2", began: 3000)])
        #expect(card.rows[0].tested == 0)
        #expect(card.rows[1].worth == 1)
        #expect(card.unusable.count == (["altered", "other rig", "other tool"].contains(kind) ? 1 : 0))
    }

    @Test func aFailIsNeverSaidToHaveBeenMadeAgain() {
        let card = ScorecardBench.card(
            [ScorecardBench.run("IF-1", "fail", isReplaced: true), ScorecardBench.run("IF-1", number: 2)])
        #expect(card.rows[0].tested == 2 && card.rows[0].worth == 0)
    }

    @Test func aSystemWithoutItsProtectionsHasACardOfItsOwn() {
        let off = ["mqtt.reconnect", "knxd.restart"]
        var input = ScorecardBench.input(
            everything + ScorecardBench.ids.map { ScorecardBench.run($0, "fail", sabotage: off) })
        input.sabotage = off.reversed()
        let card = Scorecard(input)
        #expect(card.score.value == 0)
        #expect(card.critical.map(\.entry.id) == ["HW-1", "IF-1", "PB-2", "DI-1"])
        #expect(card.recommendations.first?.because == "HW-1 fail & <worse>")
    }

    @Test func theCheapestNextRunsComeFirst() {
        let runs = [ScorecardBench.run("PB-2", seconds: 30), ScorecardBench.run("HW-1", seconds: 60)]
        let next = ScorecardBench.card(runs).nextRuns
        #expect(next.map(\.id) == ["IF-1", "DI-1"])
        #expect(next[0].runs == 1)
        #expect(abs(next[0].uncappedGain - 160 / 29.0) < 1e-9)
        let release = ScorecardBench.card(ScorecardBench.runs("DI-1", pass: 4), level: .release).nextRuns
        #expect(release.first { $0.id == "DI-1" }?.runs == 5)
        #expect(release.first { $0.id == "DI-1" }?.seconds == 200)
    }
}

/// The exact bound of n clean runs: 0.05^(1/n).
enum ClopperPearsonBound {
    static func clean(_ runs: Int) -> Double {
        var low = 0.0
        var high = 1.0
        for _ in 0..<200 {
            let middle = (low + high) / 2
            var power = 1.0
            for _ in 0..<runs { power *= middle }
            if power < 0.05 { low = middle } else { high = middle }
        }
        // The bound as it is computed may differ in its last place; what is asked here is the number of runs.
        return high + 1e-12
    }
}
