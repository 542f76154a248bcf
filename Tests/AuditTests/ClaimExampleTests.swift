import Testing

@testable import Audit

/// Every claim file brings its own examples; this runs them.
@Suite struct ClaimExampleTests {
    static let ids = ((try? Repository.audit().scenarioClaims) ?? []).map(\.id)
    static let patternIDs = ((try? Repository.audit()).map { $0.patternClaims + $0.antiPatternClaims } ?? []).map(\.id)

    @Test func theCatalogueIsWhole() {
        #expect(
            Self.ids == [
                "IF-1", "IF-2", "IF-3", "IF-4", "IF-5", "PB-1", "PB-2", "PB-3", "PB-4", "AW-1", "AW-2", "AW-3", "AW-4",
                "SS-1",
                "SS-2", "SS-3", "SS-4", "SS-5", "DI-1", "DI-2", "DI-3", "DI-4",
            ])
    }

    @Test(arguments: ids)
    func anExampleGetsItsAnswer(id: String) throws {
        let audit = try Repository.audit()
        let claim = try #require(audit.scenarioClaims.first { $0.id == id })
        #expect(claim.examples.contains { $0.expect == "yes" }, "\(id) has no protected example")
        #expect(claim.examples.contains { $0.expect != "yes" }, "\(id) has no unprotected example")
        for example in claim.examples {
            let tree = Repository.tree(example.code)
            #expect(tree.skipped.isEmpty, "\(example.file):\(example.position): \(tree.skipped)")
            let report = audit.run(tree: tree)
            let scenario = try #require(report.scenarios.first { $0.id == id })
            #expect(
                scenario.protection.rawValue == example.expect,
                "\(example.file):\(example.position) '\(example.name)': \(scenario.chain.map { "\($0.link) \($0.holds) \($0.reason)" }) \(scenario.gap)"
            )
        }
    }

    @Test(arguments: patternIDs)
    func aPatternIsFoundWhereItIsAndNowhereElse(id: String) throws {
        let audit = try Repository.audit()
        let pattern = try #require((audit.patternClaims + audit.antiPatternClaims).first { $0.id == id })
        #expect(
            pattern.examples.contains { $0.expect == "found" } && pattern.examples.contains { $0.expect == "absent" })
        for example in pattern.examples {
            let tree = Repository.tree(example.code)
            #expect(tree.skipped.isEmpty, "\(example.position): \(tree.skipped)")
            let report = audit.run(tree: tree)
            let presence = try #require((report.patterns + report.antiPatterns).first { $0.id == id })
            #expect(
                (presence.count > 0) == (example.expect == "found"),
                "\(example.file):\(example.position) '\(example.name)'")
        }
    }
}
