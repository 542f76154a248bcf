import Bus
import Events
import Glibc
import KNX
import Platform
import Synchronization
import Twin

/// A line at full load, both directions at once: two stimuli send 32 telegrams a second, a client of the real knxd 11 a second, together
/// 98.5 % of what the line carries. Every telegram is unique, so that each loss and each duplicate shows.
struct LineBenchmark {
    var lines: Int
    var seconds: Int

    fileprivate static let stimulusMillihertz = 32_000
    fileprivate static let clientMillihertz = 11_000
    fileprivate static let stimulusGroups = GroupAddress(raw: 0x0900)
    fileprivate static let probeGroup = GroupAddress(raw: 0x0B00)
    fileprivate static let clientGroup = GroupAddress(raw: 0x0A00)

    struct Results {
        var lines: [LineResult]
        var punctuality: String
    }

    /// The twin's configuration: per line one chip for knxd, one witness, two stimuli.
    private static func configuration(lines: Int, directory: String) -> TwinConfiguration {
        let chips = ["sut", "witness", "stimulus-1", "stimulus-2"].map { TwinConfiguration.Chip(id: $0) }
        return TwinConfiguration(
            lines: (1...lines).map { TwinConfiguration.Line(id: "line\($0)", chips: chips) }, directory: directory)
    }

    /// The body of the twin's process, as in a real run: a process of its own.
    static func runTwin(lines: Int) -> Int32 {
        guard let lifeline = Lifeline.inherited(), case .record(let order) = try? lifeline.receive(),
            let directory = order["directory"]?.text
        else { return 5 }
        return Twin.run(configuration(lines: lines, directory: directory), lifeline: lifeline)
    }

    func run() throws -> Results {
        let temporary = try TemporaryDirectory(heldWithPrefix: "knxrig-bench-")
        defer { temporary.remove() }
        let (near, far) = try Socket.pair()
        var request = ChildProcess.Request(
            path: Program.path, arguments: ["twin-of-a-line-benchmark", String(lines)])
        request.descriptors = [(Lifeline.childDescriptorNumber, far)]
        let twin = try ChildProcess.spawn(request)
        far.close()
        let channel = RecordChannel(near)
        try channel.send(["directory": .text(temporary.path)])
        guard case .record(let ready) = try channel.receive(until: MonotonicClock.now() + .seconds(20)),
            ready["ready"]?.bool == true
        else { throw SystemFailure("start", "the twin", code: ETIMEDOUT) }
        let benches = try (1...lines).map { try LoadedLine(id: "line\($0)", directory: temporary.path) }
        let until = MonotonicClock.now() + .seconds(Int64(seconds))
        let threads = benches.map { bench in NamedThread.start("load") { bench.load(until: until) } }
        for thread in threads { thread.join() }
        // What is on its way arrives: at most a few frames of queue.
        MonotonicClock.sleep(for: .seconds(3))
        let results = benches.map { $0.finish(lines: lines, seconds: seconds) }
        try channel.send(["finish": true])
        var punctuality = "the twin did not answer"
        if case .record(let figures) = try channel.receive(until: MonotonicClock.now() + .seconds(5)) {
            punctuality = JSON.text(figures)
        }
        channel.descriptor.close()
        _ = twin.wait()
        return Results(lines: results, punctuality: "  twin: \(punctuality)")
    }

    /// One line with its knxd, its client and its drivers.
    private final class LoadedLine: Sendable {
        private struct Seen {
            var witnessed: [Key: [Int64]] = [:]
            var repetitions = 0
            var received: [Key: [Int64]] = [:]
            var load = BusLoad(windowNanoseconds: 1_000_000_000)
            var loads: [Int] = []
            var sentByStimuli: [Key] = []
            var sentByClient: [Key] = []
        }

        struct Key: Hashable {
            var group: UInt16
            var count: UInt16
        }

        private let id: String
        private let knxd: ChildProcess
        private let client: KnxdGroupClient
        private let witness: TPUARTWitness
        private let stimuli: [TPUARTStimulus]
        private let seen: Mutex<Seen>

        init(id: String, directory: String) throws {
            self.id = id
            let box = Box()
            seen = Mutex(Seen())
            let socket = "\(directory)/\(id).sock"
            let configuration = """
                [main]
                addr = 1.1.200
                client-addrs = 1.1.201:8
                connections = A.unix,B.tp
                [A.unix]
                server = knxd_unix
                path = \(socket)
                [B.tp]
                driver = tpuart
                device = \(directory)/\(id)-sut
                filters = q
                [q]
                filter = queue

                """
            try Files.write(Array(configuration.utf8), to: "\(directory)/\(id).ini")
            var request = ChildProcess.Request(path: "/usr/bin/knxd", arguments: ["\(directory)/\(id).ini"])
            request.diesWithParent = true
            knxd = try ChildProcess.spawn(request)
            let deadline = MonotonicClock.now() + .seconds(10)
            var connected: KnxdGroupClient?
            while connected == nil {
                do {
                    connected = try KnxdGroupClient(.unix(path: socket), timeout: .seconds(2)) { telegram in
                        let now = MonotonicClock.now().nanoseconds
                        guard case .write(.octets(let octets)) = telegram.service, octets.count == 2 else { return }
                        let key = Key(group: telegram.group.raw, count: UInt16(octets[0]) << 8 | UInt16(octets[1]))
                        box.line.withLock { $0 }?.seen.withLock { $0.received[key, default: []].append(now) }
                    }
                } catch {
                    guard MonotonicClock.now() < deadline else { throw error }
                    MonotonicClock.sleep(for: .milliseconds(100))
                }
            }
            guard let connected else { throw SystemFailure("connect to", socket, code: ETIMEDOUT) }
            client = connected
            let port = { (chip: String) in BusPort.serial(path: "\(directory)/\(id)-\(chip)") }
            witness = try TPUARTWitness(TPUARTWitness.Configuration(source: "witness", line: id, port: port("witness")))
            {
                event in
                box.line.withLock { $0 }?.witnessed(event)
            }
            stimuli = try [10, 11].map { number in
                try TPUARTStimulus(
                    TPUARTStimulus.Configuration(
                        source: "stimulus-\(number)", line: id, port: port("stimulus-\(number - 9)"),
                        address: IndividualAddress(raw: 0x1100 + UInt16(number)))
                ) { _ in }
            }
            box.line.withLock { $0 = self }
            while !(witness.isArmed && stimuli.allSatisfy(\.isReady)) {
                guard MonotonicClock.now() < deadline else {
                    throw SystemFailure("arm the chips of", id, code: ETIMEDOUT)
                }
                MonotonicClock.sleep(for: .milliseconds(20))
            }
            // knxd's socket answers before its serial line is up: only a telegram that passes shows that it is.
            let probe = Key(group: LineBenchmark.probeGroup.raw, count: 0)
            while seen.withLock({ $0.received[probe] == nil }) {
                guard MonotonicClock.now() < deadline else {
                    throw SystemFailure("pass a telegram through knxd on", id, code: ETIMEDOUT)
                }
                stimuli[0].send(LineBenchmark.probeGroup, .octets([0, 0]), role: .load)
                MonotonicClock.sleep(for: .milliseconds(200))
            }
            seen.withLock { seen in
                seen.received[probe] = nil
                seen.witnessed[probe] = nil
            }
        }

        private final class Box: Sendable {
            let line = Mutex<LoadedLine?>(nil)
        }

        private func witnessed(_ event: Event) {
            guard case .frame(let report) = event.payload, let frame = try? TP1Frame(octets: report.octets),
                case .group(let group) = frame.destination, frame.transportUnit.count == 4
            else { return }
            let key = Key(
                group: group.raw, count: UInt16(frame.transportUnit[2]) << 8 | UInt16(frame.transportUnit[3]))
            seen.withLock { seen in
                seen.load.observe(
                    report.octets, isAcknowledged: report.acknowledge != nil, endNanoseconds: event.instant.nanoseconds)
                if frame.isRepetition {
                    seen.repetitions += 1
                } else {
                    seen.witnessed[key, default: []].append(event.instant.nanoseconds)
                }
            }
        }

        /// Sends on absolute schedules until `end`.
        func load(until end: Instant) {
            let start = MonotonicClock.now()
            var stimulated: Int64 = 0
            var commanded: Int64 = 0
            var nextLoad = start + .seconds(2)
            while true {
                let nextStimulus =
                    start + .microseconds(stimulated * 1_000_000_000 / Int64(LineBenchmark.stimulusMillihertz))
                let nextCommand =
                    start + .microseconds(commanded * 1_000_000_000 / Int64(LineBenchmark.clientMillihertz) + 7_000)
                let next = min(nextStimulus, nextCommand)
                if next >= end { return }
                MonotonicClock.sleep(until: next)
                if next == nextStimulus {
                    let key = Key(
                        group: LineBenchmark.stimulusGroups.raw + UInt16(stimulated % 16),
                        count: UInt16(truncatingIfNeeded: stimulated))
                    stimuli[Int(stimulated % 2)].send(GroupAddress(raw: key.group), .octets(octets(key)), role: .load)
                    seen.withLock { $0.sentByStimuli.append(key) }
                    stimulated += 1
                } else {
                    let key = Key(group: LineBenchmark.clientGroup.raw, count: UInt16(truncatingIfNeeded: commanded))
                    try? client.send(.write(.octets(octets(key))), to: GroupAddress(raw: key.group))
                    seen.withLock { $0.sentByClient.append(key) }
                    commanded += 1
                }
                if next >= nextLoad {
                    let now = MonotonicClock.now().nanoseconds
                    seen.withLock { seen in
                        let load = seen.load.permille(atNanoseconds: now)
                        seen.loads.append(load)
                    }
                    nextLoad = nextLoad + .seconds(1)
                }
            }
        }

        private func octets(_ key: Key) -> [UInt8] { [UInt8(key.count >> 8), UInt8(key.count & 255)] }

        func finish(lines: Int, seconds: Int) -> LineResult {
            witness.stop()
            for stimulus in stimuli { stimulus.stop() }
            client.close()
            knxd.send(signal: SIGTERM)
            _ = knxd.wait()
            return seen.withLock { seen in
                var latencies: [Int64] = []
                for key in seen.sentByStimuli {
                    if let end = seen.witnessed[key]?.first, let arrival = seen.received[key]?.first {
                        latencies.append(arrival - end)
                    }
                }
                let loads = seen.loads.sorted()
                let first = seen.witnessed.values.compactMap(\.first).min() ?? 0
                let odd = (seen.sentByStimuli + seen.sentByClient).filter { key in
                    seen.witnessed[key]?.count != 1
                        || (key.group != LineBenchmark.clientGroup.raw && seen.received[key]?.count != 1)
                }
                let named = odd.prefix(10).map { key in
                    let at = ((seen.witnessed[key]?.first ?? first) - first) / 1_000_000
                    return
                        "\(GroupAddress(raw: key.group)) #\(key.count) at \(at) ms: \(seen.witnessed[key]?.count ?? 0) on the line, "
                        + "\(seen.received[key]?.count ?? 0) at the client"
                }
                return LineResult(
                    name: "\(id) of \(lines), \(seconds) s", stimulated: seen.sentByStimuli.count,
                    commanded: seen.sentByClient.count,
                    lostOnLine: (seen.sentByStimuli + seen.sentByClient).count { seen.witnessed[$0] == nil },
                    lostToClient: seen.sentByStimuli.count { seen.received[$0] == nil },
                    duplicated: seen.witnessed.values.count { $0.count > 1 }
                        + seen.received.values.count { $0.count > 1 },
                    repetitions: seen.repetitions, loadPermille: loads.isEmpty ? 0 : loads[loads.count / 2],
                    latencies: latencies.sorted(), named: named)
            }
        }
    }
}
