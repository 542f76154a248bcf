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

    /// Runs that one process makes on one system, one after the other; mostly one.
    private typealias Batch = [(index: Int, job: Job)]

    private struct State {
        var waiting: [Batch]
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
            if state.aborted == nil { state.waiting = Campaign.batches(jobs) }
        }
        let threads = (0..<max(1, parallel)).map { number in
            NamedThread.start("campaign \(number)") { [self] in
                while let batch = next() {
                    let made = make(batch) { [self] index, result in
                        state.withLock { $0.results[index] = result }
                        onResult(result)
                    }
                    // A chain ends with the first run that does not pass: the next ones get a fresh system.
                    let rest = Array(batch.dropFirst(made))
                    state.withLock { state in
                        if !rest.isEmpty, state.aborted == nil { state.waiting.insert(rest, at: 0) }
                    }
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

    private func next() -> Batch? {
        state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
    }

    /// The jobs of each chain together, where its first one stands.
    private static func batches(_ jobs: [Job]) -> [Batch] {
        var batches: [Batch] = []
        var places: [Int: Int] = [:]
        for (index, job) in jobs.enumerated() {
            if let chain = job.chain, let place = places[chain] {
                batches[place].append((index, job))
            } else {
                if let chain = job.chain { places[chain] = batches.count }
                batches.append([(index, job)])
            }
        }
        return batches
    }

    /// The job of a batch as the process that makes it gets it.
    private static func placed(_ batch: Batch, _ temporary: String) -> [Value] {
        batch.enumerated().map { position, entry in
            var job = entry.job
            job.temporary = temporary
            // What is left of a chain may be a single run: one like any other.
            if batch.count > 1 {
                job.place = ChainPlace(
                    position: position + 1, length: batch.count, baseline: batch[0].job.directoryName)
            }
            return job.value
        }
    }

    /// Makes the runs of a batch until one does not pass.
    ///
    /// - Returns: how many came to a result.
    private func make(_ batch: Batch, _ onEach: (Int, JobResult) -> Void) -> Int {
        var made = 0
        func finish(_ verdict: RunVerdict) {
            guard made < batch.count else { return }
            onEach(batch[made].index, JobResult(job: batch[made].job, verdict: verdict))
            made += 1
        }
        func failed(_ outcome: Outcome, _ sentence: String) -> Int {
            finish(RunVerdict(outcome: outcome, sentence: sentence))
            return made
        }
        let index = batch[0].index
        let ours: RecordChannel
        let child: ChildProcess
        let temporary: TemporaryDirectory
        do {
            temporary = try TemporaryDirectory(heldWithPrefix: "knxrig-")
            let (near, far) = try Socket.pair()
            var request = ChildProcess.Request(path: program, arguments: ["run"])
            request.descriptors = [(Lifeline.childDescriptorNumber, far)]
            // A session of its own: Ctrl-C at the terminal reaches the command alone, which passes it on in order.
            request.newSession = true
            child = try ChildProcess.spawn(request)
            ours = RecordChannel(near)
            try ours.send(["jobs": .list(Campaign.placed(batch, temporary.path))])
            // Who was asked to stop while it was being started hears of it here: until now nobody could tell it.
            let reason = state.withLock { state in
                state.running[index] = (ours, child)
                return state.aborted
            }
            if let reason { try ours.send(["abort": .text(reason)]) }
        } catch {
            return failed(.error, "the run could not be started: \(error)")
        }
        defer { state.withLock { $0.running[index] = nil } }
        var isOrderly = false
        receiving: while true {
            switch try? ours.receive() {
            case .record(let value):
                if let text = value["progress"]?.text, made < batch.count {
                    onProgress(Progress(job: batch[made].job, text: text))
                }
                if let finished = value["finished"], let verdict = try? RunVerdict(finished) { finish(verdict) }
                if value["ended"]?.bool == true { isOrderly = true }
            default: break receiving
            }
        }
        let exit = child.wait()
        // After an orderly end nothing uses the directory any more; what a killed run leaves behind ends within two seconds.
        if !isOrderly { MonotonicClock.sleep(for: .seconds(2)) }
        temporary.remove()
        guard !isOrderly || made == 0 else { return made }
        return failed(
            state.withLock { $0.aborted } != nil ? .aborted : .error,
            "the run ended without a verdict (\(exit)); its keeper has gone to the safe state")
    }
}
