import Events
import Foundation
import Glibc
import Platform
import Testing

/// The rig's own processes killed in the middle of a fault: what they cut is powered again at once, and nothing stays behind.
extension RigRuns {
    @Suite struct KillTests {
        enum Victim: String, CaseIterable {
            /// The command that the user started, the run's process, the keeper, the twin's own end of the USB cable.
            case command, run, keeper
        }

        /// One run that is brought to its fault and then loses a process.
        struct Attempt {
            let victim: Victim
            let out: String
            let started: RigProgram.Started

            var run: String { out + "/HW-1/cut-20s/001" }

            /// Waits until the board says that the bus is cut.
            func waitForCut() -> Bool {
                RigProgram.wait(60) {
                    RigProgram.lines(run + "/twin.jsonl").contains {
                        $0["k"]?.text == "board" && $0["energised"] == true
                    }
                }
            }

            var victimPID: Int32? {
                switch victim {
                case .command: started.process.pid
                case .run: RigProgram.children(of: started.process.pid).first
                case .keeper:
                    RigProgram.children(of: started.process.pid).first.flatMap { run in
                        RigProgram.children(of: run).first { RigProgram.commandLine($0).contains(" keeper ") }
                    }
                }
            }
        }

        private static let environment = ProcessInfo.processInfo.environment
        /// `KNXRIG_KILLS` sets how many, `KNXRIG_KILLS_AT_ONCE` how many runs there are at a time, `KNXRIG_KILLS_OF` of whom (`run`, `keeper`,
        /// `command`; all in turn unless told). The defaults keep the suite short.
        static let count = environment["KNXRIG_KILLS"].flatMap(Int.init) ?? 6
        static let atOnce = environment["KNXRIG_KILLS_AT_ONCE"].flatMap(Int.init) ?? 3
        static let victims = environment["KNXRIG_KILLS_OF"].flatMap(Victim.init).map { [$0] } ?? Victim.allCases

        @Test func aKilledProcessNeverLeavesTheBusCut() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var random = SeededGenerator(seed: seed)
            var taken: [Instant.Span] = []
            for batch in stride(from: 0, to: Self.count, by: Self.atOnce) {
                let attempts = try (batch..<min(batch + Self.atOnce, Self.count)).map { number in
                    let out = directory.path + "/\(number)"
                    return Attempt(
                        victim: Self.victims[number % Self.victims.count], out: out,
                        started: try RigProgram.start(["test", "HW-1", "--out", out], in: directory.path))
                }
                for attempt in attempts { try #require(attempt.waitForCut()) }
                // Each somewhere in the fault, and all before the first is looked at: the fault does not wait.
                let began = MonotonicClock.now()
                let instants = attempts.map { _ in began + .milliseconds(Int64(random.next() % 8_000)) }
                var killed: [(attempt: Attempt, at: Instant)] = []
                for (attempt, instant) in zip(attempts, instants).sorted(by: { $0.1 < $1.1 }) {
                    MonotonicClock.sleep(until: instant)
                    killed.append((attempt, try kill(attempt)))
                }
                for (attempt, instant) in killed { taken.append(try examine(attempt, killedAt: instant)) }
            }
            taken.sort()
            print(
                "\(taken.count) kills: from the kill to the safe command \((taken.first?.nanoseconds ?? 0) / 1000) µs at the least, "
                    + "\(taken[taken.count / 2].nanoseconds / 1000) µs in the middle, \((taken.last?.nanoseconds ?? 0) / 1000) µs at the longest"
            )
        }

        private func kill(_ attempt: Attempt) throws -> Instant {
            let victim = try #require(attempt.victimPID)
            let killed = MonotonicClock.now()
            Glibc.kill(victim, SIGKILL)
            return killed
        }

        private func examine(_ attempt: Attempt, killedAt killed: Instant) throws -> Instant.Span {
            let isPowered = RigProgram.wait(10) {
                RigProgram.lines(attempt.run + "/twin.jsonl").contains {
                    $0["k"]?.text == "board" && $0["energised"] == false && ($0["t"]?.integer ?? 0) > killed.nanoseconds
                }
            }
            #expect(isPowered, "\(attempt.victim): the bus stayed cut")
            let powered = RigProgram.lines(attempt.run + "/twin.jsonl").first {
                $0["k"]?.text == "board" && $0["energised"] == false
            }?["t"]?.integer
            let took = Instant.Span(nanoseconds: (powered ?? .max) - killed.nanoseconds)
            #expect(took <= .milliseconds(250), "\(attempt.victim): \(took.nanoseconds / 1000) µs")
            if attempt.victim != .command { #expect(try attempt.started.finish(within: 60).status != 0) }
            #expect(
                RigProgram.wait(30) { RigProgram.processes(mentioning: attempt.out).isEmpty },
                "\(attempt.victim): left behind: \(RigProgram.processes(mentioning: attempt.out))")
            if attempt.victim == .run {
                let verified = try RigProgram.run(["verify", attempt.run])
                #expect(verified.status == 5, "\(verified.output)\(verified.error)")
            }
            return took
        }
    }
}
