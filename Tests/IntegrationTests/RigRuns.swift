import Glibc
import Testing

/// Whole runs, one test after the other: each brings up several real-time lines, and a machine that is asked for too many at once makes the rig
/// late, which the rig then rightly calls invalid.
@Suite(.serialized, .enabled(if: geteuid() == 0, "a system under test gets namespaces of its own, which needs root"))
enum RigRuns {}
