import Events
import Glibc
import Platform
import Testing

@testable import Documents
@testable import Systems

/// A service that fails is started again by the machine, on a real host.
@Suite(.serialized, .enabled(if: Repository.canHost, Repository.whyNoHost)) struct ServiceRestartTests {
    let collector = Collector()

    /// A runner of one service that is a shell script.
    func runner(_ script: String, _ host: Host) throws -> ServiceRunner {
        let text = """
            id: service
            run: [/bin/sh, -c, "\(script)"]
            restart: {after: 600 ms}
            """
        var profile = try SystemProfile.load(Repository.path("rigs/systems/reference-controller.yaml"))
        profile.services = [try SystemProfile.Service(Node.parse(text, file: "profile.yaml"), known: [])]
        return try ServiceRunner(profile: profile, host: host, substitution: Substitution([:]), sink: collector.sink)
    }

    func host(_ directory: TemporaryDirectory) throws -> Host {
        try Host.start(program: try #require(Repository.program("knxrig")), logs: directory.path, sink: collector.sink)
    }

    /// Instants of the service's changes of one kind.
    func changes(_ change: Event.ProcessChange.Change) -> [Instant] {
        collector.all.compactMap { event in
            if case .process(let process) = event.payload, process.change == change { event.instant } else { nil }
        }
    }

    @Test func aFailureIsFollowedByAStart() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-restart-")
        defer { directory.remove() }
        let host = try host(directory)
        let runner = try runner("exec sleep 100", host)
        defer {
            host.powerOff()
            runner.stop()
        }
        try runner.start("service")
        host.signal("service", SIGKILL)
        #expect(eventually { changes(.started).count == 2 })
        let wait = changes(.started)[1] - changes(.exited)[0]
        #expect(wait >= .milliseconds(600) && wait < .milliseconds(1500), "it came back after \(wait.seconds) s")
        // And again: a restart is no second chance only.
        host.signal("service", SIGSEGV)
        #expect(eventually { changes(.started).count == 3 })
    }

    @Test func aServiceThatFailsAtOnceIsTriedAtItsPace() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-restart-")
        defer { directory.remove() }
        let host = try host(directory)
        let runner = try runner("exit 3", host)
        defer {
            host.powerOff()
            runner.stop()
        }
        try runner.start("service")
        MonotonicClock.sleep(for: .milliseconds(2000))
        #expect(
            (3...4).contains(changes(.started).count), "one start each 0.6 s, and there were \(changes(.started).count)"
        )
    }

    @Test(arguments: ["exit 0", "kill -TERM $$"])
    func aCleanEndIsLeftAlone(script: String) throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-restart-")
        defer { directory.remove() }
        let host = try host(directory)
        let runner = try runner(script, host)
        defer {
            host.powerOff()
            runner.stop()
        }
        try runner.start("service")
        #expect(eventually { changes(.exited).count == 1 })
        MonotonicClock.sleep(for: .milliseconds(1200))
        #expect(changes(.started).count == 1)
    }

    @Test func whatTheRigTookAwayStaysAway() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-restart-")
        defer { directory.remove() }
        let host = try host(directory)
        let runner = try runner("exec sleep 100", host)
        defer {
            host.powerOff()
            runner.stop()
        }
        try runner.start("service")
        _ = try runner.kill("service", due: MonotonicClock.now())
        MonotonicClock.sleep(for: .milliseconds(1500))
        #expect(changes(.started).count == 1)
        try runner.start("service")
        host.signal("service", SIGKILL)
        #expect(eventually { changes(.started).count == 3 }, "given back, it is the machine's again")
    }
}
