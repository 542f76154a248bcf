import Catalogue
import Documents
import Events
import Evidence
import Foundation
import JSONSchema
import Platform
import Testing

@testable import Reports

/// The card as a page, as Markdown, as JSON and as JUnit XML.
@Suite struct ScorecardFormatTests {
    static func audit() throws -> AuditClaims {
        let test: Value = [
            "file": "mqtt/client_test.go", "line": 3, "name": "TestReconnect", "grade": "real", "deciding_line": 5,
            "reason": "r",
        ]
        return try AuditClaims([
            "schema": "knxrig/audit/1", "source": "building", "commit": "0123456789abcdef0123",
            "scenarios": [
                [
                    "id": "IF-1", "protection": "yes", "tests": [test],
                    "locations": [["file": "mqtt/client.go", "line": 7, "mechanism": "backs off"]], "gap": "",
                    "recommendation": "Keep it",
                    "falsified_by": "Restart the broker",
                ],
                [
                    "id": "PB-2", "protection": "no", "tests": [], "locations": [], "gap": "nobody restarts the daemon",
                    "recommendation": "Supervise the daemon", "falsified_by": "Kill it",
                ],
            ],
        ])
    }

    /// A pass, a failure, an expired build, an altered run, an audit and test results: something of everything.
    static func full() throws -> Scorecard {
        var input = ScorecardBench.input([
            ScorecardBench.run("IF-1"), ScorecardBench.run("IF-1", variant: "stalled"),
            ScorecardBench.run("HW-1", "fail"),
            ScorecardBench.run("DI-1", flaw: "altered: line 3"),
            ScorecardBench.run("IF-1", build: "build-a", began: 1000),
        ])
        input.audit = try audit()
        input.tests = GoTestResults(octets: Array(GoTestResultsTests.stream.utf8))
        return Scorecard(input)
    }

    static func unqualified() throws -> Scorecard {
        var input = try full().input
        input.qualification = nil
        return Scorecard(input)
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    private static func schema() throws -> JSONSchema {
        JSONSchema(root: try JSON.parse(Files.read(root + "/Sources/Reports/scorecard.schema.json")))
    }

    @Test func claimedTestedVerified() throws {
        let rows = try Self.full().rows
        #expect(rows.map(\.testing) == [.passed, .none, .unknown, .unknown])
        #expect(rows.map(\.verified) == [.yes, .no, .no, .failing])
    }

    @Test func theJSONFitsItsSchema() throws {
        let schema = try Self.schema()
        let empty = ScorecardBench.card([])
        for card in [try Self.full(), try Self.unqualified(), empty] {
            let value = try JSON.parse(card.json { $0.directory })
            #expect(schema.faults(value) == [])
        }
        let text = try Self.full().json { $0.directory }
        for (from, to) in [
            (#""level": "smoke""#, #""level": "smokes""#), (#""claimed": "no""#, #""claimed": "perhaps""#),
            (#""verified": 1"#, #""verified": -1"#),
            (#""score": "#, #""scores": "#), (#""verdict": "pass""#, #""verdict": "good""#),
        ] {
            let changed = text.replacing(from, with: to)
            #expect(changed != text, "\(from)")
            #expect(schema.faults(try JSON.parse(changed)) != [], "\(to) is let through")
        }
    }

    /// Anybody can compute the score again from the file alone.
    @Test func theScoreFollowsFromTheFile() throws {
        let value =
            try JSONSerialization.jsonObject(with: Data(Self.full().json { $0.directory }.utf8)) as? [String: Any]
        let scenarios = try #require(value?["scenarios"] as? [[String: Any]])
        var sum = 0.0
        var weights = 0.0
        for scenario in scenarios where scenario["tier"] as? Int != 6 {
            let weight = Double((scenario["likelihood"] as? Int ?? 0) * (scenario["impact"] as? Int ?? 0))
            sum += weight * (scenario["worth"] as? Double ?? 0)
            weights += weight
        }
        let limit = (value?["caps"] as? [[String: Any]])?.compactMap { $0["limit"] as? Double }.min() ?? 10
        #expect(abs((value?["score"] as? Double ?? -1) - min(limit, 10 * sum / weights)) < 0.001)
        #expect(limit == 4)
    }

    @Test func thePageIsWellFormedAndLeadsToTheEvidence() throws {
        let html = try Self.full().html { "../" + $0.directory }
        let tree = XMLTree(html)
        #expect(tree.error == nil)
        let links = tree.elements["a"]?.compactMap { $0["href"] } ?? []
        #expect(links.contains("../runs/HW-1/default/1/evidence.jsonl"))
        #expect(links.contains("../runs/IF-1/default/1/verdict.json"))
        let anchors = Set(tree.elements["section"]?.compactMap { $0["id"] } ?? [])
        #expect(anchors == Set(ScorecardBench.ids))
        for link in links where link.hasPrefix("#") {
            #expect(anchors.contains(String(link.dropFirst())), "\(link) leads nowhere")
        }
        #expect(html.contains("HW-1 fail &amp; &lt;worse&gt;"))
        #expect(html.contains("Capped at 4.0 because HW-1 fails"))
        #expect(html.contains("build-a"))
        #expect(!html.contains("<script"))
        #expect(html.utf8.count < 60_000)
        #expect(try Self.unqualified().html { $0.directory }.contains("The rig is not qualified"))
        #expect(XMLTree(ScorecardBench.card([]).html { $0.directory }).error == nil)
    }

    /// The colours are those of the report, whose contrast is tested; the card adds none of its own.
    @Test func thePageHasNoColourOfItsOwn() {
        #expect(!ScorecardStyle.text.contains("#"))
        let names = ScorecardStyle.text.split(separator: "var(--").dropFirst().compactMap {
            $0.split(separator: ")").first
        }
        for name in names { #expect(Stylesheet.text.contains("--\(name):"), "--\(name) is not defined") }
    }

    @Test func theMarkdownHasTheTableOfTheSpecification() throws {
        let text = try Self.full().markdown { $0.directory }
        #expect(text.contains("**Overall: 4.0 of 10 (smoke); physical: 0.0 of 10**"))
        #expect(text.contains("| Category | Scenarios | Protected | Tested | Verified | Failed | Score |"))
        #expect(text.contains("| Infrastructure | 1 | 1 | 1 | 1 | 0 | 10.0 |"))
        #expect(text.contains("| DI-1 | Duplicate &lt;ids> \\| twice | 4 |"))
        #expect(text.contains("- HW-1 Bus cut: HW-1 fail & &lt;worse>"))
    }

    @Test func theSummaryForATerminalNamesWhatMatters() throws {
        let text = try Self.full().text
        for part in [
            "4.0 of 10 (smoke)", "capped at 4.0 because HW-1 fails", "PB-2: Supervise the daemon",
            "Make the run runs/DI-1/default/1 again: it has no weight (altered: line 3)",
        ] {
            #expect(text.contains(part), "\(part)\n\(text)")
        }
    }

    @Test(.enabled(if: Program.find("xmllint") != nil, "xmllint is not installed"))
    func jUnitFitsItsSchema() throws {
        let directory = try TemporaryDirectory(prefix: "junit")
        defer { directory.remove() }
        let golden = Self.root + "/Tests/Golden/Reports/junit.xml"
        var files = [golden]
        for (index, card) in [try Self.full(), try Self.unqualified(), ScorecardBench.card([])].enumerated() {
            files.append("\(directory.path)/\(index).xml")
            try Files.write(Array(card.junit { $0.directory }.utf8), to: files[index + 1])
        }
        func lint(_ path: String) throws -> Bool {
            let child = try ChildProcess.spawn(
                ChildProcess.Request(
                    path: try #require(Program.find("xmllint")),
                    arguments: ["--noout", "--schema", Self.root + "/Sources/Reports/junit.xsd", path]))
            return child.wait() == .status(0)
        }
        for file in files { #expect(try lint(file), "\(file) does not fit") }
        let text = String(decoding: try Files.read(files[1]), as: UTF8.self)
        #expect(text.contains(#"failures="1" errors="0" skipped="2""#))
        try Files.write(Array(text.replacing("testcase", with: "testcasing").utf8), to: files[1])
        #expect(try !lint(files[1]))
    }

    /// The table that ships: all 22 and the physical tier, with the numbers that scenario files have.
    @Test func theWeightsAreThoseOfTheScenarios() throws {
        let data = DataDirectories(directories: [Self.root])
        let weights = try ScenarioWeights.load(data)
        #expect(weights.entries.count { !$0.isPhysical } == 22)
        #expect(weights.entries.count(where: \.isPhysical) == 7)
        for scenario in try Catalogue.load(data).scenarios {
            let entry = try #require(weights[scenario.id], "\(scenario.id) has no weight")
            #expect(entry.likelihood == scenario.likelihood && entry.impact == scenario.impact, "\(scenario.id)")
            #expect(entry.tier == scenario.tier, "\(scenario.id)")
        }
    }
}
