import Checkers
import Events
import Testing

@testable import Reports

@Suite struct TerminalSummaryTests {
    @Test func aLinePerScenarioAndTheReasonUnderAFail() {
        #expect(
            TerminalSummary.text(SampleCampaign.campaign, colours: false) == """
                PASS     HW-1/cut-20s   recovered 3.42 s ± 0.11 s after the line came back (limit 30 s)  1 of 1
                FAIL     IF-1/down-10s  0 of 1 passed
                         mqtt broke first: 3 telegrams were lost silently between +9.871 s and +10.002 s; nothing counted them
                NOT RUN  HW-4/off-5s    needs relay:host-supply

                """)
    }

    @Test func severalRepetitionsAreTheWorstOfThem() {
        var campaign = SampleCampaign.campaign
        var slow = SampleCampaign.busCut()
        slow.verdict.measured[1].valueNanoseconds = 9_000_000_000
        slow.verdict.sentence = "recovered 9.00 s"
        campaign.runs = [SampleCampaign.busCut(), slow, SampleCampaign.busCut()]
        campaign.notRun = []
        #expect(
            TerminalSummary.text(campaign, colours: false)
                == "PASS  HW-1/cut-20s  recovered 9.00 s  3 of 3: at least 36.8 % of the time\n")
        campaign.runs[2].verdict.outcome = .inconclusive
        campaign.runs[2].verdict.sentence = "too close."
        #expect(
            TerminalSummary.text(campaign, colours: false)
                == "INCONCLUSIVE  HW-1/cut-20s  2 of 3 passed\n              too close.\n")
    }

    @Test func coloursOnlyWhenAskedFor() {
        #expect(!TerminalSummary.text(SampleCampaign.campaign, colours: false).contains("\u{1B}"))
        #expect(
            TerminalSummary.text(SampleCampaign.campaign, colours: true).hasPrefix("\u{1B}[1;32mPASS   \u{1B}[0m  HW-1")
        )
    }

    @Test(arguments: Outcome.allCases)
    func theWorstIsByTheOrderOfTheVerdicts(outcome: Outcome) {
        let order: [Outcome] = [.pass, .inconclusive, .invalid, .error, .fail, .aborted]
        for other in Outcome.allCases {
            let worst = Outcome.worst(of: [outcome, other])
            let expected = order[max(order.firstIndex(of: outcome) ?? 0, order.firstIndex(of: other) ?? 0)]
            #expect(worst == expected)
        }
    }
}

@Suite struct FiguresTests {
    @Test(
        arguments: [
            (3_420_000_000, 110_000_000, "3.42 s ± 0.11 s"), (3_424_999_999, 110_000_001, "3.42 s ± 0.12 s"),
            (340_000_000, 12_345_678, "340 ms ± 13 ms"), (20_000_000_000, 1_500_000_000, "20.0 s ± 1.5 s"),
            (20_000_000_000, 0, "20 s"), (85_000, 1_200, "85.0 µs ± 1.2 µs"), (0, 5_000_000, "0.0 ms ± 5.0 ms"),
            (-3_420_000_000, 110_000_000, "−3.42 s ± 0.11 s"), (12, 3, "12 ns ± 3 ns"),
            (100_000_000_000, 150_000_000_000, "100 s ± 150 s"), (1_000_000_000, 99, "1.000000000 s ± 0.000000099 s"),
        ] as [(Int64, Int64, String)])
    func valueAndUncertaintyEndAtTheSamePlace(value: Int64, uncertainty: Int64, text: String) {
        #expect(Figures.measured(value, uncertainty) == text)
    }

    @Test(
        arguments: [
            (0, "0 s"), (1, "1 ns"), (999, "999 ns"), (1_500, "1.5 µs"), (2_000_000, "2 ms"), (6_200_000, "6.2 ms"),
            (1_000_000_000, "1 s"), (19_999_600_000, "20 s"), (-250_000_000, "−250 ms"),
            (Int64.max, "1000000000 s"), (Int64.min, "−1000000000 s"),
        ] as [(Int64, String)])
    func spansTakeTheUnitThatFits(nanoseconds: Int64, text: String) {
        #expect(Figures.span(nanoseconds) == text)
    }

    @Test(
        arguments: [
            (3_420_000_000, "3.42"), (0, "0"), (1, "0.000000001"), (30_000_000_000, "30"), (100_000_000_000, "100"),
        ] as [(Int64, String)])
    func exactSecondsLoseNothing(nanoseconds: Int64, text: String) {
        #expect(Figures.exactSeconds(nanoseconds) == text)
    }

    @Test func offsetsAreSignedAndDatesAreUTC() {
        let origin = Instant(nanoseconds: 10_000_000_000)
        #expect(Figures.offset(Instant(nanoseconds: 13_420_400_000), from: origin) == "+3.420 s")
        #expect(Figures.offset(Instant(nanoseconds: 9_500_000_000), from: origin) == "−0.500 s")
        #expect(Figures.utc(seconds: 1_795_731_330) == "2026-11-26 22:15:30 UTC")
        #expect(Figures.utc(nanoseconds: 1_795_731_330_007_999_999) == "2026-11-26 22:15:30.007 UTC")
        #expect(Figures.utc(seconds: 0, iso8601: true) == "1970-01-01T00:00:00Z")
    }

    @Test(arguments: [
        (["knxrig", "test", "HW-1/cut-20s"], "knxrig test HW-1/cut-20s"),
        (["a b", "", "it's", "$x"], #"'a b' '' 'it'\''s' '$x'"#),
    ])
    func aCommandCanBePasted(words: [String], text: String) {
        #expect(shellText(words) == text)
    }
}
