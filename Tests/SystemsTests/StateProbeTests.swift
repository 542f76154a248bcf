import CSQLite
import Events
import Glibc
import Platform
import Synchronization
import Testing

@testable import Systems

@Suite struct PolledStateTests {
    @Test func onlyChangesAreSamples() {
        var state = PolledState(view: "http", interval: .milliseconds(500))
        let from = Instant(nanoseconds: 1_000)
        let to = Instant(nanoseconds: 3_000)
        func samples(_ values: Result<[String: [UInt8]], SystemFault>) -> [Event.Sample] {
            state.polled(values, from: from, to: to).map { event in
                #expect(event.instant.nanoseconds == 2_000)
                #expect(abs(event.uncertaintyNanoseconds - 144_337_567) < 100_000)
                guard case .sample(let sample) = event.payload else { return .init(view: "", point: "") }
                return sample
            }
        }
        #expect(
            samples(.success(["1/1/1": [1], "1/1/2": [2]])) == [
                .init(view: "http", point: "1/1/1", raw: [1]), .init(view: "http", point: "1/1/2", raw: [2]),
                .init(view: "http", point: "poll", reading: "ok"),
            ])
        #expect(samples(.success(["1/1/1": [1], "1/1/2": [2]])).map(\.point) == ["poll"])
        #expect(samples(.failure(SystemFault("busy"))).map(\.reading) == ["failed: busy"])
        #expect(
            samples(.success(["1/1/1": [3]])) == [
                .init(view: "http", point: "1/1/1", raw: [3]), .init(view: "http", point: "1/1/2", reading: "gone"),
                .init(view: "http", point: "poll", reading: "ok"),
            ])
    }
}

@Suite struct PollScheduleTests {
    @Test(arguments: [(0, 100), (99, 100), (100, 100), (101, 200), (950, 1_000), (1_000, 1_100), (1_001, 1_100)])
    func aSlowAnswerSkipsPollsAndKeepsThePhase(endsMilliseconds: Int64, nextMilliseconds: Int64) {
        var schedule = PollSchedule(first: Instant(nanoseconds: 0))
        schedule.end(at: Instant(nanoseconds: endsMilliseconds * 1_000_000), interval: .milliseconds(100))
        #expect(schedule.due.nanoseconds == nextMilliseconds * 1_000_000)
    }

    @Test func aLatePollIsAGap() throws {
        let schedule = PollSchedule(first: Instant(nanoseconds: 1_000_000_000))
        #expect(schedule.begin(at: Instant(nanoseconds: 1_250_000_000), source: "http") == nil)
        let gap = try #require(schedule.begin(at: Instant(nanoseconds: 1_251_000_000), source: "http"))
        guard case .gap(let details) = gap.payload else {
            Issue.record("\(gap) is no gap")
            return
        }
        #expect(details.blind == "http")
        #expect(details.from.nanoseconds == 1_000_000_000)
        #expect(details.to.nanoseconds == 1_251_000_000)
    }
}

@Suite struct SQLiteProbeTests {
    static let query = "SELECT group_address, raw FROM points"

    @Test func aDatabaseIsReadAndALockedOneIsBusy() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-sqlite-")
        defer { directory.remove() }
        let path = directory.path + "/state.db"
        #expect(throws: SystemFault("there is no such file")) { try SQLiteProbe.read(path, Self.query).get() }
        var database: OpaquePointer?
        defer { unsafe sqlite3_close(database) }
        #expect(unsafe sqlite3_open(path, &database) == SQLITE_OK)
        func run(_ statement: String) { unsafe #expect(sqlite3_exec(database, statement, nil, nil, nil) == SQLITE_OK) }
        run("CREATE TABLE points(group_address TEXT PRIMARY KEY, raw TEXT)")
        run("INSERT INTO points VALUES ('1/1/5', '0c33'), ('1/3/0', '01'), ('1/3/1', NULL)")
        #expect(try SQLiteProbe.read(path, Self.query).get() == ["1/1/5": [0x0C, 0x33], "1/3/0": [1]])
        run("BEGIN EXCLUSIVE")
        let begun = MonotonicClock.now()
        #expect(throws: SystemFault("busy")) { try SQLiteProbe.read(path, Self.query).get() }
        #expect(MonotonicClock.now() - begun < .seconds(1))
        run("ROLLBACK")
        #expect(throws: Never.self) { try SQLiteProbe.read(path, Self.query).get() }
        #expect(throws: SystemFault.self) { try SQLiteProbe.read(path, "SELECT raw FROM points").get() }
        #expect(throws: SystemFault.self) { try SQLiteProbe.read(path, "SELECT nonsense").get() }
    }

    @Test func lookingLeavesNothingBehind() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-sqlite-")
        defer { directory.remove() }
        let path = directory.path + "/state.db"
        var database: OpaquePointer?
        #expect(unsafe sqlite3_open(path, &database) == SQLITE_OK)
        let make = """
            PRAGMA journal_mode = WAL; CREATE TABLE points(group_address TEXT PRIMARY KEY, raw TEXT);
            INSERT INTO points VALUES ('1/1/5', '0c33');
            """
        unsafe #expect(sqlite3_exec(database, make, nil, nil, nil) == SQLITE_OK)
        // While the system has it open: through its log.
        #expect(try SQLiteProbe.read(path, Self.query).get() == ["1/1/5": [0x0C, 0x33]])
        unsafe sqlite3_close(database)
        #expect(Files.entries(of: directory.path) == ["state.db"], "the system closed it in order")
        #expect(try SQLiteProbe.read(path, Self.query).get() == ["1/1/5": [0x0C, 0x33]])
        #expect(Files.entries(of: directory.path) == ["state.db"], "and the rig must not make it look otherwise")
    }

    private static func open(_ path: String) -> OpaquePointer? {
        var database: OpaquePointer?
        #expect(unsafe sqlite3_open(path, &database) == SQLITE_OK)
        let make = """
            CREATE TABLE points(group_address TEXT PRIMARY KEY, raw TEXT);
            CREATE TABLE history(group_address TEXT, raw TEXT, at_ms INTEGER);
            INSERT INTO history VALUES ('1/1/5', '0c33', 1700000000123), ('1/1/5', '0c34', 1700000000456), ('1/1/6', NULL, 1);
            """
        unsafe #expect(sqlite3_exec(database, make, nil, nil, nil) == SQLITE_OK)
        return unsafe database
    }

    @Test func everyRowOfAHistoryIsRead() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-sqlite-")
        defer { directory.remove() }
        let path = directory.path + "/state.db"
        unsafe sqlite3_close(Self.open(path))
        let entries = try SQLiteProbe.entries(path, "SELECT group_address, raw, at_ms FROM history").get()
        #expect(
            entries == [
                SQLiteProbe.Entry(point: "1/1/5", raw: [0x0C, 0x33], stamp: 1_700_000_000_123),
                SQLiteProbe.Entry(point: "1/1/5", raw: [0x0C, 0x34], stamp: 1_700_000_000_456),
            ])
        let failure = SystemFault(
            "the query should have three columns: group address, raw value and milliseconds since 1970")
        #expect(throws: failure) { try SQLiteProbe.entries(path, "SELECT raw FROM history").get() }
    }

    @Test func aProbeThatLooksAwayHasTheDatabaseClosed() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-sqlite-")
        defer { directory.remove() }
        let path = directory.path + "/state.db"
        unsafe sqlite3_close(Self.open(path))
        let polls = Atomic(0)
        let probe = SQLiteProbe(view: "database", path: path, query: Self.query, interval: .milliseconds(10)) { event in
            if case .sample(let sample) = event.payload, sample.point == "poll" { polls.add(1, ordering: .relaxed) }
        }
        try probe.start(network: nil)
        defer { probe.stop() }
        func waitForPolls(beyond count: Int) {
            let deadline = MonotonicClock.now() + .seconds(10)
            while polls.load(ordering: .relaxed) <= count, MonotonicClock.now() < deadline {
                MonotonicClock.sleep(for: .milliseconds(5))
            }
        }
        waitForPolls(beyond: 1)
        probe.lookAway(true)
        // A look that was over may still be told of.
        MonotonicClock.sleep(for: .milliseconds(50))
        let before = polls.load(ordering: .relaxed)
        MonotonicClock.sleep(for: .milliseconds(100))
        #expect(polls.load(ordering: .relaxed) == before)
        probe.lookAway(false)
        waitForPolls(beyond: before)
        #expect(polls.load(ordering: .relaxed) > before)
    }
}

@Suite struct ProcessWatchTests {
    @Test func aStatusFileIsRead() {
        let status = """
            Name:\tknxd
            State:\tS (sleeping)
            Pid:\t4711
            PPid:\t4700
            NSpid:\t4711\t17
            VmHWM:\t   23456 kB
            VmRSS:\t   12345 kB
            Threads:\t3
            """
        let entry = ProcessEntry(status: status)
        #expect(entry?.pid == 4711)
        #expect(entry?.parent == 4700)
        #expect(entry?.innerPID == 17)
        #expect(entry?.command == "knxd")
        #expect(entry?.threads == 3)
        #expect(entry?.residentKilobytes == 12345)
        #expect(entry?.peakKilobytes == 23456)
        #expect(ProcessEntry(status: "Name:\tx\n") == nil)
        #expect(ProcessEntry(status: "") == nil)
    }

    @Test func appearanceAndEndLieBetweenPolls() throws {
        var watch = ProcessWatch(roles: [.init(id: "daemon", isMain: false, command: "knxd")])
        let entry = try #require(ProcessEntry(status: "Name:\tknxd\nPid:\t4711\nPPid:\t1\nNSpid:\t4711\t17\n"))
        #expect(watch.polled([], at: Instant(nanoseconds: 0)) == [])
        let started = watch.polled([entry], at: Instant(nanoseconds: 100_000_000))
        #expect(started.map(\.payload) == [.process(.init(process: "daemon", pid: 17, change: .started))])
        #expect(started.first?.instant.nanoseconds == 50_000_000)
        #expect(watch.polled([entry], at: Instant(nanoseconds: 200_000_000)) == [])
        let ended = watch.polled([], at: Instant(nanoseconds: 300_000_000))
        #expect(ended.map(\.payload) == [.process(.init(process: "daemon", pid: 17, change: .exited))])
    }

    @Test func whoStandsStillIsToldAndSoIsWhoGoesOn() throws {
        var watch = ProcessWatch(roles: [.init(id: "daemon", isMain: false, command: "knxd")])
        func entry(_ state: String) throws -> ProcessEntry {
            try #require(
                ProcessEntry(status: "Name:\tknxd\nState:\t\(state)\nPid:\t4711\nPPid:\t1\nNSpid:\t4711\t17\n"))
        }
        let course = ["S (sleeping)", "T (stopped)", "T (stopped)", "R (running)"]
        let changes = try course.enumerated().map { index, state in
            watch.polled([try entry(state)], at: Instant(nanoseconds: Int64(index) * 100_000_000)).map(\.payload)
        }
        func change(_ change: Event.ProcessChange.Change) -> [Event.Payload] {
            [.process(.init(process: "daemon", pid: 17, change: change))]
        }
        #expect(changes == [change(.started), change(.stopped), [], change(.continued)])
        #expect(
            watch.polled([try entry("T (stopped)")], at: Instant(nanoseconds: 500_000_000)).map(\.payload)
                == change(.stopped))
        #expect(watch.polled([], at: Instant(nanoseconds: 600_000_000)).map(\.payload) == change(.exited))
    }
}

@Suite struct InstalledVersionTests {
    static let database = """
        Package: knx
        Status: install ok installed
        Version: 9

        Package: knxd
        Status: install ok installed
        Architecture: amd64
        Version: 0.14.54.1-1+b1

        Package: mosquitto
        Status: deinstall ok config-files
        Version: 2.0.11-1
        """

    @Test(
        arguments: [("knxd", "0.14.54.1-1+b1"), ("knx", "9"), ("mosquitto", nil), ("kn", nil)] as [(String, String?)])
    func onlyWhatIsInstalledHasAVersion(package: String, version: String?) {
        #expect(InstalledVersion.of(package, in: Self.database) == version)
        #expect(InstalledVersion.of(package, in: Self.database + "\n") == version)
    }

    @Test func noDatabaseIsNoVersion() {
        #expect(InstalledVersion.of("knxd", database: "/nonexistent") == nil)
    }
}
