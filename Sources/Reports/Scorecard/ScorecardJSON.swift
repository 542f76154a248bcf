import Catalogue
import Events
public import Evidence

extension Scorecard {
    /// Schema `knxrig/scorecard/1` (`scorecard.schema.json`): everything that the score is computed from, so that anybody can compute it again.
    ///
    /// - Parameter link: where a run lies, as the reader of the text reaches it.
    public func json(link: (RunSummary) -> String) -> String {
        var text = ""
        tree(link).append(to: &text, indent: 0)
        return text + "\n"
    }

    private func tree(_ link: (RunSummary) -> String) -> Tree {
        let identity: [(String, Tree)] = [
            ("schema", .value("knxrig/scorecard/1")), ("made", Self.time(made)),
            ("commit", Self.optional(input.audit?.commit)), ("level", Self.text(input.level.rawValue)),
            ("weights_revision", Self.count(input.weights.revision)),
            ("system", subject.map(system) ?? .value(.null)), ("qualified", .value(.bool(isQualified))),
            ("qualification", Self.optional(input.qualification?.path)), ("disqualified", Self.texts(disqualified)),
        ]
        let scores: [(String, Tree)] = [
            ("score", isQualified ? .decimal(score.value) : .value(.null)),
            ("uncapped", isQualified ? .decimal(score.uncapped) : .value(.null)),
            ("caps", .list(score.caps.map(cap))),
            ("physical_score", isQualified && isPhysicalTested ? .decimal(physical.value) : .value(.null)),
            ("counts", counts), ("categories", .list(categories.map(category))),
            ("scenarios", .list(rows.map { row($0, link) })),
        ]
        let conclusions: [(String, Tree)] = [
            ("critical_gaps", Self.texts(critical.map(\.entry.id))),
            ("untested_protections", Self.texts(untestedProtections.map(\.entry.id))),
            ("fully_verified", Self.texts(fullyVerified.map(\.entry.id))),
            ("recommendations", .list(recommendations.map(recommendation))), ("next_runs", .list(nextRuns.map(next))),
            ("unusable", .list(unusable.map { useless($0.run, $0.reason, link) })),
            ("stale", .list(staleBuilds.map(staleBuild))), ("trend", .list(trend.map(point))),
        ]
        return .record(identity + scores + conclusions)
    }

    private static func text(_ text: String) -> Tree { .value(.text(text)) }
    private static func optional(_ text: String?) -> Tree { .value(text.map(Value.text) ?? .null) }
    private static func texts(_ texts: [String]) -> Tree { .list(texts.map(text)) }
    private static func count(_ count: Int) -> Tree { .value(.integer(Int64(count))) }
    private static func time(_ seconds: Int64) -> Tree { text(Figures.utc(seconds: seconds, iso8601: true)) }

    private func useless(_ run: RunSummary, _ reason: String, _ link: (RunSummary) -> String) -> Tree {
        .line([("run", Self.text(link(run))), ("reason", Self.text(reason))])
    }

    private func system(_ subject: Subject) -> Tree {
        .line([
            ("name", Self.text(subject.system)), ("build", Self.text(subject.build)),
            ("without", .list(subject.sabotage.map { Self.text($0) })), ("rig", Self.text(subject.rig)),
            ("rig_kind", Self.text(subject.rigKind)), ("knxrig", Self.text(subject.toolBuild)),
        ])
    }

    private func cap(_ cap: Score.Cap) -> Tree {
        .line([
            ("id", Self.text(cap.id)), ("limit", .decimal(cap.limit)), ("reason", Self.text(cap.reason)),
        ])
    }

    private var counts: Tree {
        .line([
            ("scenarios", Self.count(rows.count)), ("protected", Self.count(protected)),
            ("tested", Self.count(rows.count { $0.testing == .passed })),
            ("verified", Self.count(fullyVerified.count)),
            ("failed", Self.count(critical.count)),
        ])
    }

    private func category(_ category: Category) -> Tree {
        .line([
            ("name", Self.text(category.name)), ("scenarios", Self.count(category.rows.count)),
            ("protected", Self.count(category.protected)),
            ("tested", Self.count(category.tested)),
            ("verified", Self.count(category.verified)),
            ("failed", Self.count(category.failed)),
            ("score", isQualified ? .decimal(category.score) : .value(.null)),
        ])
    }

    private func row(_ row: ScenarioRow, _ link: (RunSummary) -> String) -> Tree {
        .record([
            ("id", Self.text(row.entry.id)), ("name", Self.text(row.entry.name)),
            ("tier", Self.count(row.entry.tier)),
            ("likelihood", Self.count(row.entry.likelihood)),
            ("impact", Self.count(row.entry.impact)),
            ("claimed", .value(row.claim.map { .text($0.protection.rawValue) } ?? .null)),
            ("tested", Self.text(row.testing.rawValue)),
            ("verified", Self.text(row.verified.rawValue)),
            ("passed", Self.count(row.passed)), ("of", Self.count(row.tested)),
            ("lower_bound", .fraction(row.lowerBound)), ("worth", .fraction(row.worth)),
            ("proves", Self.text(row.proof)),
            ("failure", Self.optional(row.failure)),
            ("note", Self.optional(row.note)),
            ("stale_runs", Self.count(row.stale)),
            (
                "runs",
                .list(
                    row.runs.map { run in
                        .line([
                            ("run", Self.text(link(run))), ("variant", Self.text(run.variant)),
                            ("verdict", Self.text(run.outcome)),
                            ("seed", .value(run.seed.map(Value.integer) ?? .null)),
                            ("evidence", Self.text(run.hash)),
                        ])
                    })
            ),
        ])
    }

    private func recommendation(_ recommendation: Recommendation) -> Tree {
        .line([
            ("id", Self.optional(recommendation.id)), ("what", Self.text(recommendation.what)),
            ("because", Self.text(recommendation.because)),
        ])
    }

    private func next(_ next: NextRun) -> Tree {
        .line([
            ("id", Self.text(next.id)), ("variant", Self.text(next.variant)),
            ("runs", Self.count(next.runs)),
            ("seconds", .value(next.seconds.map { .integer(Int64($0)) } ?? .null)), ("gain", .decimal(next.gain)),
            ("uncapped_gain", .decimal(next.uncappedGain)),
        ])
    }

    private func staleBuild(_ build: BuildSummary) -> Tree {
        .line([
            ("build", Self.text(build.build)), ("runs", Self.count(build.runs)),
            ("newest", Self.time(build.newest)),
        ])
    }

    private func point(_ point: TrendPoint) -> Tree {
        .line([
            ("build", Self.text(point.build)), ("newest", Self.time(point.newest)),
            ("score", point.score.map(Tree.decimal) ?? .value(.null)),
            ("physical", point.physical.map(Tree.decimal) ?? .value(.null)),
            ("verified", Self.count(point.verified)), ("failed", Self.count(point.failed)),
        ])
    }
}
