public import Catalogue
import Checkers
public import Evidence

/// The resilience scorecard: what the source claims, what its tests show, what the rig proved, and the score that follows from the last alone.
///
/// The rules: the denominator is the whole catalogue; only verified scores; a score stands beside its level of evidence; the physical tier has its own; a failing
/// scenario of high risk caps the score at 4, an unverified one at 6; a rig that is not qualified gives no score; another build of the system makes evidence stale.
public struct Scorecard: Sendable {
    /// What a card is computed from.
    public struct Input: Sendable {
        public var weights: ScenarioWeights
        public var level: EvidenceLevel
        public var runs: [RunSummary]
        public var qualification: QualificationRecord?
        public var audit: AuditClaims?
        public var tests: GoTestResults?
        /// Scenarios that do not apply, with the reason. They stay in the table and score nothing.
        public var notApplicable: [String: String] = [:]
        /// The variant that stands for a scenario, by its id; a scenario without a file has none.
        public var defaultVariants: [String: String]
        /// The protections that the scored system runs without; empty for the system as it is.
        public var sabotage: [String] = []
        /// The build to be scored; nil: that of the newest run.
        public var build: String?

        public init(
            weights: ScenarioWeights, level: EvidenceLevel, runs: [RunSummary], defaultVariants: [String: String]
        ) {
            self.weights = weights
            self.level = level
            self.runs = runs
            self.defaultVariants = defaultVariants
        }
    }

    /// What is scored.
    public struct Subject: Sendable, Hashable {
        public var system: String
        public var build: String
        public var sabotage: [String]
        public var rig: String
        public var rigKind: String
        public var toolBuild: String
        /// When the newest of its runs began, seconds of Unix time.
        public var newest: Int64
    }

    public var input: Input
    /// nil when there is no run to score.
    public var subject: Subject?
    public var rows: [ScenarioRow]
    /// The whole catalogue without the physical tier, and the physical tier.
    public var score: Score
    public var physical: Score
    /// Why there is no score; empty for a qualified rig.
    public var disqualified: [String]
    /// Runs of the subject's system that are of another build.
    public var stale: [RunSummary]
    /// Runs that cannot be used, with the reason.
    public var unusable: [(run: RunSummary, reason: String)]

    public init(_ input: Input) {
        self.input = input
        let selection = RunSelection(input)
        subject = selection.subject
        stale = selection.stale
        unusable = selection.unusable
        rows = input.weights.entries.map { ScenarioRow($0, input, selection) }
        disqualified = selection.subject == nil ? ["there is no run to score"] : selection.disqualified
        score = Score(rows.filter { !$0.entry.isPhysical }, capping: rows)
        physical = Score(rows.filter(\.entry.isPhysical), capping: [])
    }

    public var isQualified: Bool { disqualified.isEmpty }

    /// The score as it may be printed: nil when the rig is not qualified.
    public var printedScore: Double? { isQualified ? score.value : nil }

    /// `physical: not tested` unless one of its scenarios has a run.
    public var isPhysicalTested: Bool { rows.contains { $0.entry.isPhysical && $0.tested > 0 } }
}

/// A sum over rows, and what caps it.
public struct Score: Sendable, Hashable {
    public struct Cap: Sendable, Hashable {
        public var id: String
        public var limit: Double
        public var reason: String
    }

    /// 10·Σ(w·v)/Σw, before any cap.
    public var uncapped: Double
    /// Caps that bind or would bind, the lowest first.
    public var caps: [Cap]
    public var value: Double

    /// - Parameter capping: rows that can cap it.
    init(_ rows: [ScenarioRow], capping: [ScenarioRow]) {
        let weight = rows.reduce(0) { $0 + $1.entry.weight }
        uncapped = weight == 0 ? 0 : 10 * rows.reduce(0.0) { $0 + Double($1.entry.weight) * $1.worth } / Double(weight)
        caps = capping.compactMap(Self.cap).sorted { ($0.limit, $0.id) < ($1.limit, $1.id) }
        value = min(uncapped, caps.first?.limit ?? 10)
    }

    /// Of the physical tier only these three cap, and only when they fail: one that was not run is said in the headline.
    private static let cappingPhysical = ["HW-1", "HW-3", "HW-4"]
    private static let highRisk = 12

    private static func cap(_ row: ScenarioRow) -> Cap? {
        guard row.entry.weight >= highRisk, !row.entry.isPhysical || cappingPhysical.contains(row.entry.id) else {
            return nil
        }
        if row.isFailing { return Cap(id: row.entry.id, limit: 4, reason: "\(row.entry.id) fails") }
        guard !row.entry.isPhysical, row.worth == 0 else { return nil }
        return Cap(id: row.entry.id, limit: 6, reason: "\(row.entry.id) is not verified")
    }
}
