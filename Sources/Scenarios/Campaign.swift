public import Checkers
import Events
import Glibc
import Platform
import Synchronization

/// What became of one job.
public struct JobResult: Sendable {
    public var job: Job
    public var verdict: RunVerdict
}

/// The command's side of its runs: starts each as a process of its own, some at once, passes an abort on, and collects the verdicts.
public final class Campaign: Sendable {
    /// What a run is doing, for people.
    public struct Progress: Sendable {
        public var job: Job
        public var text: String
    }

    private struct State {
        var waiting: [(index: Int, job: Job)]
        var running: [Int: (channel: RecordChannel, child: ChildProcess)] = [:]
        var results: [Int: JobResult] = [:]
        var aborted: String?
    }

    private let state: Mutex<State>
    private let program: String
    private let onProgress: @Sendable (Progress) -> Void
    private let onResult: @Sendable (JobResult) -> Void

    /// - Parameter program: the path of this program, which the runs are started from.
    public init(
        program: String, onProgress: @escaping @Sendable (Progress) -> Void,
        onResult: @escaping @Sendable (JobResult) -> Void
    ) {
        state = Mutex(State(waiting: []))
        self.program = program
        self.onProgress = onProgress
        self.onResult = onResult
    }

    /// Makes all runs, at most `parallel` at once, and returns their results in the order of the jobs.
    public func run(_ jobs: [Job], parallel: Int) -> [JobResult] {
        state.withLock { state in
            state.results = [:]
            // After an abort nothing is started any more.
            if state.aborted == nil { state.waiting = jobs.enumerated().map { ($0.offset, $0.element) } }
        }
        let threads = (0..<max(1, parallel)).map { number in
            NamedThread.start("campaign \(number)") { [self] in
                while let (index, job) = next() {
                    let result = make(job, index)
                    state.withLock { $0.results[index] = result }
                    onResult(result)
                }
            }
        }
        for thread in threads { thread.join() }
        return state.withLock { state in state.results.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// Asks every run to heal, go to the safe state and end; starts no further one. A second call kills them: their keepers see that and
    /// go to the safe state by themselves.
    public func abort(_ reason: String) {
        let running = state.withLock { state -> [(channel: RecordChannel, child: ChildProcess)] in
            let again = state.aborted != nil
            state.aborted = state.aborted ?? reason
            state.waiting = []
            if again {
                for run in state.running.values { run.child.send(signal: SIGKILL) }
                return []
            }
            return Array(state.running.values)
        }
        for run in running { try? run.channel.send(["abort": .text(reason)]) }
    }

    /// Heals the faults that stand until somebody wants them healed.
    public func heal() {
        for run in state.withLock({ Array($0.running.values) }) { try? run.channel.send(["heal": true]) }
    }

    private func next() -> (index: Int, job: Job)? {
        state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
    }

    private func make(_ asked: Job, _ index: Int) -> JobResult {
        var job = asked
        func failed(_ outcome: Outcome, _ sentence: String) -> JobResult {
            JobResult(job: asked, verdict: RunVerdict(outcome: outcome, sentence: sentence))
        }
        let ours: RecordChannel
        let child: ChildProcess
        let temporary: TemporaryDirectory
        do {
            temporary = try TemporaryDirectory(prefix: "knxrig-")
            job.temporary = temporary.path
            let (near, far) = try Socket.pair()
            var request = ChildProcess.Request(path: program, arguments: ["run"])
            request.descriptors = [(Lifeline.childDescriptorNumber, far)]
            // A session of its own: Ctrl-C at the terminal reaches the command alone, which passes it on in order.
            request.newSession = true
            child = try ChildProcess.spawn(request)
            ours = RecordChannel(near)
            state.withLock { $0.running[index] = (ours, child) }
            try ours.send(["job": job.value])
        } catch {
            return failed(.error, "the run could not be started: \(error)")
        }
        defer { state.withLock { $0.running[index] = nil } }
        var verdict: RunVerdict?
        receiving: while true {
            switch try? ours.receive() {
            case .record(let value):
                if let text = value["progress"]?.text { onProgress(Progress(job: asked, text: text)) }
                if let finished = value["finished"] { verdict = try? RunVerdict(finished) }
            default: break receiving
            }
        }
        let exit = child.wait()
        // After an orderly end nothing uses the directory any more; what a killed run leaves behind ends within two seconds.
        if verdict == nil { MonotonicClock.sleep(for: .seconds(2)) }
        temporary.remove()
        return verdict.map { JobResult(job: asked, verdict: $0) }
            ?? failed(
                state.withLock { $0.aborted } != nil ? .aborted : .error,
                "the run ended without a verdict (\(exit)); its keeper has gone to the safe state")
    }
}
