import Glibc
import Testing

/// Whole runs. Each waits for most of its time, so that as many as there are cores go on beside one another.
@Suite(.asRoot) enum RigRuns {}

/// Campaigns of many runs at once, one after the other, and by `scripts/test` nothing beside them: a machine that is asked for too many runs makes the rig
/// late, which the rig then rightly calls invalid; and what these look for on the whole machine must be of their own making.
@Suite(.serialized, .asRoot) enum RunsAlone {}

extension Trait where Self == ConditionTrait {
    fileprivate static var asRoot: Self {
        .enabled(if: geteuid() == 0, "a system under test gets namespaces of its own, which needs root")
    }
}
