import Foundation
import Testing

@testable import Audit

/// Three small controllers: one that is protected, one that is not, and one that looks so. What is right stands beside each in
/// `answers.txt`.
@Suite struct ProjectTests {
    @Test(arguments: ["protected", "unprotected", "pretender"])
    func aProjectGetsItsAnswers(project: String) throws {
        let directory = Repository.corpus + "/" + project
        let report = try Repository.audit().run(directory: directory)
        #expect(report.skipped.isEmpty)
        let text = try String(contentsOfFile: directory + "/answers.txt", encoding: .utf8)
        var tests = 0
        var antiPatterns: Set<String> = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch words[0] {
            case "test":
                tests += 1
                let scenario = try #require(report.scenarios.first { $0.id == words[1] })
                let test = scenario.tests.first { $0.name == words[2] }
                #expect(
                    test?.grade.rawValue == words[3],
                    "\(line): \(test.map { "\($0.reason), line \($0.decidingLine)" } ?? "not found")")
            case "anti":
                if words[1] != "none" { antiPatterns.insert(words[1]) }
            case "mismatch":
                #expect(report.mismatches.contains { $0.what.contains("'\(words[1])'") }, "\(line)")
            default:
                let scenario = try #require(report.scenarios.first { $0.id == words[0] })
                #expect(
                    scenario.protection.rawValue == words[1],
                    "\(line): \(scenario.chain.map { "\($0.link) \($0.holds ? "✓" : "✗")" }) \(scenario.gap)")
            }
        }
        #expect(report.scenarios.reduce(0) { $0 + $1.tests.count } == tests)
        #expect(Set(report.antiPatterns.filter { $0.count > 0 }.map(\.id)) == antiPatterns)
    }
}
