import Catalogue
import Checkers
import Documents
import Platform
import Testing

/// What the catalogue says that a sabotage is found by, against the sentences that sabotages really get: `FirstLightTests` holds the runs to the same file.
@Suite struct FindingTests {
    private static let root = String(#filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 })

    /// "ID/variant protection = sentence", with "…" for what differs from run to run.
    private static func sentences() throws -> [(name: String, sentence: String)] {
        let text = String(decoding: try Files.read(root + "/Tests/Golden/Sabotages/sentences.txt"), as: UTF8.self)
        return try text.split(separator: "\n").map { line in
            let equals = try #require(line.firstRange(of: " = "), "\(line)")
            return (String(line[..<equals.lowerBound]), String(line[equals.upperBound...]))
        }
    }

    /// Findings by the same names, of all that is not made apart.
    private static func findings() throws -> [String: String] {
        var findings: [String: String] = [:]
        for scenario in try Catalogue.load(DataDirectories(directories: [root])).scenarios {
            for variant in scenario.variants where !variant.isApart {
                for sabotage in variant.sabotages {
                    findings["\(scenario.id)/\(variant.name) \(sabotage.protection)"] = sabotage.finding
                }
            }
        }
        return findings
    }

    @Test func everySabotageHasOneSentence() throws {
        let names = try Self.sentences().map(\.name)
        #expect(names == names.sorted() && Set(names).count == names.count)
        #expect(Set(names) == Set(try Self.findings().keys))
    }

    @Test func everyFindingIsToldByItsSentence() throws {
        let findings = try Self.findings()
        for (name, sentence) in try Self.sentences() {
            let finding = findings[name] ?? ""
            #expect(
                Qualification.Sabotage.isTold(finding, by: sentence),
                "\(name): '\(finding)' is not told by: \(sentence)")
        }
    }

    /// What is told by the sentence of a sabotage that is to be found by something else does not name the broken property.
    @Test func noFindingIsToldByASentenceOfAnother() throws {
        let findings = try Self.findings()
        let sentences = try Self.sentences()
        for finding in Set(findings.values) {
            for (name, sentence) in sentences where findings[name] != finding {
                #expect(
                    !Qualification.Sabotage.isTold(finding, by: sentence),
                    "'\(finding)' is told by \(name): \(sentence)")
            }
        }
    }
}
