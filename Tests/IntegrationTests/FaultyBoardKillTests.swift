import Events
import Foundation
import Glibc
import Platform
import Rigs
import Synchronization
import Testing
import Twin

/// Clients killed while they hold something cut on a board that is broken. A real keeper with its guardian, over USB/IP, on board models that this
/// process serves, so that each can break at any instant and every contact's move is stamped where it happens.
@Suite(.serialized) struct FaultyBoardKillTests {
    /// What is wrong with the board from the moment that the bus is cut.
    enum Fault: CaseIterable {
        case none
        /// One or two requests are not answered; all are not answered.
        case silentAtFirst, silent
        case stallingAtFirst, stalling
        /// It takes the next commands and does nothing.
        case ignoring
        /// The driver pin does not follow any more: the read-back tells.
        case deaf
        /// Off the bus with the next command, its relays as they were; it does not come back.
        case vanishing
        /// Pulled, which releases its relays; put in again a second later.
        case pulled

        /// Whether the board can still be brought to the safe state.
        var isCurable: Bool { [.none, .silentAtFirst, .stallingAtFirst, .ignoring, .pulled].contains(self) }

        func set(in faults: inout BoardFaults, _ number: Int) {
            switch self {
            case .none, .pulled: break
            case .silentAtFirst: faults.answer = .silent(requests: 1 + number % 2)
            case .silent: faults.answer = .silent(requests: nil)
            case .stallingAtFirst: faults.answer = .stalling(requests: 1 + number % 3)
            case .stalling: faults.answer = .stalling(requests: nil)
            case .ignoring: faults.ignoresCommands = 1 + number % 2
            case .deaf: faults.deafChannels = [1]
            case .vanishing: faults.vanishesAfterCommands = 1
            }
        }
    }

    private static let environment = ProcessInfo.processInfo.environment
    /// `KNXRIG_FAULTY_KILLS` sets how many, `KNXRIG_KILLS_AT_ONCE` how many at a time. The default meets each fault once.
    static let count = environment["KNXRIG_FAULTY_KILLS"].flatMap(Int.init) ?? Fault.allCases.count
    static let atOnce = environment["KNXRIG_KILLS_AT_ONCE"].flatMap(Int.init) ?? 3

    @Test func whateverTheBoardDoesTheKeeperTriesAtOnceAndSaysWhatCameOfIt() throws {
        Signals.ignorePipe()
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        let next = Atomic(0)
        let taken = Mutex<[(Fault, Outcome)]>([])
        let failures = Mutex<[String]>([])
        let stalls = Stalls()
        defer { stalls.end() }
        let threads = (0..<Self.atOnce).map { place in
            NamedThread.start("kills \(place)") {
                while true {
                    let number = next.add(1, ordering: .relaxed).oldValue
                    guard number < Self.count else { return }
                    let fault = Fault.allCases[number % Fault.allCases.count]
                    do {
                        // Long enough to be anywhere in the keeper's beat, short of the two seconds after which it acts by itself.
                        let delay = Int64((seed ^ UInt64(number) &* 0x9E37_79B9_7F4A_7C15) >> 20) % 1_500
                        try Self.kill(under: fault, number, after: .milliseconds(delay), stalls) { outcome in
                            let count = taken.withLock {
                                $0.append((fault, outcome))
                                return $0.count
                            }
                            if count % 100 == 0 { print("\(count) kills") }
                        }
                    } catch {
                        failures.withLock { $0.append("\(fault) #\(number): \(error)") }
                        print("\(fault) #\(number): \(error)")
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(failures.withLock { $0 }.isEmpty, "\(failures.withLock { $0 }.joined(separator: "\n"))")
        let outcomes = taken.withLock { $0 }
        #expect(outcomes.count == Self.count)
        for fault in Fault.allCases {
            let those = outcomes.filter { $0.0 == fault }.map(\.1)
            guard !those.isEmpty else { continue }
            func sorted(_ what: (Outcome) -> Instant.Span?) -> String {
                let spans = those.compactMap(what).sorted()
                guard let longest = spans.last else { return "never" }
                return
                    "\(spans[spans.count / 2].nanoseconds / 1000) µs in the middle, \(longest.nanoseconds / 1000) µs at the longest"
            }
            print(
                "\(fault): \(those.count) kills; first safe command after \(sorted(\.firstCommand)) (from the kill \(sorted(\.fromKill))), "
                    + "in more than 50 ms \(those.filter { $0.firstCommand.map { $0 > Outcome.limit } ?? true }.count), "
                    + "held up by the machine \(sorted(\.heldUp)); at the board after \(sorted(\.told)); released after \(sorted(\.released)); "
                    + "declared unsafe \(those.filter(\.isUnsafe).count); commands \(those.map(\.commands).max() ?? 0) at the most"
            )
        }
    }

    struct Outcome {
        /// From the end of the client's connection: a process that is killed ends when the machine gets round to it.
        var firstCommand: Instant.Span?
        /// From the kill.
        var fromKill: Instant.Span?
        /// Until the board, answering or not, had the command; nil where it was off the bus.
        var told: Instant.Span?
        /// For how long the machine kept a thread meanwhile that only wanted to go on.
        var heldUp: Instant.Span?
        var released: Instant.Span?
        var isUnsafe: Bool
        var commands: Int

        /// Within which the first safe command is to be given, whatever is wrong with the board.
        static let limit = Instant.Span.milliseconds(50)
        /// Within which it is to be at the board.
        static let limitAtTheBoard = Instant.Span.milliseconds(250)
    }

    /// How busy the machine is: a thread that sleeps for a millisecond again and again, and notes by how much each sleep was longer than a quiet machine makes
    /// it. What is killed, the keeper, the board's thread and the board itself wait in the same way, one after the other.
    private final class Stalls: Sendable {
        private static let pause = Instant.Span.milliseconds(1)
        /// A sleep on a quiet machine ends within this time after its due instant.
        private static let usual = Instant.Span.microseconds(500)

        private struct State {
            var list: [(end: Instant, span: Instant.Span)] = []
            var isEnding = false
        }

        private let state = Mutex(State())

        init() {
            NamedThread.start("stalls") { [self] in
                var last = MonotonicClock.now()
                while !state.withLock({ $0.isEnding }) {
                    MonotonicClock.sleep(for: Self.pause)
                    let now = MonotonicClock.now()
                    let span = now - last - Self.pause
                    if span > Self.usual { state.withLock { $0.list.append((now, span)) } }
                    last = now
                }
            }
        }

        func end() { state.withLock { $0.isEnding = true } }

        /// All that it was kept for between two instants. The thread itself is one that was waited for, so what it has not noted yet is waited for, too.
        func sum(from: Instant, to: Instant) -> Instant.Span {
            MonotonicClock.sleep(for: .milliseconds(20))
            return state.withLock { state in
                state.list.reduce(.zero) { sum, stall in
                    let begin = stall.end - stall.span
                    guard begin < to, from < stall.end else { return sum }
                    return sum + (min(to, stall.end) - max(from, begin))
                }
            }
        }
    }

    private struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    /// One keeper, one cut, one kill.
    private static func kill(
        under fault: Fault, _ number: Int, after delay: Instant.Span, _ stalls: Stalls,
        _ note: (Outcome) -> Void
    ) throws {
        let bench = try Bench()
        defer { bench.remove() }
        let keeper = try bench.startKeeper()
        guard keeper.first["ready"] == true else { throw Unexpected(description: "\(keeper.first)") }
        let (victim, lifeline) = try bench.cutByAProcess()
        let death = Death(of: lifeline)
        let broken: Void? = bench.server.withModel(of: "relays", as: DcttechBoard.self) {
            fault.set(in: &$0.faults, number)
            $0.firstToldOff = nil
        }
        guard broken != nil else { throw Unexpected(description: "the board is not there") }
        if fault == .pulled { bench.server.unplug("relays") }
        MonotonicClock.sleep(for: delay)
        let killed = MonotonicClock.now()
        victim.send(signal: SIGKILL)
        _ = victim.wait()
        let gone = death.wait()
        if fault == .pulled {
            MonotonicClock.sleep(for: .seconds(1))
            bench.server.plug("relays")
        }
        guard keeper.process.wait(until: MonotonicClock.now() + .seconds(90)) != nil else {
            throw Unexpected(description: "the keeper does not end: \(bench.journal.suffix(5))")
        }
        let safe = bench.journal.filter {
            $0["k"]?.text == "safe" && ($0["commanded"]?.integer ?? 0) >= killed.nanoseconds
        }
        let first = safe.compactMap { $0["commanded"]?.integer }.min().map { Instant(nanoseconds: $0) }
        let mark = Files.entries(of: bench.directory.path + "/locks").first { $0.hasSuffix(".unsafe") }
        let told = bench.server.withModel(of: "relays", as: DcttechBoard.self) { $0.firstToldOff } ?? nil
        let outcome = Outcome(
            firstCommand: first.map { $0 - gone }, fromKill: first.map { $0 - killed }, told: told.map { $0 - gone },
            heldUp: (told ?? first).map { stalls.sum(from: killed, to: $0) },
            released: bench.released(after: killed).map { $0 - killed }, isUnsafe: mark != nil,
            commands: safe.count)
        note(outcome)
        func demand(_ condition: Bool, _ what: String) throws {
            guard condition else { throw Unexpected(description: "\(what): \(outcome), \(bench.journal.suffix(8))") }
        }
        // Two cores run several keepers, their boards and their clients at once here, so what the machine itself kept is allowed besides.
        let patience = Outcome.limit + (outcome.heldUp ?? .zero)
        try demand(outcome.firstCommand.map { $0 <= patience } == true, "no safe command at once")
        // By the board's own word, where there is one: the command is no mere intention. One that was pulled is told once it is back.
        if fault != .pulled {
            let patience = Outcome.limitAtTheBoard + (outcome.heldUp ?? .zero)
            let isTold = told.map { $0 >= killed && $0 - gone <= patience } == true
            try demand(isTold, "the board was not told at once")
        }
        let isReleased = bench.server.contacts(of: "relays").first == false
        try demand(!fault.isCurable || isReleased, "the bus stayed cut")
        if fault == .none {
            let patience = Instant.Span.milliseconds(250) + (outcome.heldUp ?? .zero)
            let isReleased = bench.released(after: killed).map { $0 - gone <= patience } == true
            try demand(isReleased, "released too late")
        }
        // Never a word of safety about a bus that is cut.
        let isClaimed = safe.last?["readback"]?.text == "confirmed"
        try demand(isReleased || !isClaimed, "confirmed, and cut")
        try demand(isClaimed || outcome.isUnsafe, "neither confirmed nor declared unsafe")
        if outcome.isUnsafe {
            // Whatever the board does now, the next keeper says so, and the one after it.
            bench.server.withModel(of: "relays", as: DcttechBoard.self) { $0.faults = BoardFaults() }
            for _ in 0..<2 {
                let refusal = try bench.startKeeper().first["refused"]?.text ?? ""
                try demand(refusal.contains("unsafe"), "the next keeper does not say so: \(refusal)")
            }
        }
    }

    /// Waits for the end of a process at the other end of a socket, on a thread that a busy machine does not keep waiting.
    private final class Death: Sendable {
        private final class Note: Sendable {
            let instant = Mutex<Instant?>(nil)
        }

        private let note: Note
        private let thread: NamedThread

        init(of lifeline: Descriptor) {
            let note = Note()
            self.note = note
            thread = NamedThread.start("death", realtimePriority: 40) {
                _ = Poll.wait([(lifeline, .readable)], until: MonotonicClock.now() + .seconds(60))
                let now = MonotonicClock.now()
                note.instant.withLock { $0 = now }
                lifeline.close()
            }
        }

        /// When it ended.
        func wait() -> Instant {
            thread.join()
            return note.instant.withLock { $0 } ?? MonotonicClock.now()
        }
    }

    /// A board and what a keeper on it needs.
    private final class Bench {
        let directory: TemporaryDirectory
        let server: USBIPServer
        private let moves: Moves
        private var started: [ChildProcess] = []
        private var lifelines: [RecordChannel] = []

        final class Moves: Sendable {
            let list = Mutex<[(channel: Int, energised: Bool, at: Instant)]>([])
        }

        init() throws {
            directory = try TemporaryDirectory(prefix: "knxrig-test-")
            try Files.write(try Files.read(RigProgram.root + "/rigs/twin.yaml"), to: directory.path + "/rig.yaml")
            let moves = Moves()
            self.moves = moves
            server = try USBIPServer(boards: [("relays", DcttechBoard(channelCount: 4, serial: "TWIN1"))]) {
                _, channel, energised, instant in moves.list.withLock { $0.append((channel, energised, instant)) }
            }
        }

        func remove() {
            for process in started {
                process.send(signal: SIGKILL)
                _ = process.wait()
            }
            _ = RigProgram.wait(15) { RigProgram.processes(mentioning: directory.path).isEmpty }
            server.stop()
            directory.remove()
        }

        func startKeeper() throws -> (process: ChildProcess, first: Value) {
            let (near, far) = try Socket.pair()
            var request = ChildProcess.Request(
                path: RigProgram.path,
                arguments: [
                    "keeper", "--rig", directory.path + "/rig.yaml", "--socket", directory.path + "/keeper",
                    "--directory",
                    directory.path + "/locks", "--usbip", "127.0.0.1:\(server.port)", "--journal",
                    directory.path + "/keeper.jsonl",
                ])
            request.descriptors = [(Lifeline.childDescriptorNumber, far)]
            request.newSession = true
            let process = try ChildProcess.spawn(request)
            started.append(process)
            far.close()
            let channel = RecordChannel(near)
            lifelines.append(channel)
            guard case .record(let first) = try channel.receive(until: MonotonicClock.now() + .seconds(60)) else {
                throw SystemFailure("hear from", "the keeper", code: ETIMEDOUT)
            }
            return (process, first)
        }

        /// Cuts the bus as a client, and gives the connection to a process that has nothing else: its death is the client's.
        ///
        /// - Returns: the process, and the end of a socket whose other end is closed with it, right after the client's connection.
        func cutByAProcess() throws -> (process: ChildProcess, lifeline: Descriptor) {
            let client = RecordChannel(
                try Socket.connectUnix(path: directory.path + "/keeper", until: MonotonicClock.now() + .seconds(2)))
            try client.send(["hello": ["version": 1, "run": "test", "rig": "twin"]])
            let held = try KeeperBench.next(client, within: 5)
            guard held["held"] != nil else { throw Unexpected(description: "\(held)") }
            // After the minimum time on, which begins with the keeper.
            MonotonicClock.sleep(for: .milliseconds(600))
            try client.send(["set": ["id": 1, "channel": "bus-power", "meaning": "cut", "purpose": "fault"]])
            let done = try KeeperBench.next(client, "done", within: 5)
            guard done["actuation"]?["readback"]?.text == "confirmed" else { throw Unexpected(description: "\(done)") }
            var request = ChildProcess.Request(path: "/usr/bin/sleep", arguments: ["60"])
            let (near, far) = try Socket.pair()
            request.descriptors = [(3, client.descriptor), (4, far)]
            let process = try ChildProcess.spawn(request)
            started.append(process)
            try client.send(["beat": 1])
            client.descriptor.close()
            far.close()
            return (process, near)
        }

        func released(after instant: Instant) -> Instant? {
            moves.list.withLock { $0.first { $0.channel == 1 && !$0.energised && $0.at >= instant }?.at }
        }

        var journal: [Value] { RigProgram.lines(directory.path + "/keeper.jsonl") }
    }
}
