import Events
import Glibc
import Platform
import Testing

@testable import Systems

@Suite(.enabled(if: Repository.canHost, Repository.whyNoHost)) struct HostTests {
    let directory: TemporaryDirectory
    let collector = Collector()

    init() throws {
        directory = try TemporaryDirectory(prefix: "knxrig-host-")
    }

    func host() throws -> Host {
        try Host.start(program: try #require(Repository.program("knxrig")), logs: directory.path, sink: collector.sink)
    }

    func shell(_ id: String, _ script: String) -> Host.Unit {
        Host.Unit(id: id, path: "/bin/sh", arguments: ["-c", script])
    }

    @Test func aUnitsWordsAndEndArrive() throws {
        defer { directory.remove() }
        let host = try host()
        defer { host.powerOff() }
        var unit = shell("greeter", "cat \(directory.path)/words; echo to the other >&2; exit 7")
        unit.files = [(directory.path + "/words", "hello\nready to go\n")]
        unit.patterns = [.init(pattern: TextPattern("ready"), means: "ready")]
        let pid = try host.start(unit)
        #expect(pid > 1 && pid < 100, "numbers of its own namespace are small")
        let end = host.waitEnd(of: "greeter", until: MonotonicClock.now() + .seconds(10))
        #expect(end?.exit == .status(7))
        let lines = collector.all.compactMap { if case .log(let line) = $0.payload { line } else { nil } }
        #expect(lines.contains(.init(process: "greeter", line: "hello")))
        #expect(lines.contains(.init(process: "greeter", line: "ready to go", means: "ready")))
        #expect(lines.contains(.init(process: "greeter", line: "to the other")))
        let changes = collector.all.compactMap { if case .process(let change) = $0.payload { change } else { nil } }
        #expect(
            changes == [
                .init(process: "greeter", pid: Int64(pid), change: .started),
                .init(process: "greeter", pid: Int64(pid), change: .exited, status: 7),
            ])
        let log = String(decoding: try Files.read(directory.path + "/greeter.log"), as: UTF8.self)
        #expect(log.contains("hello\n"))
    }

    @Test func aFileMayBeAProgramAndAVariableIsHandedOn() throws {
        defer { directory.remove() }
        let host = try host()
        defer { host.powerOff() }
        let (program, text) = (directory.path + "/program", directory.path + "/text")
        var unit = shell("shell", "\(program); [ -x \(text) ] || echo only text")
        unit.files = [(program, "#!/bin/sh\necho the word is $WORD\n"), (text, "no program\n")]
        unit.executables = [program]
        unit.environment = ["WORD": "gate", "PATH": "/usr/bin:/bin"]
        try host.start(unit)
        #expect(host.waitEnd(of: "shell", until: MonotonicClock.now() + .seconds(10))?.exit == .status(0))
        let lines = collector.all.compactMap { if case .log(let line) = $0.payload { line.line } else { nil } }
        #expect(lines == ["the word is gate", "only text"])
    }

    @Test func aSignalEndsAUnitAndItStartsAgain() throws {
        defer { directory.remove() }
        let host = try host()
        defer { host.powerOff() }
        try host.start(shell("sleeper", "exec sleep 100"))
        #expect(throws: SystemFault.self) { try host.start(shell("sleeper", "exec sleep 100")) }
        host.signal("sleeper", SIGKILL)
        let end = host.waitEnd(of: "sleeper", until: MonotonicClock.now() + .seconds(5))
        #expect(end?.exit == .signal(SIGKILL))
        try host.start(shell("sleeper", "trap '' TERM; echo on; while :; do sleep 0.05; done"))
        #expect(collector.first { if case .log(let line) = $0.payload { line.line == "on" } else { false } } != nil)
        let stopped = host.stop("sleeper", within: .milliseconds(200))
        #expect(stopped?.exit == .signal(SIGKILL), "SIGTERM is ignored, so SIGKILL follows")
    }

    @Test func whatCannotStartSaysWhy() throws {
        defer { directory.remove() }
        let host = try host()
        defer { host.powerOff() }
        let fault = #expect(throws: SystemFault.self) { try host.start(.init(id: "none", path: "/nowhere/none")) }
        #expect(fault?.description.contains("/nowhere/none: No such file or directory") == true)
        let again = #expect(throws: SystemFault.self) { try host.start(.init(id: "none", path: "/nowhere/none")) }
        #expect(again == fault, "what never ran does not run already")
        try host.start(.init(id: "none", path: "/bin/true"))
        let early = #expect(throws: SystemFault.self) {
            try Host.start(program: "/bin/true", logs: directory.path, sink: collector.sink)
        }
        #expect(early?.description.contains("ended before it was ready") == true)
    }

    /// Without the route no KNXnet/IP server starts, since it joins 224.0.23.12.
    @Test func multicastStaysOnTheLoopbackInterface() throws {
        defer { directory.remove() }
        let host = try host()
        defer { host.powerOff() }
        try host.start(shell("routes", "cat /proc/net/route"))
        let route = collector.first {
            // Octets of addresses stand in the machine's order: 224.0.0.0/4.
            if case .log(let line) = $0.payload {
                line.line.hasPrefix("lo\t000000E0\t") && line.line.contains("\t000000F0\t")
            } else {
                false
            }
        }
        #expect(route != nil)
    }

    @Test func powerOffTakesEverything() throws {
        defer { directory.remove() }
        let host = try host()
        // In a session of its own and without a parent: only the namespace holds it.
        try host.start(shell("tree", "setsid sleep 1234 & sleep 0.1; echo up; exec sleep 1235"))
        #expect(collector.first { if case .log = $0.payload { true } else { false } } != nil)
        let below = ProcessTable.descendants(of: host.pid)
        #expect(below.count == 2, "\(below)")
        #expect(host.orphans() == [], "setsid leaves the parent as it is")
        #expect(below.allSatisfy { $0.command == "sleep" && $0.innerPID != $0.pid })
        let before = MonotonicClock.now()
        host.powerOff()
        #expect(MonotonicClock.now() - before < .seconds(2))
        for process in below { #expect(!Files.exists("/proc/\(process.pid)"), "\(process.command) outlived the host") }
        let end = host.waitEnd(of: "tree", until: MonotonicClock.now())
        #expect(end?.exit == .signal(SIGKILL))
        #expect(throws: SystemFault.self) { try host.start(shell("late", "true")) }
    }

    @Test func orphansAreReaped() throws {
        defer { directory.remove() }
        let host = try host()
        defer { host.powerOff() }
        try host.start(shell("parent", "for i in 1 2 3 4 5; do (sleep 2 &) ; done; exit 0"))
        _ = host.waitEnd(of: "parent", until: MonotonicClock.now() + .seconds(5))
        // Each is a shell still for a moment before it becomes `sleep`.
        #expect(eventually(within: 2) { host.orphans() == Array(repeating: "sleep", count: 5) })
        #expect(
            eventually { Files.entries(of: "/proc").compactMap { Int32($0) }.allSatisfy { !isChild($0, of: host.pid) } }
        )
    }

    /// Zombies count.
    func isChild(_ pid: Int32, of parent: Int32) -> Bool {
        guard let octets = try? Files.read("/proc/\(pid)/status") else { return false }
        return ProcessEntry(status: String(decoding: octets, as: UTF8.self))?.parent == parent
    }

    @Test func aFloodIsCountedAndBlocksNobody() throws {
        defer { directory.remove() }
        let host = try host()
        defer { host.powerOff() }
        try host.start(
            shell("flood", "i=0; yes 'a line that says nothing' | head -n 200000; echo done >&2; sleep 2; echo after"))
        try host.start(shell("quiet", "echo still heard"))
        #expect(
            collector.first { if case .log(let line) = $0.payload { line.line == "still heard" } else { false } } != nil
        )
        #expect(collector.first { if case .log(let line) = $0.payload { line.line == "after" } else { false } } != nil)
        let lines = collector.all.compactMap { if case .log(let line) = $0.payload { line.line } else { nil } }
        let dropped = lines.compactMap { line in
            line.hasPrefix("[") ? Int(line.dropFirst().prefix { $0.isNumber }) : nil
        }
        let kept = lines.filter { $0 == "a line that says nothing" }.count
        #expect(kept + dropped.reduce(0, +) == 200_000)
        #expect(kept < 50_000)
    }
}

@Suite struct OutputLinesTests {
    @Test func linesComeOutAsTheyWentIn() {
        var lines = OutputLines()
        let now = Instant(nanoseconds: 0)
        #expect(lines.feed("one\ntw".utf8, at: now) == ["one"])
        #expect(lines.feed("o\r\n\nthr".utf8, at: now) == ["two", ""])
        #expect(lines.end(at: now) == ["thr"])
        #expect(lines.end(at: now) == [])
    }

    @Test func anEndlessLineIsCut() {
        var lines = OutputLines()
        let out = lines.feed(Array(repeating: UInt8(ascii: "x"), count: 40_000), at: Instant(nanoseconds: 0))
        #expect(out.map(\.utf8.count) == [16_384, 16_384])
    }

    @Test func aFloodIsDroppedAndTold() {
        var lines = OutputLines()
        let start = Instant(nanoseconds: 5_000_000_000)
        let flood = Array(repeating: Array("x\n".utf8), count: 2_500).flatMap { $0 }
        #expect(lines.feed(flood, at: start).count == 2_000)
        #expect(lines.notice(at: start + .milliseconds(900)) == [])
        #expect(
            lines.feed("y\n".utf8, at: start + .seconds(1)).map { $0.contains("500 lines dropped") } == [true, false])
    }
}
