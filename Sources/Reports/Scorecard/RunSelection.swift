import Checkers
import Evidence

/// Sorts runs into those that are scored, those of other builds, and those that are worth nothing.
struct RunSelection {
    var subject: Scorecard.Subject?
    /// Runs that enter N or failed to, of the subject.
    var scored: [RunSummary] = []
    var stale: [RunSummary] = []
    var unusable: [(run: RunSummary, reason: String)] = []
    var disqualified: [String] = []

    /// Runs of which more than this share is invalid disqualify the rig, when they are more than one.
    private static let invalidShare = 0.05

    init(_ input: Scorecard.Input) {
        let wanted = input.sabotage.sorted()
        let candidates = input.runs.filter {
            !$0.isNull && !$0.isHeld && !$0.isChained && $0.sabotage.sorted() == wanted
                // A fail stays, whatever is said to have taken its place.
                && (!$0.isReplaced || $0.outcome == Outcome.fail.rawValue)
        }
        for run in candidates where run.flaw != nil { unusable.append((run, run.flaw ?? "")) }
        let sound = candidates.filter { $0.flaw == nil }
        let newest = sound.filter { input.build == nil || $0.systemBuild == input.build }
            .max { ($0.began, $0.directory) < ($1.began, $1.directory) }
        guard let newest else { return }
        let subject = Scorecard.Subject(
            system: newest.system, build: newest.systemBuild, sabotage: wanted, rig: newest.rig,
            rigKind: newest.rigKind, toolBuild: newest.toolBuild, newest: newest.began)
        self.subject = subject
        for run in sound {
            if run.system != subject.system {
                unusable.append((run, "it is of another system, \(run.system)"))
            } else if run.systemBuild != subject.build {
                stale.append(run)
            } else if run.rig != subject.rig || run.rigKind != subject.rigKind {
                unusable.append((run, "it was made on another rig, \(run.rig)"))
            } else if run.toolBuild != subject.toolBuild {
                unusable.append((run, "it was made with another build of knxrig"))
            } else {
                scored.append(run)
            }
        }
        disqualify(input, subject)
    }

    private mutating func disqualify(_ input: Scorecard.Input, _ subject: Scorecard.Subject) {
        if let qualification = input.qualification {
            if let objection = qualification.objection(
                rig: subject.rig, kind: subject.rigKind, toolBuild: subject.toolBuild)
            {
                disqualified.append(
                    "the qualification \(qualification.path) does not vouch for these runs: \(objection)")
            }
        } else {
            disqualified.append(
                "nothing shows that this rig with this build of knxrig can tell good from bad: `knxrig calibrate all` does"
            )
        }
        let invalid = scored.count { $0.outcome == Outcome.invalid.rawValue }
        if invalid > 1, Double(invalid) > Self.invalidShare * Double(scored.count) {
            disqualified.append("\(invalid) of \(scored.count) runs are invalid, more than 5 %")
        }
    }
}
