import Events
import Foundation
import Glibc
import Platform
import Rigs
import Testing

/// A twin and what a keeper on it needs, in a directory of their own: processes as a run starts them, and the twin's journal as the judge of them.
final class KeeperBench {
    let directory: TemporaryDirectory
    let rigFile: String
    let twin: ChildProcess
    private let lifeline: RecordChannel
    /// Of the twin's USB/IP server.
    let port: UInt16
    private var started: [ChildProcess] = []
    /// A keeper ends with whoever holds the other end.
    private var lifelines: [RecordChannel] = []

    /// - Parameter longestCut: as the rig file has it.
    init(longestCut: String = "120 s") throws {
        // As the program does: whoever writes to a process that was killed hears of it there.
        Signals.ignorePipe()
        directory = try TemporaryDirectory(prefix: "knxrig-test-")
        rigFile = directory.path + "/rig.yaml"
        let text = String(decoding: try Files.read(RigProgram.root + "/rigs/twin.yaml"), as: UTF8.self)
        let changed = text.replacingOccurrences(of: "longest_cut: 120 s", with: "longest_cut: \(longestCut)")
        try #require(longestCut == "120 s" || changed != text, "the twin's rig file has no such line any more")
        try Files.write(Array(changed.utf8), to: rigFile)
        let (near, far) = try Socket.pair()
        var request = ChildProcess.Request(
            path: RigProgram.path,
            arguments: [
                "twin", "--rig", rigFile, "--directory", directory.path + "/twin", "--journal",
                directory.path + "/twin.jsonl",
            ])
        request.descriptors = [(Lifeline.childDescriptorNumber, far)]
        request.newSession = true
        twin = try ChildProcess.spawn(request)
        far.close()
        lifeline = RecordChannel(near)
        guard case .record(let ready) = try lifeline.receive(until: MonotonicClock.now() + .seconds(20)),
            let port = ready["usbip"]?.integer
        else { throw SystemFailure("hear from", "the twin", code: ETIMEDOUT) }
        self.port = UInt16(port)
    }

    deinit {
        twin.send(signal: SIGCONT)
        for process in started {
            process.send(signal: SIGKILL)
            _ = process.wait()
        }
        // Guardians of keepers that were just killed still need the board.
        _ = RigProgram.wait(15) {
            RigProgram.processes(mentioning: directory.path).allSatisfy { $0.contains(" twin ") }
        }
        twin.send(signal: SIGKILL)
        _ = twin.wait()
        directory.remove()
    }

    var options: KeeperOptions {
        KeeperOptions(
            rigFile: rigFile, socket: directory.path + "/keeper", directory: directory.path + "/locks",
            access: BoardAccess(usbipHost: "127.0.0.1", usbipPort: port), journal: directory.path + "/keeper.jsonl",
            program: RigProgram.path)
    }

    /// Starts a keeper and waits until it is ready. Its lifeline is kept here.
    func startKeeper(_ more: [String] = []) throws -> (process: ChildProcess, lifeline: RecordChannel, first: Value) {
        let (near, far) = try Socket.pair()
        var request = ChildProcess.Request(
            path: RigProgram.path,
            arguments: [
                "keeper", "--rig", rigFile, "--socket", options.socket, "--directory", options.directory, "--usbip",
                "127.0.0.1:\(port)", "--journal", directory.path + "/keeper.jsonl",
            ] + more)
        request.descriptors = [(Lifeline.childDescriptorNumber, far)]
        request.newSession = true
        let process = try ChildProcess.spawn(request)
        started.append(process)
        far.close()
        let channel = RecordChannel(near)
        lifelines.append(channel)
        guard case .record(let first) = try channel.receive(until: MonotonicClock.now() + .seconds(25)) else {
            throw SystemFailure("hear from", "the keeper", code: ETIMEDOUT)
        }
        return (process, channel, first)
    }

    func connect() throws -> RecordChannel {
        RecordChannel(try Socket.connectUnix(path: options.socket, until: MonotonicClock.now() + .seconds(2)))
    }

    /// A client that has said hello, and what it was answered. It does not beat.
    func hello(_ run: String = "test") throws -> (client: RecordChannel, answer: Value) {
        let client = try connect()
        try client.send(["hello": ["version": 1, "run": .text(run), "rig": "twin"]])
        return (client, try Self.next(client, within: 3))
    }

    static func next(_ channel: RecordChannel, within seconds: Int64) throws -> Value {
        guard case .record(let value) = try channel.receive(until: MonotonicClock.now() + .seconds(seconds)) else {
            throw SystemFailure("hear from", "the keeper", code: ETIMEDOUT)
        }
        return value
    }

    /// The next record with that key; others are passed over.
    static func next(_ channel: RecordChannel, _ key: String, within seconds: Int64) throws -> Value {
        let deadline = MonotonicClock.now() + .seconds(seconds)
        while case .record(let value) = try channel.receive(until: deadline) {
            if let found = value[key] { return found }
        }
        throw SystemFailure("hear '\(key)' from", "the keeper", code: ETIMEDOUT)
    }

    /// Cuts the bus and returns when the contact has moved, by the twin's own account.
    @discardableResult
    func cut(_ client: RecordChannel) throws -> Instant {
        let asked = MonotonicClock.now()
        try client.send(["set": ["id": 1, "channel": "bus-power", "meaning": "cut", "purpose": "fault"]])
        let done = try Self.next(client, "done", within: 5)
        #expect(done["actuation"]?["readback"]?.text == "confirmed", "\(done)")
        return try #require(change(to: true, after: asked))
    }

    /// When the first channel's contact moved, as the twin stamped it; waits for it.
    func change(to energised: Bool, after instant: Instant, within seconds: Int64 = 10) -> Instant? {
        var found: Instant?
        _ = RigProgram.wait(seconds) {
            found = RigProgram.lines(directory.path + "/twin.jsonl").first {
                $0["k"]?.text == "board" && $0["channel"]?.integer == 1 && $0["energised"]?.bool == energised
                    && $0["t"]?.integer ?? 0 > instant.nanoseconds
            }?["t"]?.integer.map(Instant.init(nanoseconds:))
            return found != nil
        }
        return found
    }

    /// Requires the bus to be powered within 250 ms of `instant`, and prints how long it took.
    func requirePowered(after instant: Instant, _ what: String, from least: Instant.Span = .zero) throws {
        let powered = try #require(change(to: false, after: instant), "the bus stayed cut after \(what)")
        let took = powered - instant
        print("\(what): powered after \(took.nanoseconds / 1000) µs")
        #expect(took >= least, "\(what): \(took.nanoseconds / 1000) µs")
        #expect(took <= least + .milliseconds(250), "\(what): \(took.nanoseconds / 1000) µs")
    }

    func guardian(of keeper: ChildProcess) throws -> Int32 {
        try #require(RigProgram.children(of: keeper.pid).first { RigProgram.commandLine($0).contains(" guardian ") })
    }

    /// Whether no contact of the board has moved since `instant`.
    func isUntouched(after instant: Instant) -> Bool {
        RigProgram.lines(directory.path + "/twin.jsonl").allSatisfy {
            $0["k"]?.text != "board" || $0["t"]?.integer ?? 0 <= instant.nanoseconds
        }
    }

    /// What a person would do at the bench.
    func hands(_ request: Value) throws {
        let path = directory.path + "/twin/hands"
        let channel = RecordChannel(try Socket.connectUnix(path: path, until: MonotonicClock.now() + .seconds(2)))
        try channel.send(request)
        let answer = try Self.next(channel, within: 2)
        #expect(answer["done"] == true, "\(answer)")
    }

    var journal: [Value] { RigProgram.lines(directory.path + "/keeper.jsonl") }

    /// Waits for a line of the keepers' and guardians' journal.
    func waitForJournal(_ seconds: Int64 = 10, _ condition: (Value) -> Bool) -> Bool {
        RigProgram.wait(seconds) { journal.contains(where: condition) }
    }
}
