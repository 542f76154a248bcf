import Catalogue
import Checkers
import Events
import Glibc
public import Platform
import Synchronization

/// The body of a run's process: takes its job from the command that started it, makes the run, hands the verdict back; of a chain, one run after the
/// other.
public enum Worker {
    /// - Parameter program: path of this program, to start the twin, the keeper and the host from.
    /// - Parameter lifeline: to the command; its end of file is the command's death.
    /// - Returns: the exit status of the process; the verdict has gone over the lifeline.
    public static func run(program: String, version: String, lifeline: RecordChannel) -> Int32 {
        guard case .record(let first) = try? lifeline.receive(until: MonotonicClock.now() + .seconds(10)),
            let records = first["jobs"]?.list, let jobs = try? records.map(Job.init), let job = jobs.first,
            let cancellation = try? Cancellation(),
            let healRequest = try? HealRequest()
        else { return 5 }
        let safe = Mutex<(@Sendable () -> Void)?>(nil)
        let listener = NamedThread.start("lifeline") {
            while true {
                switch try? lifeline.receive() {
                case .record(let value):
                    if let reason = value["abort"]?.text { cancellation.cancel(.aborted(reason)) }
                    if value["heal"]?.bool == true { healRequest.make() }
                case .timeout: continue
                default:
                    // The command is dead. What it cut must not stay cut while this process tidies up.
                    let command = safe.withLock { $0 }
                    command?()
                    cancellation.cancel(.aborted("the command that started this run has died"))
                    return
                }
            }
        }
        watchSignals(cancellation)
        func finish(_ verdict: RunVerdict) { try? lifeline.send(["finished": verdict.value]) }
        do {
            let plans = try jobs.map { try TestPlan(job: $0) }
            if plans[0].variant.fault.action == .fillDisk { try SmallDisk.mount(at: job.temporary + "/data") }
            let runs = plans.map { plan in
                Run(plan: plan, cancellation: cancellation, healRequest: healRequest) { text in
                    try? lifeline.send(["progress": .text(text)])
                }
            }
            runs[0].make(
                then: Array(runs.dropFirst()), program: program, version: version,
                onKeeper: { command in safe.withLock { $0 = command } }, onVerdict: finish)
        } catch {
            finish(RunVerdict(outcome: .error, sentence: "\(error)"))
        }
        SmallDisk.unmount(job.temporary + "/data")
        Files.removeTree(job.temporary)
        try? lifeline.send(["ended": true])
        shutdown(lifeline.descriptor.number, Int32(SHUT_RDWR))
        listener.join()
        return 0
    }

    /// A run asked to end by a signal of its own ends as it does when the command asks.
    private static func watchSignals(_ cancellation: Cancellation) {
        guard let signals = try? Signals.descriptor(for: [SIGINT, SIGTERM, SIGHUP]) else { return }
        NamedThread.start("signals") {
            while true {
                _ = Poll.wait([(signals, .readable)], until: nil)
                if let signal = Signals.next(from: signals) {
                    cancellation.cancel(.aborted("ended by signal \(signal)"))
                }
            }
        }
    }
}
