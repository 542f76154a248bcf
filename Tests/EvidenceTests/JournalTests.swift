import Events
import Glibc
import Platform
import Synchronization
import Testing

@testable import Evidence

/// A few events of every shape that a line can have.
enum SmallRun {
    static let plan: Value = ["schema": "knxrig/evidence/1", "seed": 7, "scenario": "id: HW-1\n\"quoted\" ü"]
    static let events: [Event] = [
        Event(
            at: Instant(nanoseconds: 81_234_567_890), uncertaintyNanoseconds: 120_000, source: "witness",
            .frame(
                Event.Frame(
                    line: "main", octets: [0xBC, 0x11, 0x0A, 0x08, 0x01, 0xE1, 0x00, 0x81, 0x3F], acknowledge: 0xCC,
                    began: Instant(nanoseconds: 81_222_587_890)))),
        Event(at: Instant(nanoseconds: 81_300_000_000), source: "run", .phase(Event.Phase(.inject, .begin))),
        Event(
            at: Instant(nanoseconds: 81_299_000_000), source: "controller \"log\"",
            .log(Event.LogLine(process: "controller", line: "tab\there\u{1}"))),
        Event(at: Instant(nanoseconds: 81_400_000_000), source: "later", .other(kind: "unheard_of", ["a": [1, nil]])),
    ]
    static let verdict: Value = ["outcome": "pass"]

    static func write(to path: String) throws -> String {
        let journal = try Journal(
            path: path, plan: plan, planSource: "run", at: Instant(nanoseconds: 81_000_000_000))
        for event in events { journal.append(event) }
        return try journal.seal(verdict, at: Instant(nanoseconds: 82_000_000_000))
    }
}

@Suite struct JournalTests {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/evidence.jsonl" }

    init() throws { directory = try TemporaryDirectory(prefix: "journal") }

    /// The golden file's hashes agree with another implementation of SHA-256 (see `goldenHashesAgreeWithSha256sum`).
    @Test func linesAreExactlyAsTheSchemaSays() throws {
        defer { directory.remove() }
        let hash = try SmallRun.write(to: path)
        let written = try Files.read(path)
        #expect(try written == Golden.octets("small.jsonl", recording: written))
        #expect(String(decoding: written, as: UTF8.self).hasSuffix("\(hash)\"}\n"))
    }

    @Test(.enabled(if: Program.find("sha256sum") != nil))
    func goldenHashesAgreeWithSha256sum() throws {
        defer { directory.remove() }
        var previous = String(repeating: "0", count: 64)
        let golden = try Golden.octets("small.jsonl", recording: nil)
        for line in golden.split(separator: 0x0A) {
            try Files.write(Array(previous.utf8) + line.dropLast(72), to: path)
            var request = ChildProcess.Request(path: "sha256sum", arguments: [path])
            let output = directory.path + "/sum"
            request.standardOutput = Descriptor(owning: unsafe open(output, O_WRONLY | O_CREAT | O_TRUNC, 0o600))
            #expect(try ChildProcess.spawn(request).wait() == .status(0))
            previous = String(decoding: try Files.read(output).prefix(64), as: UTF8.self)
            #expect(String(decoding: line.suffix(72), as: UTF8.self) == #","h":"\#(previous)"}"#)
        }
    }

    @Test func whatWasWrittenReadsBackAndIsIntact() throws {
        defer { directory.remove() }
        let hash = try SmallRun.write(to: path)
        var reader = try JournalReader(path: path)
        var entries: [JournalReader.Entry] = []
        while let entry = try reader.next() { entries.append(entry) }
        #expect(reader.integrity == .intact)
        #expect(entries.map(\.number) == Array(0..<6))
        #expect(Array(entries.map(\.event).dropFirst().dropLast()) == SmallRun.events)
        #expect(entries.first?.event.payload == .plan(SmallRun.plan))
        #expect(entries.last?.event.payload == .seal(SmallRun.verdict))
        #expect(reader.lastHash == hash)
        #expect(reader.misread.isEmpty)
    }

    @Test func evidenceIsNeverWrittenOver() throws {
        defer { directory.remove() }
        _ = try SmallRun.write(to: path)
        #expect(throws: SystemFailure("create", path, code: EEXIST)) {
            try Journal(path: path, plan: [:], planSource: "run")
        }
        #expect(throws: SystemFailure("create", directory.path + "/no/x", code: ENOENT)) {
            try Journal(path: directory.path + "/no/x", plan: [:], planSource: "run")
        }
    }

    @Test func manyThreadsKeepTheNumbersAndTheChain() throws {
        defer { directory.remove() }
        let observed = Mutex<[(Int, Event)]>([])
        let journal = try Journal(
            path: path, plan: SmallRun.plan, planSource: "run",
            observer: { number, event in observed.withLock { $0.append((number, event)) } })
        let threads = (0..<8).map { thread in
            NamedThread.start("source \(thread)") {
                for index in 0..<1000 {
                    journal.append(
                        Event(
                            at: MonotonicClock.now(), source: "source \(thread)",
                            .slip(Event.Slip(thread: "t", lateNanoseconds: Int64(index)))))
                    if index == 500 { try? journal.sync() }
                }
            }
        }
        for thread in threads { thread.join() }
        try journal.sync()
        #expect(journal.count == 8001)
        try journal.seal(SmallRun.verdict)
        let (events, integrity) = try JournalReader.read(path)
        #expect(integrity == .intact)
        #expect(events.count == 8002)
        // Each source's events are there, all of them, in its order.
        for thread in 0..<8 {
            let own = events.filter { $0.source == "source \(thread)" }.compactMap { event in
                if case .slip(let slip) = event.payload { slip.lateNanoseconds } else { nil }
            }
            #expect(own == (0..<1000).map(Int64.init))
        }
        observed.withLock { observed in
            #expect(observed.map(\.0) == Array(0..<8002))
            #expect(observed.map(\.1) == events)
        }
    }

    @Test func afterSyncTheFileHoldsWhatWasAppendedAndCanBeReadWhileItGrows() throws {
        defer { directory.remove() }
        let journal = try Journal(path: path, plan: SmallRun.plan, planSource: "run")
        for event in SmallRun.events {
            journal.append(event)
            try journal.sync()
            let (events, integrity) = try JournalReader.read(path)
            #expect(events.last == event)
            #expect(integrity == .unsealed)
        }
        try journal.close()
        #expect(try JournalReader.read(path).integrity == .unsealed)
    }

    @Test func nothingFollowsTheSeal() throws {
        defer { directory.remove() }
        let journal = try Journal(path: path, plan: SmallRun.plan, planSource: "run")
        try journal.seal(SmallRun.verdict)
        journal.append(SmallRun.events[0])
        try journal.sync()
        let (events, integrity) = try JournalReader.read(path)
        #expect(events.count == 2)
        #expect(integrity == .intact)
    }

    @Test func anObserverMayAppend() throws {
        defer { directory.remove() }
        let later = Mutex<Journal?>(nil)
        let journal = try Journal(
            path: path, plan: SmallRun.plan, planSource: "run",
            observer: { number, _ in
                if number == 1 { later.withLock { $0?.append(SmallRun.events[1]) } }
            })
        later.withLock { $0 = journal }
        journal.append(SmallRun.events[0])
        while journal.count < 3 { try journal.sync() }
        try journal.seal(SmallRun.verdict)
        later.withLock { $0 = nil }
        #expect(try JournalReader.read(path).events.map(\.payload.kind) == ["plan", "frame", "phase", "seal"])
    }

    @Test func aJournalLetGoIsUnsealedButWhole() throws {
        defer { directory.remove() }
        do {
            let journal = try Journal(path: path, plan: SmallRun.plan, planSource: "run")
            for event in SmallRun.events { journal.append(event) }
        }
        let deadline = MonotonicClock.now() + .seconds(20)
        while try JournalReader.read(path).events.count < 5, MonotonicClock.now() < deadline {
            MonotonicClock.sleep(for: .milliseconds(1))
        }
        let (events, integrity) = try JournalReader.read(path)
        #expect(Array(events.dropFirst()) == SmallRun.events)
        #expect(integrity == .unsealed)
    }
}

@Suite struct FullDiskTests {
    @Test func aDeviceWithoutRoomRefusesTheFirstEvent() throws {
        let failures = Mutex<[SystemFailure]>([])
        #expect(throws: SystemFailure("write", "/dev/full", code: ENOSPC)) {
            try Journal(
                file: Descriptor(owning: unsafe open("/dev/full", O_WRONLY)), path: "/dev/full", plan: [:],
                planSource: "run", at: Instant(nanoseconds: 0), observer: nil,
                onFailure: { (failure: SystemFailure) in failures.withLock { $0.append(failure) } })
        }
        failures.withLock { #expect($0 == [SystemFailure("write", "/dev/full", code: ENOSPC)]) }
    }

    /// A limit on the size of files stands in for a full disk, in a process of its own because it holds for a whole process.
    @Test func evidenceEndsWithoutAHoleWhereTheDiskIsFull() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
            guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { exit(10) }
            let directory = try TemporaryDirectory(prefix: "full")
            defer { directory.remove() }
            let path = directory.path + "/evidence.jsonl"
            let failures = Atomic(0)
            let observed = Atomic(0)
            let journal = try Journal(
                path: path, plan: SmallRun.plan, planSource: "run",
                observer: { _, _ in observed.add(1, ordering: .relaxed) },
                onFailure: { _ in failures.add(1, ordering: .relaxed) })
            for round in 0..<100 {
                journal.append(SmallRun.events[round % 4])
            }
            do throws(SystemFailure) {
                try journal.sync()
                exit(11)
            } catch {
                guard error == SystemFailure("write", path, code: EFBIG) else { exit(12) }
            }
            journal.append(SmallRun.events[0])
            do throws(SystemFailure) {
                try journal.seal(SmallRun.verdict)
                exit(13)
            } catch {
                guard error.code == EFBIG else { exit(14) }
            }
            let (events, integrity) = try JournalReader.read(path)
            guard integrity == .unsealed, events.count > 10, events.count == journal.count else { exit(15) }
            for index in 1..<events.count where events[index] != SmallRun.events[(index - 1) % 4] { exit(16) }
            guard failures.load(ordering: .relaxed) == 1, observed.load(ordering: .relaxed) == events.count else {
                exit(17)
            }
            // Another line of that size would not have fitted.
            guard try Files.read(path).count > 4096 - 400 else { exit(18) }
        }
    }
}

@Suite struct JournalSpeedTests {
    @Test func aBusySceneIsWrittenManyTimesFasterThanItHappens() throws {
        let directory = try TemporaryDirectory(prefix: "speed")
        defer { directory.remove() }
        let count = 20_000
        let began = MonotonicClock.now()
        let journal = try Journal(path: directory.path + "/e", plan: [:], planSource: "run")
        for _ in 0..<count { journal.append(SmallRun.events[0]) }
        let appended = MonotonicClock.now()
        try journal.seal([:])
        let sealed = MonotonicClock.now()
        #expect(try JournalReader.read(directory.path + "/e").integrity == .intact)
        let read = MonotonicClock.now()
        let rate = { (from: Instant, to: Instant) in Int(Double(count) / (to - from).seconds) }
        print(
            "journal: \(rate(began, appended)) appends/s, \(rate(began, sealed)) written/s, \(rate(sealed, read)) read/s"
        )
        // A run makes at most some hundreds of events a second.
        #expect((sealed - began) < .seconds(20))
    }
}
