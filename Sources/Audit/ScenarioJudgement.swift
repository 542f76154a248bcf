/// Judges one scenario: the best chain from every place where the failure strikes, the worst of which decides.
struct ScenarioJudgement {
    let claim: ScenarioClaim
    let evaluation: ChainEvaluation

    private var tree: SourceTree { evaluation.search.tree }

    /// More places than this are the same mechanism again.
    private static let mostEntries = 40

    func judge(tests: [GradedTest]) -> ScenarioAudit {
        var audit = ScenarioAudit(
            id: claim.id, name: claim.name, protection: .no, way: "", chain: [], tests: tests,
            whatHappens: claim.whatHappens, whatTheCodeDoes: "", gap: "", likelihood: claim.likelihood,
            impact: claim.impact, recommendation: claim.recommendation, falsifiedBy: "")
        let entries = evaluation.entries(claim.entry)
        guard !entries.isEmpty else {
            audit.gap = "nothing here that could be protected was found: \(claim.entry.missing)"
            audit.whatTheCodeDoes = "not found in the source"
            audit.falsifiedBy = falsification(of: nil)
            return audit
        }
        var results: [ChainResult] = []
        for entry in entries.prefix(ScenarioJudgement.mostEntries) {
            let chains = claim.ways.map { evaluation.evaluate($0, entry: claim.entry, at: entry) }
            let best = chains.max { (rank($0), $0.found) < (rank($1), $1.found) }
            if let best { results.append(best) }
        }
        let worst = results.min { (rank($0), $0.found) < (rank($1), $1.found) }!
        let protections = results.map(protection)
        if protections.allSatisfy({ $0 == .yes }) {
            audit.protection = .yes
        } else {
            audit.protection = protections.contains { $0 != .no } ? .partial : .no
        }
        // A protected scenario shows a whole chain; the others show what is missing.
        let shown = audit.protection == .yes ? results[0] : worst
        audit.way = shown.way
        audit.chain = shown.links.map(step)
        audit.whatTheCodeDoes = shown.links.filter(\.holds).map(\.link.says).joined(separator: "; ")
        audit.gap = shown.links.filter { !$0.holds }.map(\.reason).joined(separator: "; ")
        if audit.protection == .partial, results.count > 1 {
            let counts =
                "of \(results.count) places \(protections.count { $0 == .yes }) protected, \(protections.count { $0 == .partial }) partly"
            audit.gap = "\(counts); at the one shown: \(audit.gap)"
        }
        if audit.gap.isEmpty, audit.protection != .yes {
            audit.gap = "the chain rests on a language that is only read by family"
        }
        audit.falsifiedBy = falsification(of: shown)
        return audit
    }

    private func rank(_ result: ChainResult) -> Int {
        switch protection(result) {
        case .yes: 2
        case .partial: 1
        case .no: 0
        }
    }

    private func protection(_ result: ChainResult) -> Protection {
        if result.isWhole {
            let isRead = result.links.allSatisfy { link in
                link.match.map { tree.files[$0.file].family == .go || tree.files[$0.file].family == .lines } ?? true
            }
            return isRead ? .yes : .partial
        }
        // The link after the entry is the mechanism: without it the rest protects nothing.
        guard result.links.count > 1, result.links[1].holds, result.links[1].match != nil else { return .no }
        return .partial
    }

    private func step(_ result: LinkResult) -> ChainStep {
        let location = result.match.map { match in
            Location(
                file: tree.files[match.file].path, line: match.line, link: result.link.name,
                mechanism: result.link.says, bound: result.bound)
        }
        return ChainStep(
            link: result.link.name, says: result.link.says, holds: result.holds, location: location,
            reason: result.reason)
    }

    private func falsification(of result: ChainResult?) -> String {
        let bound = result?.links.compactMap(\.bound).first ?? "the bound it declares"
        return claim.falsifiedBy.replacing("${bound}", with: bound)
    }
}
