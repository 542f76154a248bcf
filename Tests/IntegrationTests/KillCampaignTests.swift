import Events
import Foundation
import Glibc
import Platform
import Testing

/// The rig killed in the middle of a campaign, wherever that happens to be: nothing of it may be left on the machine, and no relay where the fault put it.
extension RunsAlone {
    @Suite struct KillCampaignTests {
        private static let environment = ProcessInfo.processInfo.environment
        /// `KNXRIG_CAMPAIGN_KILLS` sets how many; `KNXRIG_CAMPAIGN_SEED` repeats a series. The default keeps the suite short.
        static let count = environment["KNXRIG_CAMPAIGN_KILLS"].flatMap(Int.init) ?? 2

        /// What the signal hits: the command alone, from whose death its runs learn; or the command and all its runs at once, so that nobody of them
        /// heals anything.
        enum Hit: String, CaseIterable { case command, everything }

        @Test func nothingIsLeftOfACampaignThatIsKilled() throws {
            let seed = Self.environment["KNXRIG_CAMPAIGN_SEED"].flatMap(UInt64.init) ?? .random(in: 0...UInt64.max)
            print("seed \(seed)")
            var random = SeededGenerator(seed: seed)
            var catalogue = try Self.scenarios()
            for number in 0..<Self.count {
                // Another order each time, so that every scenario is among the four of the first minute at some time.
                for index in catalogue.indices.reversed() {
                    catalogue.swapAt(index, Int(random.next() % UInt64(index + 1)))
                }
                try kill(
                    Hit.allCases[number % Hit.allCases.count],
                    after: .milliseconds(Int64(4_000 + random.next() % 56_000)),
                    of: catalogue)
            }
        }

        /// What `test all` runs.
        private static func scenarios() throws -> [String] {
            let listed = try RigProgram.run(["scenarios"]).output
            let names = listed.split(separator: "\n").filter { !$0.hasPrefix(" ") }.map {
                String($0.prefix { $0 != " " })
            }
            try #require(names.count >= 26, "\(listed)")
            return names
        }

        private func kill(_ hit: Hit, after: Instant.Span, of scenarios: [String]) throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let out = directory.path + "/runs"
            let before = Machine()
            let started = try RigProgram.start(
                ["test"] + scenarios + ["--parallel", "4", "--out", out, "--progress", "plain"], in: directory.path)
            MonotonicClock.sleep(for: after)
            let command = started.process.pid
            let runs = RigProgram.children(of: command)
            // Who looks in the wrong place finds nothing now, either.
            let there = Machine().added(since: before, mentioning: out)
            try #require(there.count > runs.count && !runs.isEmpty, "\(there)")
            let killed = MonotonicClock.now()
            if hit == .everything { for run in runs { Glibc.kill(run, SIGKILL) } }
            Glibc.kill(command, SIGKILL)
            _ = started.process.wait()
            let what =
                "\(hit) killed after \(after.nanoseconds / 1_000_000) ms of \(scenarios.prefix(8).joined(separator: " ")) …"
            var left = Machine().added(since: before, mentioning: out)
            let isGone = RigProgram.wait(30) {
                left = Machine().added(since: before, mentioning: out)
                return left.isEmpty
            }
            print(
                "\(what): \(runs.count) runs; nothing left after \((MonotonicClock.now() - killed).nanoseconds / 1_000_000) ms"
            )
            #expect(isGone, "\(what): \(left)")
            for board in Self.boards(under: out) {
                for (channel, energised) in board.channels {
                    #expect(!energised, "\(what): \(board.journal): channel \(channel) is not in its safe state")
                }
            }
        }

        /// The last that each channel of each twin's board did.
        private static func boards(under out: String) -> [(journal: String, channels: [Int: Bool])] {
            let journals = (FileManager.default.enumerator(atPath: out)?.allObjects ?? []).compactMap { $0 as? String }
                .filter { $0.hasSuffix("/twin.jsonl") }.map { out + "/" + $0 }
            return journals.map { journal in
                var channels: [Int: Bool] = [:]
                for line in RigProgram.lines(journal) where line["k"]?.text == "board" {
                    guard let channel = line["channel"]?.integer, let energised = line["energised"]?.bool else {
                        continue
                    }
                    channels[Int(channel)] = energised
                }
                return (journal, channels)
            }
        }

        /// What a rig could leave on a machine.
        private struct Machine {
            /// Process ids with their start times, since ids come again.
            var processes: Set<String> = []
            var mounts: Set<String> = []
            /// Named network namespaces and interfaces.
            var network: Set<String> = []
            var loops: Set<String> = []

            init() {
                for entry in Files.entries(of: "/proc") where Int32(entry) != nil {
                    guard let status = try? Files.read("/proc/\(entry)/stat") else { continue }
                    let fields = String(decoding: status, as: UTF8.self).split(separator: ")").last?.split(
                        separator: " ")
                    if let fields, fields.count > 19 { processes.insert("\(entry) \(fields[19])") }
                }
                let table = (try? Files.read("/proc/self/mountinfo")) ?? []
                mounts = Set(String(decoding: table, as: UTF8.self).split(separator: "\n").map(String.init))
                network = Set(Files.entries(of: "/run/netns").map { "namespace " + $0 })
                    .union(Files.entries(of: "/sys/class/net").map { "interface " + $0 })
                loops = Set(
                    Files.entries(of: "/sys/block").filter { $0.hasPrefix("loop") }
                        .filter { Files.exists("/sys/block/\($0)/loop/backing_file") })
            }

            /// What is there now and was not. A process counts when it has anything to do with `directory`: by its command line, its working directory, its
            /// open files or what is mounted where it lives. (Other tests' processes do not.)
            func added(since before: Machine, mentioning directory: String) -> [String] {
                processes.subtracting(before.processes).compactMap { Self.about($0, directory) }.sorted()
                    + mounts.subtracting(before.mounts).filter { $0.contains(directory) }.map { "mounted: " + $0 }
                    + network.subtracting(before.network).sorted() + loops.subtracting(before.loops).sorted()
                    + Self.locks(under: directory)
            }

            private static func about(_ process: String, _ directory: String) -> String? {
                let pid = String(process.prefix { $0 != " " })
                let line = RigProgram.commandLine(Int32(pid) ?? 0)
                func isThere(_ link: String) -> Bool {
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: link))?.contains(directory) == true
                }
                let table = (try? Files.read("/proc/\(pid)/mountinfo")) ?? []
                let found =
                    line.contains(directory) || isThere("/proc/\(pid)/cwd")
                    || Files.entries(of: "/proc/\(pid)/fd").contains { isThere("/proc/\(pid)/fd/\($0)") }
                    || String(decoding: table, as: UTF8.self).contains(directory)
                return found ? "process \(pid): \(line)" : nil
            }

            /// Files of the directory that somebody still has a lock on.
            private static func locks(under directory: String) -> [String] {
                let held = Set(
                    String(decoding: (try? Files.read("/proc/locks")) ?? [], as: UTF8.self).split(separator: "\n")
                        .compactMap { line in line.split(separator: " ").first { $0.filter { $0 == ":" }.count == 2 } }
                        .compactMap { $0.split(separator: ":").last.map(String.init) })
                guard !held.isEmpty, let files = FileManager.default.enumerator(atPath: directory) else { return [] }
                return files.compactMap { $0 as? String }.filter { path in
                    var status = stat()
                    return unsafe stat(directory + "/" + path, &status) == 0 && held.contains(String(status.st_ino))
                }.map { "locked: " + $0 }
            }
        }
    }
}
