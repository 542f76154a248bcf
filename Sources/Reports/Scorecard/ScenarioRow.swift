public import Catalogue
import Checkers
public import Evidence

/// One scenario on the card: claimed, tested, verified.
public struct ScenarioRow: Sendable {
    /// How far its tests go.
    public enum Tested: String, Sendable {
        /// A real test of it ran and passed.
        case passed
        /// A real test of it ran and failed.
        case failed
        /// There is a real test, and nothing shows that it ran.
        case notRun = "not run"
        /// There are only tests that show little or nothing.
        case weak
        case none
        /// No audit was given.
        case unknown
    }

    public enum Verified: String, Sendable {
        /// Full marks at the level.
        case yes
        /// Clean runs, and not enough of them.
        case partly
        case failing
        case no
        case notApplicable = "not applicable"
    }

    public var entry: ScenarioWeights.Entry
    /// nil: no audit was given, or it does not know the scenario.
    public var claim: AuditClaims.Claim?
    public var testing: Tested
    public var verified: Verified
    /// Runs of the default variant that say something about the system, with failures of the others; and those that passed.
    public var tested = 0
    public var passed = 0
    /// Of the recovery probability, one-sided 95 %.
    public var lowerBound = 0.0
    /// 0…1.
    public var worth = 0.0
    /// Every run of it, of all variants, those without weight too.
    public var runs: [RunSummary]
    public var stale: Int
    /// Why clean runs have no weight, or why it does not apply.
    public var note: String?
    /// First sentence of a run that failed.
    public var failure: String?

    public var isFailing: Bool { verified == .failing }

    init(_ entry: ScenarioWeights.Entry, _ input: Scorecard.Input, _ selection: RunSelection) {
        self.entry = entry
        claim = input.audit?[entry.id]
        testing = Self.testing(claim, input.tests)
        runs = selection.scored.filter { $0.scenario == entry.id }.sorted {
            ($0.variant, $0.began, $0.directory) < ($1.variant, $1.began, $1.directory)
        }
        stale = selection.stale.count { $0.scenario == entry.id }
        verified = .no
        failure = runs.first { $0.outcome == Outcome.fail.rawValue }?.sentence
        // One variant stands for the scenario; a failure of another counts as one of its own.
        let variant = input.defaultVariants[entry.id] ?? runs.first?.variant
        let counted = runs.filter { run in
            Self.counts(run) && (run.variant == variant || run.outcome == Outcome.fail.rawValue)
        }
        tested = counted.count
        passed = counted.count { $0.outcome == Outcome.pass.rawValue }
        if tested > 0 { lowerBound = ClopperPearson.lowerBound(successes: passed, of: tested) }
        weigh(input, selection)
    }

    private mutating func weigh(_ input: Scorecard.Input, _ selection: RunSelection) {
        if let reason = input.notApplicable[entry.id] {
            verified = .notApplicable
            note = reason
            return
        }
        let isCovered = input.qualification?.covers(entry.id) ?? false
        if !selection.disqualified.isEmpty {
            if passed > 0 { note = "the rig is not qualified, so that a pass proves nothing" }
        } else if isCovered {
            worth = input.level.worth(passed: passed, of: tested, lowerBound: lowerBound, risk: entry.weight)
        } else if passed > 0 {
            note = "its sabotages have not been caught on this rig, so that a pass proves nothing"
        }
        if failure != nil {
            verified = .failing
        } else if worth >= 1 {
            verified = .yes
        } else if worth > 0 {
            verified = .partly
        }
    }

    /// Invalid, error and aborted say nothing about the system.
    private static func counts(_ run: RunSummary) -> Bool {
        [Outcome.pass, .fail, .inconclusive].map(\.rawValue).contains(run.outcome)
    }

    private static func testing(_ claim: AuditClaims.Claim?, _ results: GoTestResults?) -> Tested {
        guard let claim else { return .unknown }
        let real = claim.tests.filter { $0.grade == "real" || $0.grade == "skippable" }
        guard !real.isEmpty else { return claim.tests.isEmpty ? .none : .weak }
        let outcomes = real.compactMap { results?.outcome(of: $0.name, inFile: $0.file) }
        if outcomes.contains(.fail) { return .failed }
        return outcomes.contains(.pass) ? .passed : .notRun
    }

    /// What its runs prove, in plain words.
    public var proof: String {
        guard tested > 0 else { return "nothing has been run" }
        guard passed > 0 else { return "0 of \(tested): it did not recover once" }
        return "\(passed) of \(tested): recovers at least \(Int((lowerBound * 100).rounded(.down))) % of the time"
    }
}
