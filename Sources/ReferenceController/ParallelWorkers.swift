import Synchronization

/// What a controller does that gives each telegram to whichever worker is next: none is as quick as the others, and nobody keeps what belongs to one
/// address in its order.
final class ParallelWorkers: Sendable {
    private struct Job: Sendable {
        let due: Int64
        let work: @Sendable () -> Void
    }

    private final class Worker: Sendable {
        let delayNanoseconds: Int64
        let jobs = Mutex<(waiting: [Job], stopping: Bool)>(([], false))
        let wakeup = Wakeup()

        init(delayMilliseconds: Int64) {
            delayNanoseconds = delayMilliseconds * 1_000_000
        }

        /// Returns after `stopping` is set, when all that waited is done.
        func run() {
            while true {
                let (next, stopping) = jobs.withLock { ($0.waiting.first, $0.stopping) }
                guard let next else {
                    if stopping { return }
                    wakeup.wait(milliseconds: -1)
                    continue
                }
                let wait = next.due - monotonicNanoseconds()
                if wait > 0, !stopping {
                    wakeup.wait(milliseconds: Int(wait / 1_000_000) + 1)
                    continue
                }
                jobs.withLock { _ = $0.waiting.removeFirst() }
                next.work()
            }
        }
    }

    /// How long each worker takes for a telegram.
    private static let delaysMilliseconds: [Int64] = [0, 30, 60, 90]

    private let workers: [Worker]
    private let threads: [NamedThread]
    private let next = Atomic(0)

    init() {
        let workers = Self.delaysMilliseconds.map(Worker.init(delayMilliseconds:))
        self.workers = workers
        threads = workers.enumerated().map { number, worker in NamedThread("publish \(number)") { worker.run() } }
    }

    /// Has it done by the next worker.
    func give(_ work: @escaping @Sendable () -> Void) {
        let worker = workers[next.add(1, ordering: .relaxed).oldValue % workers.count]
        let job = Job(due: monotonicNanoseconds() + worker.delayNanoseconds, work: work)
        worker.jobs.withLock { $0.waiting.append(job) }
        worker.wakeup.signal()
    }

    /// Returns when all that was given has been done. To be called once.
    func stop() {
        for worker in workers {
            worker.jobs.withLock { $0.stopping = true }
            worker.wakeup.signal()
        }
        for thread in threads { thread.join() }
    }
}
