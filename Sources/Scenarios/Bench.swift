import Bus
import Checkers
import Events
import Evidence
import KNX
import Platform
import Rigs
import Synchronization
import Systems

/// Everything that one run holds: its twin (on a rig that has one), keeper, witness, stimuli, system with its probes, workload, journal and
/// judge. Made in one piece, taken down in one piece.
final class Bench: Sendable {
    let workload: Workload
    private let plan: TestPlan
    private let cancellation: Cancellation
    private let directory: RunDirectory
    private let temporary: TemporaryDirectory
    private let twin: TwinProcess?
    private let keeper: KeeperClient
    private let journal: Journal
    private let judge: JudgeBox
    private let readers: [SocketReader]
    private let witness: TPUARTWitness
    private let stimuli: [TPUARTStimulus]
    private let system: SystemUnderTest
    private let lineGuard: GuardedLine

    /// The judge as the journal's writer feeds it, asked by the run.
    private final class JudgeBox: Sendable {
        private let judge: Mutex<Judge>

        init(_ judge: Judge) {
            self.judge = Mutex(judge)
        }

        func observe(_ event: Event) { judge.withLock { $0.observe(event) } }
        var present: Judge { judge.withLock { $0 } }
    }

    /// Brings up what the run needs to look at the line without sending on it: twin, keeper with its boards in the safe state, journal, witness.
    init(
        plan: TestPlan, program: String, cancellation: Cancellation,
        onKeeper: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void, progress: @escaping @Sendable (String) -> Void
    ) throws(Interruption) {
        self.plan = plan
        self.cancellation = cancellation
        progress("setting up")
        fatalError()
    }
}
