import Foundation
import Testing

@testable import Audit

/// A self-made corpus with known answers: protected, unprotected, and what only looks protected.
@Suite struct CorpusTests {
    struct Snippet: Sendable, CustomTestStringConvertible {
        /// Scenario → answer.
        var answers: [String: String]
        var name: String
        var text: String

        var testDescription: String { name }
    }

    static let snippets: [Snippet] = ["infrastructure", "bridge", "interface", "stores"].flatMap { name -> [Snippet] in
        let path = Repository.corpus + "/\(name).snippets"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "=== ").map { part in
            let lines = part.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            let title = lines[0].split(separator: ":", maxSplits: 1)
            var answers: [String: String] = [:]
            for answer in title[0].split(separator: ", ") {
                let words = answer.split(separator: " ")
                answers[String(words[0])] = String(words[1])
            }
            return Snippet(answers: answers, name: String(lines[0]), text: String(lines[1]))
        }
    }

    @Test func thereAreEnough() {
        #expect(Self.snippets.count >= 40)
    }

    @Test func everySnippetGetsItsAnswer() throws {
        let audit = try Repository.audit()
        var right: [String: (truePositives: Int, falsePositives: Int, falseNegatives: Int, cases: Int, exact: Int)] =
            [:]
        for snippet in Self.snippets {
            let tree = Repository.tree(snippet.text)
            #expect(tree.skipped.isEmpty, "\(snippet.testDescription): \(tree.skipped)")
            let report = audit.run(tree: tree)
            for scenario in report.scenarios {
                var count = right[scenario.id] ?? (0, 0, 0, 0, 0)
                let expected = snippet.answers[scenario.id]
                switch (scenario.protection == .yes, expected == "yes") {
                case (true, true): count.truePositives += 1
                case (true, false):
                    // A snippet that says nothing of a scenario does not protect against it.
                    count.falsePositives += 1
                    print("\(snippet.testDescription): \(scenario.id) is called protected too")
                case (false, true): count.falseNegatives += 1
                default: break
                }
                if let expected {
                    count.cases += 1
                    if scenario.protection.rawValue == expected { count.exact += 1 }
                    #expect(
                        scenario.protection.rawValue == expected,
                        "\(snippet.testDescription): \(scenario.chain.map { "\($0.link) \($0.holds ? "✓" : "✗")" }) \(scenario.gap)"
                    )
                }
                right[scenario.id] = count
            }
        }
        for (id, count) in right.sorted(by: { $0.key < $1.key }) {
            let precision = percent(count.truePositives, count.truePositives + count.falsePositives)
            let recall = percent(count.truePositives, count.truePositives + count.falseNegatives)
            print("\(id): precision \(precision), recall \(recall), same answer \(count.exact) of \(count.cases)")
        }
    }

    private func percent(_ part: Int, _ whole: Int) -> String { whole == 0 ? "–" : "\(100 * part / whole) %" }
}
