import Bus
import Catalogue
import Checkers
import Events
import Evidence
import Glibc
import KNX
import Platform
import Rigs
import Synchronization
import Systems

/// Everything that one run holds: its twin (on a rig that has one), keeper, witness, stimuli, system with its probes, workload, journal and
/// judge. Made in one piece, taken down in one piece, whatever happened in between.
final class Bench: Sendable {
    /// Before anything is sent the witness listens for this long (interlock 1).
    static let listening = Instant.Span.seconds(10)

    let stage: Mutex<Stage>
    let program: String
    let version: String
    let cancellation: Cancellation
    let twin: TwinProcess?
    let keeper: KeeperClient
    let recorder = Recorder()
    let heldUntil = Mutex<Instant?>(nil)
    let guarded: LineGuard
    let parts = Mutex(Parts())

    /// What each run of a chain has of its own.
    struct Stage {
        var plan: TestPlan
        var directory: RunDirectory
        var journal: Journal
        var judge: JudgeBox
        /// From when on the state was normal without a break: when the run before had recovered; nil for a run that begins with the system's start.
        var normalSince: Instant?
    }

    var plan: TestPlan { stage.withLock { $0.plan } }
    var directory: RunDirectory { stage.withLock { $0.directory } }
    var journal: Journal { stage.withLock { $0.journal } }
    var judge: JudgeBox { stage.withLock { $0.judge } }

    /// What comes up later, and goes down in reverse.
    struct Parts {
        var readers: [SocketReader] = []
        var interfaceWatch: InterfaceWatch?
        var writeWatch: WriteWatch?
        var watches: [String: Watch] = [:]
        var databaseLock: DatabaseLockHolder?
        var ballast: DiskBallast?
        var witness: (any LineWitness)?
        var stimuli: [TPUARTStimulus] = []
        /// One of the stimuli, or a chip that is there for this alone.
        var longFrames: TPUARTStimulus?
        var system: SystemUnderTest?
        var workload: Workload?
        var isGuarding = false
    }

    /// The judge as the journal's writer feeds it, asked by the run.
    final class JudgeBox: Sendable {
        private let judge: Mutex<Judge>

        init(_ judge: Judge) {
            self.judge = Mutex(judge)
        }

        func observe(_ event: Event) { judge.withLock { $0.observe(event) } }
        var present: Judge { judge.withLock { $0 } }
    }

    /// Takes the hardware: twin, keeper with its boards in the safe state, journal. Nothing is sent on the line.
    ///
    /// - Parameter onKeeper: told how to command the safe state at once.
    init(
        plan: TestPlan, program: String, version: String, cancellation: Cancellation,
        onKeeper: (@escaping @Sendable () -> Void) -> Void
    ) throws(Interruption) {
        self.program = program
        self.version = version
        self.cancellation = cancellation
        let directory = RunDirectory(path: plan.job.directory)
        do {
            try Files.makeDirectories(directory.logsPath)
        } catch {
            throw .error("\(error)")
        }
        var twin: TwinProcess?
        do {
            if plan.rig.kind == .twin {
                twin = try TwinProcess(
                    program: program, rigFile: plan.job.rigFile, directory: plan.job.temporary,
                    journal: directory.path + "/twin.jsonl")
            }
            self.twin = twin
            let options = KeeperOptions(
                rigFile: plan.job.rigFile, socket: plan.job.temporary + "/keeper",
                directory: twin == nil ? StateDirectory.current.path : plan.job.temporary + "/locks",
                access: twin.map { BoardAccess(usbipHost: "127.0.0.1", usbipPort: $0.usbPort) } ?? BoardAccess(),
                journal: directory.keeperPath, program: program)
            let cancelled = cancellation
            let installed = KeeperClient.installedSocket(rig: plan.rig.name)
            let joining = twin == nil && Files.exists(installed) ? installed : nil
            keeper = try Bench.keeper(options, joining: joining, run: plan.job.name) { push in
                switch push {
                case .boardLost(let board, let reason):
                    cancelled.cancel(
                        .invalid("board '\(board)' was lost in the middle of the run\(reason.map { ": \($0)" } ?? "")"))
                case .tripped(let reason):
                    cancelled.cancel(.invalid("the keeper went to the safe state by itself: \(reason)"))
                case .died: cancelled.cancel(.error("the keeper died; its guardian has gone to the safe state"))
                case .boardBack: break
                }
            }
        } catch {
            _ = twin?.finish()
            throw error
        }
        onKeeper { [keeper] in keeper.safe() }
        guarded = LineGuard(sources: plan.line.sources, groups: plan.line.groups)
        do {
            let record = plan.record(version: version, program: program, boards: keeper.boards)
            let stage = try Bench.stage(plan, record, cancellation, normalSince: nil)
            self.stage = Mutex(stage)
            recorder.record(into: stage.journal)
        } catch {
            _ = keeper.bye()
            _ = twin?.finish()
            throw .error("\(error)")
        }
    }

    /// Opens the evidence of a run.
    static func stage(
        _ plan: TestPlan, _ record: Value, _ cancellation: Cancellation, normalSince: Instant?
    ) throws -> Stage {
        let directory = RunDirectory(path: plan.job.directory)
        let judge = JudgeBox(try Judge(plan: record))
        let journal = try Journal(
            path: directory.evidencePath, plan: record, planSource: "rig",
            observer: { _, event in judge.observe(event) },
            onFailure: { failure in
                cancellation.cancel(.error("the evidence cannot be written any more: \(failure)"))
            })
        return Stage(plan: plan, directory: directory, journal: journal, judge: judge, normalSince: normalSince)
    }

    /// Starts a keeper, or takes the rig from the installed one, which has its boards already.
    private static func keeper(
        _ options: KeeperOptions, joining socket: String?, run: String,
        _ onPush: @escaping @Sendable (KeeperClient.Push) -> Void
    ) throws(Interruption) -> KeeperClient {
        do {
            if let socket {
                return try KeeperClient(joining: socket, rigFile: options.rigFile, run: run, onPush: onPush)
            }
            return try KeeperClient(options: options, run: run, onPush: onPush)
        } catch {
            throw error.kind == .rig ? .invalid(error.description) : .error(error.description)
        }
    }

    var workload: Workload? { parts.withLock { $0.workload } }

    /// What takes frames of more than 64 octets, in a run that sends some.
    var longFrames: TPUARTStimulus? { parts.withLock { $0.longFrames } }

    var sink: EventSink { recorder.sink }

    func record(_ payload: Event.Payload, at instant: Instant = MonotonicClock.now()) {
        recorder.append(Event(at: instant, source: "rig", payload))
    }

    /// From when on the state was normal without a break, where a run before has shown it.
    var normalSince: Instant? { stage.withLock { $0.normalSince } }

    /// Returns once everything so far is on the disk.
    func sync() throws(Interruption) {
        do {
            try journal.sync()
        } catch {
            throw .error("the evidence cannot be written: \(error)")
        }
    }

    func judged<Result>(_ body: (Judge) -> Result) -> Result { body(judge.present) }

    func sleep(until instant: Instant) throws(Interruption) { try cancellation.sleep(until: instant) }

    /// Puts off the heal of a fault that somebody held.
    func hold(until instant: Instant) { heldUntil.withLock { $0 = instant } }

    /// When a heal that was planned for an instant is to be commanded.
    func healing(_ planned: Instant) -> Instant { max(planned, heldUntil.withLock { $0 } ?? planned) }

    var readyWithin: Instant.Span { Instant.Span(nanoseconds: plan.system.ready.withinNanoseconds) }

    func recordTrial(_ trial: Event.Operation, at instant: Instant) {
        recorder.append(Event(at: instant, source: "rig", .operation(trial)))
    }

    var lineTarget: String { "line:\(plan.line.id)" }

    func record(_ actuation: Event.Actuation) {
        recorder.append(Event(at: actuation.commanded, source: "rig", .actuation(actuation)))
    }

    func withSystem<Result>(
        _ body: (SystemUnderTest) throws(SystemFault) -> Result
    ) throws(Interruption) -> Result {
        guard let system = parts.withLock({ $0.system }) else { throw .error("there is no system under test") }
        do {
            return try body(system)
        } catch {
            throw .error(error.description)
        }
    }
}
