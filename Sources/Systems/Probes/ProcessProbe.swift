import Events
import Platform
import Synchronization

/// Watches the processes of the system from outside, through /proc: the ones below the main process appear, end, stand still and go on as `.process` events of the
/// source `process` (their exit status is their parent's to know), and once a second the view `process` samples of the main process
/// `descriptors`, `children`, `threads`, `resident_kilobytes` and `peak_kilobytes` (the most that was ever resident at once), and of all processes of the system and its services together `waited_milliseconds`
/// and `worked_permille`: how long this computer kept them from a processor, and how much of it was theirs.
final class ProcessProbe: Probe {
    private let host: Host
    private let main: String
    private let roles: [SystemProfile.ProcessRole]
    private let sink: EventSink
    private let thread = Mutex<ProbeThread?>(nil)

    private static let source = "process"
    private static let interval: Instant.Span = .milliseconds(100)
    private static let pollsPerSample = 10
    /// Half a second away from the rig's own commands, whose connections are descriptors of the system too.
    private static let sampleTurn = 5

    /// - Parameter main: the unit of the host that is the main process.
    init(host: Host, main: String, roles: [SystemProfile.ProcessRole], sink: @escaping EventSink) {
        self.host = host
        self.main = main
        self.roles = roles.filter { !$0.isMain }
        self.sink = sink
    }

    func start(network _: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe process", network: nil) { [self] thread in
            var watch = ProcessWatch(roles: roles)
            var processors = ProcessorWatch()
            var turn = 0
            thread.poll(every: { Self.interval }, source: Self.source, sink: sink) {
                let processes = ProcessTable.descendants(of: host.pid)
                for event in watch.polled(processes, at: MonotonicClock.now()) { sink(event) }
                if turn % Self.pollsPerSample == Self.sampleTurn {
                    sample(processes)
                    let times = ProcessorTime.ofThreads(of: processes.map(\.pid))
                    if let share = processors.looked(times, at: MonotonicClock.now()) { tell(share) }
                }
                turn += 1
            }
        }
        thread.withLock { $0 = started }
    }

    func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.stop()
    }

    /// What the main process and those below it hold that have a role.
    func holdings() -> [ProcessHolding] {
        let processes = ProcessTable.descendants(of: host.pid)
        return processes.compactMap { process in
            if process.innerPID == host.innerPID(of: main) { return ProcessHolding(process, id: main, isMain: true) }
            return ProcessWatch.role(of: process, among: roles).map {
                ProcessHolding(process, id: $0.id, isMain: false)
            }
        }
    }

    private func sample(_ processes: [ProcessEntry]) {
        guard let inner = host.innerPID(of: main), let process = processes.first(where: { $0.innerPID == inner }) else {
            return
        }
        tell([
            ("descriptors", Int64(Files.entries(of: "/proc/\(process.pid)/fd").count)),
            ("children", Int64(processes.count { $0.parent == process.pid })),
            ("threads", process.threads), ("resident_kilobytes", process.residentKilobytes),
            ("peak_kilobytes", process.peakKilobytes),
        ])
    }

    private func tell(_ share: ProcessorWatch.Share) {
        tell([("waited_milliseconds", share.waitedMilliseconds), ("worked_permille", share.workedPermille)])
    }

    private func tell(_ readings: [(String, Int64)]) {
        let instant = MonotonicClock.now()
        for (point, reading) in readings {
            sink(
                Event(
                    at: instant, uncertaintyNanoseconds: 1_000_000, source: Self.source,
                    .sample(.init(view: "process", point: point, reading: .integer(reading)))))
        }
    }
}

/// Which processes with a role are there, from poll to poll.
struct ProcessWatch {
    private let roles: [SystemProfile.ProcessRole]
    private var present: [Int32: String] = [:]
    /// Of those, the ones that stand still by a signal.
    private var stopped: Set<Int32> = []
    private var lastPoll: Instant?

    init(roles: [SystemProfile.ProcessRole]) {
        self.roles = roles
    }

    /// The kernel keeps 15 octets of a name.
    static func role(
        of process: ProcessEntry, among roles: [SystemProfile.ProcessRole]
    ) -> SystemProfile.ProcessRole? {
        roles.first { $0.command.map { String($0.prefix(15)) } == process.command }
    }

    /// Processes bear the numbers that the system itself knows them by. A change lies between this poll and the one before: its instant is the
    /// middle.
    mutating func polled(_ processes: [ProcessEntry], at instant: Instant) -> [Event] {
        var now: [Int32: String] = [:]
        var still: Set<Int32> = []
        for process in processes {
            if let role = Self.role(of: process, among: roles) {
                now[process.innerPID] = role.id
                if process.state == "T" { still.insert(process.innerPID) }
            }
        }
        let from = lastPoll ?? instant
        var changes = present.filter { now[$0.key] != $0.value }
            .map { Event.ProcessChange(process: $0.value, pid: Int64($0.key), change: .exited) }
        changes += now.filter { present[$0.key] != $0.value }
            .map { Event.ProcessChange(process: $0.value, pid: Int64($0.key), change: .started) }
        for (pid, process) in now where still.contains(pid) != stopped.contains(pid) {
            changes.append(
                Event.ProcessChange(
                    process: process, pid: Int64(pid), change: still.contains(pid) ? .stopped : .continued))
        }
        present = now
        stopped = still
        lastPoll = instant
        return changes.map {
            Event(
                at: .middle(from, instant), uncertaintyNanoseconds: ProbeThread.pollUncertainty(instant - from),
                source: "process", .process($0))
        }
    }
}
