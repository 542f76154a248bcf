public import Catalogue
public import Documents

/// Audits a source tree against the claim files: reads it, follows the chains, grades the tests. Runs nothing of what it reads.
public struct SourceAudit {
    private var rules = Rules()

    /// Reads every file of `rigs/audit/`, and `more` after them; of two files for one scenario the later counts.
    public init(data: DataDirectories, more: [String] = []) throws(DocumentFailure) {
        for name in data.names(folder: "audit") {
            try ClaimReader.read(try data.find(name, folder: "audit"), into: &rules)
        }
        for path in more { try ClaimReader.read(path, into: &rules) }
        guard !rules.scenarios.isEmpty else {
            throw DocumentFailure(
                file: "rigs/audit", position: nil,
                message:
                    "there are no claim files in \(data.directories.joined(separator: ", ")): name their directory with --data DIR"
            )
        }
        rules.scenarios.sort { SourceAudit.order($0.id) < SourceAudit.order($1.id) }
    }

    /// As `init(data:)`, with the likelihood and impact of the catalogue where a scenario stands in it.
    public init(data: DataDirectories, more: [String] = [], catalogue: Catalogue) throws(DocumentFailure) {
        try self.init(data: data, more: more)
        for index in rules.scenarios.indices {
            guard let scenario = catalogue.scenarios.first(where: { $0.id == rules.scenarios[index].id }) else {
                continue
            }
            rules.scenarios[index].likelihood = scenario.likelihood
            rules.scenarios[index].impact = scenario.impact
        }
    }

    init(rules: Rules) {
        self.rules = rules
    }

    var scenarioClaims: [ScenarioClaim] { rules.scenarios }
    var patternClaims: [NamedPattern] { rules.patterns }
    var antiPatternClaims: [NamedPattern] { rules.antiPatterns }

    /// The catalogue's order: infrastructure, protocol bridge, API and WebSocket, start and stop, data integrity.
    private static func order(_ id: String) -> String {
        let tiers = ["IF", "PB", "AW", "SS", "DI", "HW"]
        let tier = tiers.firstIndex { id.hasPrefix($0) } ?? tiers.count
        return "\(tier)\(id)"
    }

    /// Audits the directory.
    ///
    /// - Throws: that it is no directory, or not readable.
    public func run(directory: String) throws(DocumentFailure) -> AuditReport {
        let clock = ContinuousClock()
        let start = clock.now
        guard DirectoryWalk.isDirectory(directory) else {
            throw DocumentFailure(
                file: directory, position: nil, message: "is no directory: name the root of a source tree")
        }
        let walk = DirectoryWalk(root: directory)
        let tree = SourceTree(files: walk.files, skipped: walk.skipped)
        var report = run(tree: tree)
        report.source = directory
        report.commit = GitCommit.of(directory)
        let elapsed = start.duration(to: clock.now).components
        report.milliseconds = Int(elapsed.seconds) * 1000 + Int(elapsed.attoseconds / 1_000_000_000_000_000)
        return report
    }

    func run(tree: SourceTree) -> AuditReport {
        let search = ProbeSearch(tree: tree)
        let graph = CallGraph(tree: tree)
        let evaluation = ChainEvaluation(search: search, graph: graph)
        let grading = TestGrading(search: search, graph: graph)
        let tests = grading.tests()
        var report = AuditReport(
            source: "", commit: nil, milliseconds: 0, files: tree.files.count, lines: tree.lines, reading: [],
            scenarios: [], patterns: [], antiPatterns: [], mismatches: Mismatches.unreadConfiguration(in: tree),
            vacuousTests: tests.compactMap(grading.vacuous), tests: tests.count, skipped: tree.skipped)
        for family in Family.allCases {
            let count = tree.files.count { $0.family == family }
            if count > 0 { report.reading.append((family.rawValue, count)) }
        }
        for claim in rules.scenarios {
            let graded = grading.grade(claim.tests, tests: tests)
            report.scenarios.append(ScenarioJudgement(claim: claim, evaluation: evaluation).judge(tests: graded))
        }
        report.patterns = rules.patterns.map { presence(of: $0, evaluation, tree) }
        report.antiPatterns = rules.antiPatterns.map { presence(of: $0, evaluation, tree) }
        return report
    }

    /// Places named for each pattern; the count says how many there are.
    private static let mostPlaces = 20

    /// Every first link from which the whole chain follows.
    private func presence(of pattern: NamedPattern, _ evaluation: ChainEvaluation, _ tree: SourceTree)
        -> PatternPresence
    {
        let way = Way(name: pattern.name, links: Array(pattern.links.dropFirst()))
        var presence = PatternPresence(id: pattern.id, name: pattern.name, locations: [], count: 0)
        for match in evaluation.entries(pattern.links[0]) {
            let chain = evaluation.evaluate(way, entry: pattern.links[0], at: match)
            guard chain.isWhole else { continue }
            presence.count += 1
            guard presence.locations.count < SourceAudit.mostPlaces else { continue }
            presence.locations.append(
                Location(
                    file: tree.files[match.file].path, line: match.line, link: pattern.links[0].name,
                    mechanism: pattern.links.last?.says ?? "", bound: chain.links.compactMap(\.bound).first))
        }
        return presence
    }
}
