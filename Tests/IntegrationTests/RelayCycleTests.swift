import Events
import Glibc
import Platform
import Testing

extension RigRuns {
    /// A coil that a command turned over, and the end of that command.
    @Suite(.enabled(if: geteuid() == 0, "locks of its own need root")) struct RelayCycleTests {
        /// Starts a cycle of the first channel in a process whose locks nobody shares: all twins' boards have one name.
        private static func start(_ bench: KeeperBench, milliseconds: Int) throws -> RigProgram.Started {
            let script = """
                mkdir -p /var/lib/knxrig && mount -t tmpfs tmpfs /var/lib/knxrig &&
                exec \(RigProgram.path) relay cycle 1 --milliseconds \(milliseconds) --usbip 127.0.0.1:\(bench.port)
                """
            return try RigProgram.start(
                ["--mount", "--propagation", "private", "/bin/sh", "-c", script], in: bench.directory.path,
                program: "unshare")
        }

        private static func leavesNothing(_ bench: KeeperBench) -> Bool {
            RigProgram.wait(10) { RigProgram.processes(mentioning: "--usbip 127.0.0.1:\(bench.port)").isEmpty }
        }

        @Test func aKilledCycleDoesNotLeaveTheCoilTurnedOver() throws {
            let bench = try KeeperBench()
            let began = MonotonicClock.now()
            let started = try Self.start(bench, milliseconds: 600_000)
            let over = try #require(bench.change(to: true, after: began))
            MonotonicClock.sleep(for: .milliseconds(300))
            #expect(bench.change(to: false, after: over, within: 0) == nil, "it waits")
            let killed = MonotonicClock.now()
            started.process.send(signal: SIGKILL)
            #expect(bench.change(to: false, after: killed) != nil, "the coil stayed turned over")
            _ = started.process.wait()
            #expect(Self.leavesNothing(bench))
        }

        @Test func aCycleLeavesNothingBehind() throws {
            let bench = try KeeperBench()
            let result = try Self.start(bench, milliseconds: 100).finish(within: 30)
            #expect(result.status == 0, "\(result.error)")
            #expect(result.output.contains("1 off (confirmed)"), "\(result.output)")
            #expect(Self.leavesNothing(bench))
        }
    }
}
