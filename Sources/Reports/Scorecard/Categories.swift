import Catalogue
import Evidence

/// The scenarios of one tier, summed.
public struct Category: Sendable {
    public var name: String
    public var rows: [ScenarioRow]

    public var protected: Int { rows.count { ($0.claim?.protection ?? .no) != .no } }
    public var tested: Int { rows.count { $0.testing == .passed } }
    public var verified: Int { rows.count { $0.verified == .yes } }
    public var failed: Int { rows.count(where: \.isFailing) }
    /// 0…10, without caps: those hold for the whole.
    public var score: Double { Score(rows, capping: []).value }
}

/// Runs of one build of the system.
public struct BuildSummary: Sendable, Hashable {
    public var build: String
    public var runs: Int
    /// When the newest began, seconds of Unix time.
    public var newest: Int64
}

/// What the card of one build says.
public struct TrendPoint: Sendable, Hashable {
    public var build: String
    public var newest: Int64
    /// nil where the rig is not qualified for its runs.
    public var score: Double?
    public var physical: Double?
    public var verified: Int
    public var failed: Int
}

extension Scorecard {
    /// By tier, the physical one last.
    public var categories: [Category] {
        Set(rows.map(\.entry.tier)).sorted().map { tier in
            Category(name: ScenarioWeights.category(ofTier: tier), rows: rows.filter { $0.entry.tier == tier })
        }
    }

    /// Scenarios against which the source claims some protection.
    var protected: Int { rows.count { ($0.claim?.protection ?? .no) != .no } }

    /// When its newest run began: the card says nothing of later.
    var made: Int64 { subject?.newest ?? 0 }

    /// Builds whose evidence has expired, the newest first.
    public var staleBuilds: [BuildSummary] {
        Dictionary(grouping: stale, by: \.systemBuild).map { build, runs in
            BuildSummary(build: build, runs: runs.count, newest: runs.map(\.began).max() ?? 0)
        }.sorted { ($0.newest, $0.build) > ($1.newest, $1.build) }
    }

    /// The card of every build of the system that has runs, the oldest first, this one last. Each is computed as this one is, from its own runs.
    public var trend: [TrendPoint] {
        guard let subject else { return [] }
        let older = staleBuilds.reversed().map { build in
            var input = input
            input.build = build.build
            return Scorecard(input).point
        }
        return (older + [point]).compactMap(\.self).sorted {
            ($0.newest, $0.build == subject.build ? 1 : 0) < ($1.newest, $1.build == subject.build ? 1 : 0)
        }
    }

    private var point: TrendPoint? {
        subject.map {
            TrendPoint(
                build: $0.build, newest: $0.newest, score: printedScore,
                physical: isQualified && isPhysicalTested ? physical.value : nil, verified: fullyVerified.count,
                failed: critical.count)
        }
    }
}
