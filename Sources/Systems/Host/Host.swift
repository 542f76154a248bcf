public import Events
import Glibc
public import Platform
import Synchronization

/// The machine that the system under test runs on: a process tree in network, mount and process namespaces of its own, which can be
/// powered off. Where this computer refuses namespaces it is a process tree alone, which is killed process by process. What its units write arrives as `.log` events of the source `log` and in `<unit>.log`; how they start and end as
/// `.process` events of the source `process`.
public final class Host: Sendable {
    /// A program to run on the host.
    public struct Unit: Sendable {
        public var id: String
        public var path: String
        public var arguments: [String]
        /// nil: as ours.
        public var environment: [String: String]?
        public var directory: String?
        /// Written before the program starts.
        public var files: [(path: String, text: String)] = []
        /// Those of the files that are programs.
        public var executables: Set<String> = []
        /// What its lines mean.
        public var patterns: [SystemProfile.LogPattern] = []

        public init(id: String, path: String, arguments: [String] = []) {
            self.id = id
            self.path = path
            self.arguments = arguments
        }
    }

    private struct RunningUnit {
        var pid: Int32?
        var patterns: [SystemProfile.LogPattern]
        let started: Arrival<Result<Int32, SystemFault>>
        let ended: Arrival<End>
    }

    /// How a unit ended, and when on the host's clock.
    public struct End: Hashable, Sendable {
        public var exit: ChildProcess.Exit
        public var instant: Instant
    }

    /// What keeps it apart.
    public let isolation: Isolation
    private let process: ChildProcess
    private let channel: RecordChannel
    private let logs: String
    private let sink: EventSink
    private let ready: Arrival<Result<Void, SystemFault>>
    private let units = Mutex<[String: RunningUnit]>([:])
    private let reader = Mutex<NamedThread?>(nil)

    /// Between the end of a process and the instant that the host stamps lies its wait for the processor.
    private static let stampUncertainty: Int64 = 1_000_000

    /// The number of the host's PID 1 outside: for `NetworkNamespace.enter` and `/proc`.
    public var pid: Int32 { process.pid }

    private init(
        _ process: ChildProcess, _ channel: RecordChannel, isolation: Isolation, logs: String, sink: @escaping EventSink
    ) throws(SystemFailure) {
        self.isolation = isolation
        self.process = process
        self.channel = channel
        self.logs = logs
        self.sink = sink
        ready = try Arrival()
    }

    deinit {
        // Without joining the reader: it may be the reader that lets go last.
        endTree()
    }

    /// SIGKILL of the namespaces' PID 1 ends everything on the host. Without namespaces its end must be asked for, and what is left is ended from here.
    private func endTree() {
        if isolation != .namespaces {
            shutdown(channel.descriptor.number, Int32(SHUT_RDWR))
            if process.wait(until: MonotonicClock.now() + .seconds(6)) == nil { ProcessTree.kill(below: pid) }
        }
        process.send(signal: SIGKILL)
        _ = process.wait()
    }

    /// Starts a host.
    ///
    /// - Parameter program: path of the knxrig program, which is started as `knxrig host`.
    /// - Parameter logs: the directory that gets `<unit>.log`; it must exist.
    /// - Parameter isolation: what this computer lets us do.
    /// - Throws: a sentence with the remedy, when namespaces are refused or the host does not come up within 10 s.
    public static func start(
        program: String, logs: String, isolation: Isolation = .present, sink: @escaping EventSink
    ) throws(SystemFault) -> Host {
        do {
            let (ours, theirs) = try Socket.pair()
            let isApart = isolation == .namespaces
            var request = ChildProcess.Request(
                path: program, arguments: isApart ? ["host"] : ["host", HostBody.withoutNamespaces])
            request.descriptors = [(Lifeline.childDescriptorNumber, theirs)]
            request.newSession = true
            request.namespaces = isApart ? [.network, .mount, .process] : []
            let process = try ChildProcess.spawn(request)
            theirs.close()
            let host = try Host(process, RecordChannel(ours), isolation: isolation, logs: logs, sink: sink)
            host.read()
            switch host.ready.wait(until: MonotonicClock.now() + .seconds(10)) {
            case .success: return host
            case .failure(let fault): throw fault
            case nil: throw SystemFault("the host did not come up within 10 s (program \(program))")
            }
        } catch let fault as SystemFault {
            throw fault
        } catch let failure as SystemFailure {
            let remedy =
                failure.code == EPERM
                ? ": it needs network, mount and process namespaces of its own, so run knxrig as root" : ""
            throw SystemFault("the host of the system under test did not start: \(failure)\(remedy)")
        } catch {
            throw SystemFault("the host of the system under test did not start: \(error)")
        }
    }

    /// Starts a unit and returns its process number on the host.
    ///
    /// - Throws: why the host could not start it.
    @discardableResult
    public func start(_ unit: Unit) throws(SystemFault) -> Int32 {
        do {
            let running = RunningUnit(patterns: unit.patterns, started: try Arrival(), ended: try Arrival())
            try units.withLock { units throws(SystemFault) in
                if let other = units[unit.id], other.ended.present == nil, case .success = other.started.present {
                    throw SystemFault("\(unit.id) runs already")
                }
                units[unit.id] = running
            }
            try channel.send(Host.request(unit))
            let started = running.started.wait(until: MonotonicClock.now() + .seconds(10))
            guard let started else {
                throw SystemFault("the host did not answer within 10 s when asked to start \(unit.id)")
            }
            return try started.get()
        } catch let fault as SystemFault {
            throw fault
        } catch {
            throw SystemFault("\(unit.id) could not be started: \(error)")
        }
    }

    private static func request(_ unit: Unit) -> Value {
        let files: [Value] = unit.files.map {
            [
                "path": .text($0.path), "text": .text($0.text),
                "executable": .bool(unit.executables.contains($0.path)),
            ]
        }
        let environment = unit.environment.map { variables in
            Value.record(variables.sorted { $0.key < $1.key }.map { Value.Field($0.key, .text($0.value)) })
        }
        return .record(present: [
            ("do", "start"), ("unit", .text(unit.id)), ("path", .text(unit.path)),
            ("arguments", .list(unit.arguments.map(Value.text))), ("environment", environment),
            ("directory", unit.directory.map(Value.text)), ("files", .list(files)),
        ])
    }

    /// Sends a signal to the unit's process; nothing when it does not run.
    public func signal(_ unit: String, _ number: Int32) {
        try? channel.send(["do": "signal", "unit": .text(unit), "signal": .integer(Int64(number))])
    }

    /// Shows a text at a path of the host in the place of the file that this computer has there; not where the host has no mounts of its own.
    public func show(_ text: String, at path: String) {
        guard isolation == .namespaces else { return }
        try? channel.send(["do": "show", "path": .text(path), "text": .text(text)])
    }

    /// Ends every process on the host at once, as a power cut does; the host itself stays.
    public func cutPower() {
        try? channel.send(["do": "power-cut"])
    }

    /// Waits for the end of a unit; nil when it still runs at `deadline` or was never started.
    public func waitEnd(of unit: String, until deadline: Instant) -> End? {
        units.withLock { $0[unit] }?.ended.wait(until: deadline)
    }

    public func isRunning(_ unit: String) -> Bool {
        units.withLock { $0[unit] }.map { $0.pid != nil && $0.ended.present == nil } ?? false
    }

    /// The unit's process number on the host while it runs.
    public func innerPID(of unit: String) -> Int32? {
        units.withLock { $0[unit] }.flatMap { $0.ended.present == nil ? $0.pid : nil }
    }

    /// Names of the programs on the host that were left behind by what started them: neither a unit nor below one.
    public func orphans() -> [String] {
        let units = Set(units.withLock { $0.values.filter { $0.ended.present == nil }.compactMap(\.pid) })
        return ProcessTable.descendants(of: pid).filter { $0.parent == pid && !units.contains($0.innerPID) }.map(
            \.command)
    }

    /// SIGTERM, and SIGKILL when the unit still runs after `span`; nil when it does not run.
    @discardableResult
    public func stop(_ unit: String, within span: Instant.Span) -> End? {
        guard isRunning(unit) else { return nil }
        signal(unit, SIGTERM)
        if let end = waitEnd(of: unit, until: MonotonicClock.now() + span) { return end }
        signal(unit, SIGKILL)
        return waitEnd(of: unit, until: MonotonicClock.now() + .seconds(5))
    }

    /// Takes the power away: SIGKILL of the namespaces' PID 1; the kernel kills everything below it before it is gone. Calling it again does
    /// nothing.
    public func powerOff() {
        endTree()
        let thread = reader.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
    }

    private func read() {
        // The thread must not keep the host alive, or nobody would ever power it off.
        let channel = channel
        let thread = NamedThread.start("host reader") { [weak self] in
            while case .record(let record)? = try? channel.receive() { self?.take(record) }
            self?.lost()
        }
        reader.withLock { $0 = thread }
    }

    private func take(_ record: Value) {
        let id = record["unit"]?.text ?? ""
        let instant = Instant(nanoseconds: record["t"]?.integer ?? MonotonicClock.now().nanoseconds)
        switch record["is"]?.text {
        case "ready": ready.put(.success(()))
        case "started":
            let pid = Int32(truncatingIfNeeded: record["pid"]?.integer ?? 0)
            let unit = units.withLock { units in
                units[id]?.pid = pid
                return units[id]
            }
            emit(.process(.init(process: id, pid: Int64(pid), change: .started)), at: instant, source: "process")
            unit?.started.put(.success(pid))
        case "failed":
            let fault = SystemFault("\(id) could not be started: \(record["reason"]?.text ?? "no reason given")")
            if id == "host" { ready.put(.failure(fault)) }
            units.withLock { $0[id] }?.started.put(.failure(fault))
        case "output":
            output(record["line"]?.text ?? "", of: id, at: instant)
        case "exited":
            let exit: ChildProcess.Exit =
                record["signal"]?.integer.map { .signal(Int32(truncatingIfNeeded: $0)) }
                ?? .status(Int32(truncatingIfNeeded: record["status"]?.integer ?? -1))
            ended(id, pid: record["pid"]?.integer ?? 0, exit, at: instant)
        default: break
        }
    }

    private func output(_ line: String, of id: String, at instant: Instant) {
        let patterns = units.withLock { $0[id]?.patterns ?? [] }
        let means = patterns.first { $0.pattern.matches(line) }?.means
        append(line, to: "\(logs)/\(id).log")
        emit(.log(.init(process: id, line: line, means: means)), at: instant, source: "log")
    }

    private func append(_ line: String, to path: String) {
        let number = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        // The same line is in the evidence: a log that cannot be written is no reason to stop.
        guard number >= 0 else { return }
        try? Descriptor(owning: number).writeAll(Array(line.utf8) + [0x0A])
    }

    private func ended(_ id: String, pid: Int64, _ exit: ChildProcess.Exit, at instant: Instant) {
        var change = Event.ProcessChange(process: id, pid: pid, change: .exited)
        switch exit {
        case .status(let status): change.status = Int64(status)
        case .signal(let signal): change.signal = Int64(signal)
        }
        emit(.process(change), at: instant, source: "process")
        units.withLock { $0[id] }?.ended.put(End(exit: exit, instant: instant))
    }

    /// The host is gone, and everything on it with it: the kernel sent SIGKILL to all that still ran.
    private func lost() {
        ready.put(.failure(SystemFault("the host of the system under test ended before it was ready")))
        let now = MonotonicClock.now()
        for (id, unit) in units.withLock({ $0 }).sorted(by: { $0.key < $1.key }) where unit.ended.present == nil {
            unit.started.put(.failure(SystemFault("\(id) could not be started: the host is off")))
            if let pid = unit.pid { ended(id, pid: Int64(pid), .signal(SIGKILL), at: now) }
        }
    }

    private func emit(_ payload: Event.Payload, at instant: Instant, source: String) {
        sink(Event(at: instant, uncertaintyNanoseconds: Host.stampUncertainty, source: source, payload))
    }
}
