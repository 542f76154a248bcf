import Events
import Glibc
public import Platform

/// The body of `knxrig host`: PID 1 of network, mount and process namespaces of its own, in which the system under test and its services
/// run. It starts units on request, hands on what they write, reaps every orphan and tells how units end. It dies with its lifeline, and
/// the kernel takes everything below it along.
///
/// One thread does it all, so that a unit's last words always come before its end.
///
/// Without namespaces it takes in every orphan below it, and kills all of them before it ends.
public enum HostBody {
    /// The operand of `knxrig host` for a host without namespaces.
    public static let withoutNamespaces = "without-namespaces"

    /// Returns when the lifeline ends: the exit status of the process.
    public static func run(lifeline: RecordChannel?, isApart: Bool = true) -> Int32 {
        guard let lifeline else {
            print("knxrig host is started by a run of knxrig, never by hand")
            return 2
        }
        guard !isApart || getpid() == 1 else {
            try? lifeline.send(["is": "failed", "unit": "host", "reason": "it is not PID 1 of its own namespaces"])
            return 5
        }
        do {
            if isApart {
                try MountNamespace.makePrivateWithProc()
                try NetworkNamespace.bringUpLoopback()
                try NetworkNamespace.routeMulticastToLoopback()
            } else {
                try Orphans.takeIn()
            }
            Signals.block([SIGCHLD])
            let deaths = try Signals.descriptor(for: [SIGCHLD])
            try lifeline.send(["is": "ready"])
            var loop = HostLoop(lifeline: lifeline, deaths: deaths, isApart: isApart)
            loop.run()
            if !isApart { ProcessTree.kill(below: getpid(), reap: reapAll) }
            return 0
        } catch {
            try? lifeline.send(["is": "failed", "unit": "host", "reason": .text(error.description)])
            return 5
        }
    }
}

/// Takes the exit status of every child that has ended.
private func reapAll() {
    var status: Int32 = 0
    while unsafe waitpid(-1, &status, WNOHANG) > 0 {}
}

/// A program that the host runs.
private struct RunningUnit {
    var id: String
    var pid: Int32
    var isRunning = true
    var outputs: [Output]

    struct Output {
        var descriptor: Descriptor
        var lines = OutputLines()
    }
}

private struct HostLoop {
    let lifeline: RecordChannel
    let deaths: Descriptor
    /// It is PID 1 of its own processes, and nobody else's are in reach.
    let isApart: Bool
    private var units: [RunningUnit] = []

    init(lifeline: RecordChannel, deaths: Descriptor, isApart: Bool) {
        self.lifeline = lifeline
        self.deaths = deaths
        self.isApart = isApart
    }

    mutating func run() {
        while true {
            let outputs = units.flatMap(\.outputs)
            var wanted: [(descriptor: Descriptor, for: Readiness)] = [
                (lifeline.descriptor, .readable), (deaths, .readable),
            ]
            wanted += outputs.map { ($0.descriptor, .readable) }
            // A notice of dropped lines waits for nobody to write again.
            let hasNotice = outputs.contains { $0.lines.dropped > 0 }
            let deadline = hasNotice ? MonotonicClock.now() + .milliseconds(250) : nil
            let ready = Poll.wait(wanted, until: deadline)
            do {
                if !ready[0].isEmpty, try !takeRequests() { return }
                try readOutputs()
                if !ready[1].isEmpty { try reap() }
            } catch {
                // The run does not read any more: that is the end of the lifeline too.
                return
            }
        }
    }

    /// False at the end of the lifeline.
    private mutating func takeRequests() throws(SystemFailure) -> Bool {
        while true {
            switch try lifeline.receive(until: MonotonicClock.now()) {
            case .timeout: return true
            case .end: return false
            case .record(let request):
                switch request["do"]?.text {
                case "start": try start(request)
                case "signal": signal(request)
                // Everything but the caller, which is PID 1 of its process namespace (kill(2)).
                case "power-cut" where isApart: _ = kill(-1, SIGKILL)
                case "power-cut": ProcessTree.kill(below: getpid())
                case "show": show(request["text"]?.text ?? "", at: request["path"]?.text ?? "")
                default: break
                }
            }
        }
    }

    private mutating func start(_ request: Value) throws(SystemFailure) {
        let id = request["unit"]?.text ?? ""
        guard !units.contains(where: { $0.id == id && $0.isRunning }) else {
            try fail(id, "it runs already")
            return
        }
        do {
            for file in request["files"]?.list ?? [] {
                try Files.write(
                    Array((file["text"]?.text ?? "").utf8), to: file["path"]?.text ?? "", atomically: true,
                    permissions: file["executable"]?.bool == true ? 0o755 : 0o644)
            }
            var child = ChildProcess.Request(
                path: request["path"]?.text ?? "",
                arguments: (request["arguments"]?.list ?? []).compactMap(\.text))
            if let variables = request["environment"]?.fields {
                child.environment = Dictionary(
                    variables.map { ($0.key, $0.value.text ?? "") }, uniquingKeysWith: { $1 })
            }
            child.workingDirectory = request["directory"]?.text
            child.newSession = true
            // The kernel ends what runs on a host with namespaces; without, at least what the host has started itself.
            child.diesWithParent = !isApart
            let (outputReader, outputWriter) = try pipe()
            let (errorReader, errorWriter) = try pipe()
            child.standardOutput = outputWriter
            child.standardError = errorWriter
            let process = try ChildProcess.spawn(child)
            units.removeAll { $0.id == id && $0.outputs.isEmpty }
            units.append(
                RunningUnit(
                    id: id, pid: process.pid,
                    outputs: [.init(descriptor: outputReader), .init(descriptor: errorReader)]))
            try lifeline.send([
                "is": "started", "unit": .text(id), "pid": .integer(Int64(process.pid)), "t": now(),
            ])
        } catch {
            try fail(id, error.description)
        }
    }

    private func fail(_ id: String, _ reason: String) throws(SystemFailure) {
        try lifeline.send(["is": "failed", "unit": .text(id), "reason": .text(reason)])
    }

    /// In the mounts of the host alone; a host that cannot do it goes on with what the computer has there, which a fault's witness tells.
    private func show(_ text: String, at path: String) {
        do throws(SystemFailure) {
            let own =
                "/tmp/.knxrig-host-\(MonotonicClock.now().nanoseconds)-\(path.split(separator: "/").joined(separator: "-"))"
            try MountNamespace.show(Array(text.utf8), at: path, by: own)
        } catch {
            try? lifeline.send([
                "is": "output", "unit": "host", "t": now(), "line": .text("\(path) could not be shown: \(error)"),
            ])
        }
    }

    private func signal(_ request: Value) {
        guard let id = request["unit"]?.text, let number = request["signal"]?.integer,
            let unit = units.first(where: { $0.id == id && $0.isRunning })
        else { return }
        _ = kill(unit.pid, Int32(truncatingIfNeeded: number))
    }

    /// A pipe, not a socket pair: programs open /dev/stdout, which a socket refuses.
    private func pipe() throws(SystemFailure) -> (reader: Descriptor, writer: Descriptor) {
        var numbers: [Int32] = [0, 0]
        guard unsafe Glibc.pipe(&numbers) == 0 else { throw SystemFailure("make", "a pipe") }
        let ends = (reader: Descriptor(owning: numbers[0]), writer: Descriptor(owning: numbers[1]))
        try ends.reader.setNonblocking(true)
        return ends
    }

    private mutating func readOutputs() throws(SystemFailure) {
        for index in units.indices { try readOutputs(ofUnit: index) }
        units.removeAll { !$0.isRunning && $0.outputs.isEmpty }
    }

    private mutating func readOutputs(ofUnit unit: Int) throws(SystemFailure) {
        for index in units[unit].outputs.indices.reversed() {
            // One gulp each, so that a unit that writes without end does not keep the others waiting.
            let octets = (try? units[unit].outputs[index].descriptor.read(maximum: 1 << 18)) ?? nil
            let instant = MonotonicClock.now()
            guard let octets else {
                try send(units[unit].outputs[index].lines.notice(at: instant), of: units[unit].id, at: instant)
                continue
            }
            if octets.isEmpty {
                try send(units[unit].outputs[index].lines.end(at: instant), of: units[unit].id, at: instant)
                units[unit].outputs.remove(at: index)
            } else {
                try send(units[unit].outputs[index].lines.feed(octets, at: instant), of: units[unit].id, at: instant)
            }
        }
    }

    private func send(_ lines: [String], of id: String, at instant: Instant) throws(SystemFailure) {
        for line in lines {
            try lifeline.send([
                "is": "output", "unit": .text(id), "t": .integer(instant.nanoseconds), "line": .text(line),
            ])
        }
    }

    private mutating func reap() throws(SystemFailure) {
        while Signals.next(from: deaths) != nil {}
        while true {
            var status: Int32 = 0
            let pid = unsafe waitpid(-1, &status, WNOHANG)
            guard pid > 0 else { break }
            guard let index = units.firstIndex(where: { $0.pid == pid && $0.isRunning }) else { continue }
            let instant = now()
            try readOutputs(ofUnit: index)
            units[index].isRunning = false
            // The two halves of a wait status (wait(2)): the low seven bits are the signal, the next octet the exit status.
            let signal = status & 0x7F
            let ending: (String, Value) =
                signal == 0 ? ("status", .integer(Int64(status >> 8 & 0xFF))) : ("signal", .integer(Int64(signal)))
            try lifeline.send(
                .record(present: [
                    ("is", "exited"), ("unit", .text(units[index].id)), ("pid", .integer(Int64(pid))), ("t", instant),
                    ending,
                ]))
        }
        units.removeAll { !$0.isRunning && $0.outputs.isEmpty }
    }

    private func now() -> Value {
        .integer(MonotonicClock.now().nanoseconds)
    }
}
