import Checkers
import Events
import Foundation
import Testing

@testable import Reports

@Suite struct RepetitionsTests {
    static func runs(_ count: Int, failed: Int = 0, milliseconds: Int64 = 3_420) -> [RunReport] {
        (0..<count).map { number in
            var run = SampleCampaign.busCut()
            run.repetition = number + 1
            run.directory = "HW-1/cut-20s/00\(number + 1)"
            run.verdict.measured[1].valueNanoseconds = (milliseconds + Int64(number) * 20) * 1_000_000
            if number < failed {
                run.verdict.outcome = .fail
                run.verdict.measured[1].valueNanoseconds = nil
            }
            return run
        }
    }

    static func campaign(_ runs: [RunReport]) -> CampaignReport {
        var campaign = SampleCampaign.campaign
        campaign.runs = runs
        return campaign
    }

    @Test func theBoundStandsBesideTheCount() {
        let html = HTMLReport.text(Self.campaign(Self.runs(10, failed: 1)))
        #expect(html.contains("9 of 10"))
        #expect(html.contains("60.5 %"))
        #expect(html.contains("one-sided 95 % lower bound of Clopper and Pearson"))
        #expect(!HTMLReport.text(Self.campaign(Self.runs(1))).contains("Clopper"))
    }

    @Test func whatTestedNothingDoesNotEnterN() throws {
        var runs = Self.runs(4)
        runs[0].verdict.outcome = .invalid
        runs[1].isReplaced = true
        let group = try #require(Self.campaign(runs).groups.first)
        #expect(group.tested.count == 2)
        let html = HTMLReport.text(Self.campaign(runs))
        #expect(html.contains("1 invalid, made again, not counted; 1 tested nothing, not counted"))
        // The square root of 0.05, rounded down.
        #expect(html.contains("22.3 %"))
    }

    @Test func everyRunIsADotAndTheLimitALine() {
        let html = HTMLReport.text(Self.campaign(Self.runs(5, failed: 2)))
        let strip = html.split(separator: #"class="timeline strips""#).last.map(String.init) ?? ""
        #expect(strip.contains("limit 30 s"))
        #expect(strip.contains("repetition 3, pass: 3.46 s ± 0.11 s"))
        #expect(strip.contains("repetition 1: never recovered"))
        // Three dots from zero, and the same three enlarged.
        #expect(TimelineTests.count(#"class="dot""#, in: strip) == 6)
    }

    @Test func theWorstComesFirst() {
        var campaign = SampleCampaign.campaign
        #expect(campaign.groupsByUrgency.map(\.name) == ["IF-1/down-10s", "HW-1/cut-20s"])
        campaign.runs.append(SampleCampaign.brokerDown())
        campaign.runs[2].id = "PB-2"
        campaign.runs[2].directory = "PB-2/killed/001"
        campaign.runs[2].verdict.outcome = .inconclusive
        #expect(campaign.groupsByUrgency.map(\.id) == ["IF-1", "PB-2", "HW-1"])
        let html = HTMLReport.text(campaign)
        let places = ["#run-IF-1", "#run-PB-2", "#run-HW-1"].map { html.range(of: $0)?.lowerBound }
        #expect(places.allSatisfy { $0 != nil })
        #expect(places.compactMap { $0 } == places.compactMap { $0 }.sorted())
    }

    @Test func oneRunIsInFullAndTheOthersAreFolded() {
        let html = HTMLReport.text(Self.campaign(Self.runs(3)))
        let tree = XMLTree(html)
        #expect(tree.error == nil)
        #expect(tree.elements["details"]?.count == 2)
        #expect(tree.elements["section"]?.count { $0["class"] == "run" } == 3)
    }

    /// WCAG 2.1, contrast of text: at least 4.5 : 1, on every ground that it stands on, in light and dark.
    @Test func everyInkCanBeReadOnItsGround() throws {
        let schemes = Stylesheet.text.split(separator: ":root {").dropFirst().map { scheme in
            Dictionary(
                scheme.split(separator: "}")[0].split(separator: ";").compactMap { line -> (String, String)? in
                    let parts = line.split(separator: ":").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
                    return parts.count == 2 ? (parts[0], parts[1]) : nil
                }, uniquingKeysWith: { $1 })
        }
        #expect(schemes.count == 3)
        let pairs = [
            ("ink", ["paper", "card", "faint", "fault", "after", "good-ground", "bad-ground", "odd-ground"]),
            ("quiet", ["paper", "card", "fault", "after"]), ("link", ["paper"]),
            ("good", ["paper", "good-ground"]), ("bad", ["paper", "card", "bad-ground", "after"]),
            ("odd", ["paper", "odd-ground"]),
        ]
        for scheme in schemes {
            for (ink, grounds) in pairs {
                for ground in grounds {
                    let contrast = try Self.contrast(
                        #require(scheme["--" + ink]), #require(scheme["--" + ground]))
                    #expect(contrast >= 4.5, "\(ink) on \(ground): \(contrast)")
                }
            }
        }
    }

    private static func contrast(_ one: String, _ other: String) throws -> Double {
        let luminances = try [luminance(one), luminance(other)].sorted()
        return (luminances[1] + 0.05) / (luminances[0] + 0.05)
    }

    private static func luminance(_ colour: String) throws -> Double {
        var digits = colour.dropFirst().map(String.init)
        if digits.count == 3 { digits = digits.flatMap { [$0, $0] } }
        let octets = try #require(Hex.octets(digits.joined()))
        let linear = octets.map { octet -> Double in
            let value = Double(octet) / 255
            return value <= 0.03928 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }
}
