import Catalogue
import Evidence

/// Something to do, with the datum that it follows from.
public struct Recommendation: Sendable, Hashable {
    /// The scenario; nil for what concerns the rig or all of them.
    public var id: String?
    public var what: String
    /// Why: what was seen.
    public var because: String
}

extension Scorecard {
    /// What to do next, the most urgent first. Each follows from something that was seen; there is none without.
    public var recommendations: [Recommendation] {
        var found = disqualified.map {
            Recommendation(id: nil, what: "Make the rig able to give a score", because: $0)
        }
        found += critical.map { row in
            let advice = row.claim.flatMap { $0.recommendation.isEmpty ? nil : $0.recommendation }
            return Recommendation(
                id: row.entry.id, what: advice ?? "Mend what the rig has shown, and run it again",
                because: row.failure ?? "it failed")
        }
        found += unprotected.prefix(Self.mostAdvice).map { row in
            let how = row.claim?.protection == .no ? "no protection" : "half a protection"
            return Recommendation(
                id: row.entry.id, what: row.claim?.recommendation ?? "",
                because: "the source shows \(how): \(row.claim?.gap ?? "")")
        }
        found += nextRuns.prefix(3).map { next in
            let cost = next.seconds.map { ", about \(Self.minutes($0)) of the rig" } ?? ""
            return Recommendation(
                id: next.id,
                what:
                    "Run knxrig test \(next.id)/\(next.variant)\(next.runs > 1 ? " --repeat \(next.runs)" : "")\(cost)",
                because: "\(next.runs) clean run\(next.runs == 1 ? "" : "s") would \(Self.worth(of: next))")
        }
        for run in unusable {
            found.append(
                Recommendation(
                    id: run.run.scenario, what: "Make the run \(run.run.directory) again: it has no weight",
                    because: run.reason))
        }
        return found.filter { !$0.what.isEmpty }
    }

    /// Of the scenarios without a whole protection in the source, so many of the greatest risk get advice: a longer list is read by nobody.
    private static let mostAdvice = 5

    /// The source shows no whole protection, and no run has shown that there is one all the same.
    private var unprotected: [ScenarioRow] {
        rows.filter { !$0.isFailing && $0.worth == 0 && ($0.claim?.protection ?? .yes) != .yes }.sorted {
            let ranks = ($0.claim?.protection == .no, $1.claim?.protection == .no)
            if $0.entry.weight != $1.entry.weight { return $0.entry.weight > $1.entry.weight }
            return ranks.0 != ranks.1 ? ranks.0 : $0.entry.id < $1.entry.id
        }
    }

    /// Failing scenarios, the greatest risk first.
    public var critical: [ScenarioRow] {
        rows.filter(\.isFailing).sorted { ($0.entry.weight, $1.entry.id) > ($1.entry.weight, $0.entry.id) }
    }

    /// The source claims protection, and no run has shown it.
    public var untestedProtections: [ScenarioRow] {
        rows.filter { ($0.claim?.protection ?? .no) != .no && $0.tested == 0 && $0.verified != .notApplicable }
    }

    public var fullyVerified: [ScenarioRow] { rows.filter { $0.verified == .yes } }

    private static func worth(of next: NextRun) -> String {
        let score = next.isPhysical ? "the physical score" : "the score"
        return next.gain > 0.005
            ? "raise \(score) by \(hundredths(next.gain))"
            : "add \(hundredths(next.uncappedGain)) to \(score) once nothing else caps it"
    }

    /// Two decimals, for gains.
    static func hundredths(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded(.toNearestOrAwayFromZero))
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }

    static func minutes(_ seconds: Int) -> String { seconds < 90 ? "\(seconds) s" : "\((seconds + 30) / 60) min" }

    /// A score as people read it: one decimal, rounded half up.
    static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded(.toNearestOrAwayFromZero))
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
