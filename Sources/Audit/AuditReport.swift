/// What an audit found. "Recovery verified" is no part of it: only runs on a rig verify.
public struct AuditReport: Sendable {
    /// The directory that was read, as it was named.
    public var source: String
    /// The commit that is checked out there, from git's own files; nil when it is no git work tree.
    public var commit: String?
    /// How long reading and judging took.
    public var milliseconds: Int
    public var files: Int
    public var lines: Int
    /// Files by how they were read.
    public var reading: [(family: String, files: Int)]
    public var scenarios: [ScenarioAudit]
    /// The resilience patterns: present, which alone protects nothing.
    public var patterns: [PatternPresence]
    public var antiPatterns: [PatternPresence]
    public var mismatches: [Mismatch]
    /// Tests that cannot fail, whatever they are about.
    public var vacuousTests: [GradedTest]
    /// How many tests there are.
    public var tests: Int
    public var skipped: [Skipped]
}

/// Whether the source protects against a scenario.
public enum Protection: String, CaseIterable, Sendable {
    /// From every place where the failure strikes, a chain is whole.
    case yes
    /// The mechanism is there, and a link of its chain is missing; or not every place has one.
    case partial
    case no
}

/// A place in the source.
public struct Location: Hashable, Sendable {
    /// Relative to the directory.
    public var file: String
    public var line: Int
    /// The link of the chain: entry, mechanism, bound, effect.
    public var link: String
    public var mechanism: String
    /// What bounds it, where the link has a bound.
    public var bound: String?
}

/// One link of the chain that was judged.
public struct ChainStep: Hashable, Sendable {
    public var link: String
    public var says: String
    public var holds: Bool
    /// nil for a link that forbids, and for one that is missing.
    public var location: Location?
    /// Why it does not hold.
    public var reason: String
}

/// One scenario, judged from source alone.
public struct ScenarioAudit: Sendable {
    public var id: String
    public var name: String
    public var protection: Protection
    /// The way to be protected that came closest.
    public var way: String
    public var chain: [ChainStep]
    public var tests: [GradedTest]
    public var whatHappens: String
    public var whatTheCodeDoes: String
    /// Empty when nothing is missing.
    public var gap: String
    /// 1…5 each.
    public var likelihood: Int
    public var impact: Int
    public var recommendation: String
    public var falsifiedBy: String

    public var locations: [Location] { chain.compactMap(\.location) }

    /// Likelihood × impact: high from 12, medium from 6.
    public var risk: String {
        switch likelihood * impact {
        case 12...: "high"
        case 6...: "medium"
        default: "low"
        }
    }
}

/// A pattern and where it stands.
public struct PatternPresence: Sendable {
    public var id: String
    public var name: String
    /// The first places, in order.
    public var locations: [Location]
    public var count: Int
}
