import Events
import Glibc
import Platform
import Testing

@testable import Systems

/// A host where namespaces are refused: a process tree that is killed process by process. It needs no rights at all.
@Suite(.enabled(if: Repository.program("knxrig") != nil, "knxrig is not built")) struct UnisolatedHostTests {
    let directory: TemporaryDirectory
    let collector = Collector()

    init() throws {
        directory = try TemporaryDirectory(prefix: "knxrig-host-")
    }

    private func host() throws -> Host {
        try Host.start(
            program: try #require(Repository.program("knxrig")), logs: directory.path,
            isolation: .processTree(refusal: "by the test"), sink: collector.sink)
    }

    /// A child that leaves its session and whose parent ends, and a parent that stays.
    private static let family = "setsid sh -c 'sleep 300 & sleep 301' & (sleep 302 &) ; sleep 303"

    private func family(on host: Host) throws -> [Int32] {
        try host.start(Host.Unit(id: "family", path: "/bin/sh", arguments: ["-c", Self.family]))
        let deadline = MonotonicClock.now() + .seconds(10)
        while ProcessTable.descendants(of: host.pid).count(where: { $0.command == "sleep" }) < 4 {
            guard MonotonicClock.now() < deadline else { throw SystemFailure("see", "the family", code: ETIMEDOUT) }
            MonotonicClock.sleep(for: .milliseconds(10))
        }
        return ProcessTable.descendants(of: host.pid).map(\.pid)
    }

    private func expectGone(_ pids: [Int32]) {
        for pid in pids { #expect([nil, "Z"].contains(ProcessTable.state(of: pid)), "\(pid) is left") }
    }

    @Test func powerOffTakesTheWholeTree() throws {
        defer { directory.remove() }
        let host = try host()
        let family = try family(on: host)
        #expect(host.orphans().contains("sleep"), "an orphan becomes the host's own")
        host.powerOff()
        expectGone(family)
        expectGone([host.pid])
    }

    @Test func aPowerCutKillsTheTreeAndNobodyElse() throws {
        defer { directory.remove() }
        let bystander = try ChildProcess.spawn(.init(path: "/bin/sleep", arguments: ["300"]))
        defer {
            bystander.send(signal: SIGKILL)
            _ = bystander.wait()
        }
        let host = try host()
        defer { host.powerOff() }
        let family = try family(on: host)
        host.cutPower()
        #expect(host.waitEnd(of: "family", until: MonotonicClock.now() + .seconds(10))?.exit == .signal(SIGKILL))
        let deadline = MonotonicClock.now() + .seconds(5)
        while !ProcessTable.descendants(of: host.pid).isEmpty, MonotonicClock.now() < deadline {
            MonotonicClock.sleep(for: .milliseconds(5))
        }
        expectGone(family)
        #expect(ProcessTable.state(of: bystander.pid) == "S")
        // The host itself stays, and can boot.
        try host.start(Host.Unit(id: "again", path: "/bin/true"))
        #expect(host.waitEnd(of: "again", until: MonotonicClock.now() + .seconds(10))?.exit == .status(0))
    }

    @Test func itIsInThisComputersOwnNetwork() throws {
        defer { directory.remove() }
        let host = try host()
        defer { host.powerOff() }
        let (listener, port) = try Socket.listenTCP()
        defer { listener.close() }
        // No right is needed to enter the network that one is in.
        let reached = try HostNetwork.run(of: host.pid) {
            (try? Socket.connectTCP(host: "127.0.0.1", port: port, until: MonotonicClock.now() + .seconds(2))) != nil
        }
        #expect(reached)
    }
}
