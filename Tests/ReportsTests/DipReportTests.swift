import Checkers
import Events
import Testing

@testable import Reports

/// The dip curve as the terminal prints it, as the report draws it and as a program reads it.
@Suite struct DipReportTests {
    static let curve: DipCurve = {
        func tally(_ channel: String, _ length: Int64, _ seen: Int, _ counts: [DipResponse: Int]) -> DipTally {
            var tally = DipTally(channel: channel, lengthNanoseconds: length)
            (tally.made, tally.seen, tally.counts) = (5, seen, counts)
            return tally
        }
        return DipCurve(tallies: [
            tally("bus-switch", 10_000_000, 5, [.chipsRestarted: 5, .telegramLost: 5]),
            tally("bus-power", 61_900_000, 0, [:]),
            tally(
                "bus-power", 8_000_000_000, 5,
                [.chipsRestarted: 5, .telegramLost: 5, .interfaceRestarted: 4, .stateWrong: 1, .needsHand: 1]),
        ])
    }()

    static let run: RunReport = {
        var run = SampleCampaign.busCut()
        (run.id, run.variant, run.directory) = ("HW-2", "sweep", "HW-2/sweep/001")
        run.verdict.dips = curve
        guard case .record(var fields) = run.plan["judge"]?["fault"] ?? .null else { return run }
        let notMade: Value = [["length": 4_354_200_000, "reason": "<chance>"]]
        fields.append(Value.Field("sweep", ["not_made": notMade]))
        run.plan = ["judge": ["fault": .record(fields)]]
        return run
    }()

    static var campaign: CampaignReport {
        var campaign = SampleCampaign.campaign
        (campaign.runs, campaign.notRun) = ([run], [])
        return campaign
    }

    @Test func theTerminalHasARowForEachLength() {
        let lines = TerminalSummary.text(Self.campaign, colours: false).split(separator: "\n").map(String.init)
        #expect(lines.count == 6)
        let words = lines.dropFirst().map { $0.split(separator: " ").joined(separator: " ") }
        #expect(
            Array(words) == [
                "Length Through Made Seen chips restarted telegram lost interface restarted state wrong needs a hand",
                "10 ms bus-switch 5 5 5/5 (54–100 %) 5/5 (54–100 %) 0/5 (0–46 %) 0/5 (0–46 %) 0/5 (0–46 %)",
                "61.9 ms bus-power 5 0 0/5 (0–46 %) – – – –",
                "8 s bus-power 5 5 5/5 (54–100 %) 5/5 (54–100 %) 4/5 (34–99 %) 1/5 (1–66 %) 1/5 (1–66 %)",
                "4.35 s not run: <chance>",
            ])
    }

    @Test func severalRunsMakeOneCurve() {
        var campaign = Self.campaign
        campaign.runs = [Self.run, Self.run]
        #expect(TerminalSummary.text(campaign, colours: false).contains("10/10 (74–100 %)"))
    }

    @Test func whatHasNoCurvePrintsNone() {
        #expect(!TerminalSummary.text(SampleCampaign.campaign, colours: false).contains("chips restarted"))
        #expect(DipSection.markup(SampleCampaign.busCut()).isEmpty)
        #expect(!Results.text(SampleCampaign.campaign).contains("\"dips\""))
    }

    @Test func theReportHasTheFigureTheTableAndWhatWasNotRun() {
        let text = HTMLReport.text(Self.campaign)
        #expect(text.contains("Dip curve, 10 ms to 8 s"))
        #expect(text.contains("interface restarted at 8 s through bus-power: 4/5 (34–99 %)"))
        #expect(text.contains("4.35 s not run: &lt;chance&gt;"))
    }

    @Test func aCurveOfOneLengthIsNoPicture() {
        var run = Self.run
        run.verdict.dips = DipCurve(tallies: [Self.curve.tallies[0]])
        #expect(!DipSection.markup(run).isEmpty)
    }

    /// Evidence that came from elsewhere may hold any number.
    @Test(arguments: [999_999_999_999_999_999, 1_000_000_000_000_000_000, Int64.max])
    func aCurveOfImpossibleLengthsIsAPicture(longest: Int64) {
        var run = Self.run
        var tallies = Self.curve.tallies
        tallies[0].lengthNanoseconds = longest
        run.verdict.dips = DipCurve(tallies: tallies)
        #expect(!DipSection.markup(run).isEmpty)
    }

    @Test func resultsHoldTheCurve() throws {
        let results = try JSON.parse(Results.text(Self.campaign))
        let dips = results["scenarios"]?.list?.first?["repetitions"]?.list?.first?["dips"]?.list
        #expect(dips?.count == 3)
        #expect(dips?.first?["channel"]?.text == "bus-power")
        #expect(dips?.last?["responses"]?.list?.first?["name"]?.text == "chips_restarted")
        #expect(dips?.last?["responses"]?.list?.first?["k"]?.integer == 5)
    }
}
