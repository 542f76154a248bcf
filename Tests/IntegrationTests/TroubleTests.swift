import Events
import Foundation
import Glibc
import Platform
import Testing

/// What goes wrong around a run: each is one clear line and the right exit status, and nothing is left running.
extension RigRuns {
    @Suite struct TroubleTests {
        /// A run in the background with what is needed to get at its twin.
        final class Underway {
            let directory: TemporaryDirectory
            let out: String
            let started: RigProgram.Started

            convenience init(_ arguments: [String]) throws {
                let directory = try TemporaryDirectory(prefix: "knxrig-test-")
                let out = directory.path + "/runs"
                try self.init(arguments + ["--out", out], out: out, directory)
            }

            private init(_ arguments: [String], out: String, _ directory: TemporaryDirectory) throws {
                self.directory = directory
                self.out = out
                started = try RigProgram.start(["test"] + arguments + ["--progress", "plain"], in: directory.path)
            }

            /// Goes on with the campaign of another.
            static func resuming(_ out: String) throws -> Underway {
                try Underway(["--resume", out], out: out, try TemporaryDirectory(prefix: "knxrig-test-"))
            }

            deinit {
                started.process.send(signal: SIGKILL)
                directory.remove()
            }

            /// Waits until the progress says `text`.
            func waitFor(_ text: String) -> Bool {
                RigProgram.wait(60) {
                    String(decoding: (try? Files.read(started.errorFile)) ?? [], as: UTF8.self).contains(text)
                }
            }

            /// Waits for the first run of `scenario`, of those after the one with the number `after`, of which the progress says `text`.
            func numberOfRun(_ scenario: String, that text: String, after: Int = 0) -> Int? {
                var found: Int?
                _ = RigProgram.wait(200) {
                    let progress = String(decoding: (try? Files.read(started.errorFile)) ?? [], as: UTF8.self)
                    found = progress.matches(of: /(\S+) #(\d+)  (\w+)/).first {
                        $0.1 == scenario && $0.3 == text && (Int($0.2) ?? 0) > after
                    }.flatMap { Int($0.2) }
                    return found != nil
                }
                return found
            }

            /// What a person would do at the bench.
            func hands(_ request: Value) throws {
                let twin = try #require(RigProgram.processes(mentioning: out).first { $0.contains(" twin ") })
                let words = twin.split(separator: " ").map(String.init)
                let index = try #require(words.firstIndex(of: "--directory"))
                let channel = RecordChannel(
                    try Socket.connectUnix(path: words[index + 1] + "/hands", until: MonotonicClock.now() + .seconds(2))
                )
                try channel.send(request)
                guard case .record(let answer) = try channel.receive(until: MonotonicClock.now() + .seconds(2)) else {
                    Issue.record("the twin's hands do not answer")
                    return
                }
                #expect(answer["done"] == true, "\(answer)")
            }

            func finish() throws -> RigProgram.Output {
                let output = try started.finish(within: 90)
                #expect(RigProgram.wait(10) { RigProgram.processes(mentioning: out).isEmpty })
                return output
            }
        }

        @Test func aStrangerOnTheLineRefusesTheRunBeforeItSends() throws {
            let run = try Underway(["HW-1"])
            #expect(run.waitFor("listening"))
            #expect(RigProgram.wait(10) { (try? run.hands(strangersTelegram())) != nil })
            let output = try run.finish()
            #expect(output.status == 3, "\(output.output)")
            #expect(output.output.contains("1.1.77 sent to 1/2/3"), "\(output.output)")
            let evidence = RigProgram.lines(run.out + "/HW-1/cut-20s/001/evidence.jsonl")
            #expect(!evidence.contains { $0["k"]?.text == "stimulus" }, "the rig had sent something")
            #expect(!evidence.contains { $0["k"]?.text == "actuation" }, "the rig had actuated something")
        }

        @Test func aStrangerInTheMiddleAbortsTheRun() throws {
            let run = try Underway(["HW-1"])
            #expect(run.waitFor("verifying that everything works"))
            try run.hands(strangersTelegram())
            let output = try run.finish()
            #expect(output.status == 3, "\(output.output)")
            #expect(output.output.contains("1.1.77 sent to 1/2/3"), "\(output.output)")
        }

        @Test func aBoardUnpluggedInTheMiddleOfTheFaultIsNoPassAndNoFail() throws {
            let run = try Underway(["HW-1"])
            #expect(run.waitFor("degraded"))
            try run.hands(["unplug": "relays"])
            let output = try run.finish()
            #expect(output.status == 3, "\(output.output)")
            #expect(output.output.contains("board 'relays' was lost"), "\(output.output)")
        }

        @Test func interruptingHealsAndReportsAborted() throws {
            let run = try Underway(["HW-1"])
            #expect(run.waitFor("cutting the bus"))
            #expect(run.waitFor("degraded"))
            run.started.process.send(signal: SIGINT)
            let output = try run.finish()
            #expect(output.status == 130, "\(output.output)")
            let board = RigProgram.lines(run.out + "/HW-1/cut-20s/001/twin.jsonl").last { $0["k"]?.text == "board" }
            #expect(board?["energised"] == false)
            let verified = try RigProgram.run(["verify", run.out + "/HW-1/cut-20s/001"])
            #expect(verified.status == 0, "\(verified.output)\(verified.error)")
            #expect(verified.output.contains("aborted"))
        }

        @Test(arguments: [("/usr/bin/knxd", "knxd"), ("/usr/sbin/mosquitto", "mosquitto")])
        func aMissingProgramIsNamedWithItsPackage(path: String, package: String) throws {
            // In a mount namespace of its own, where the program is hidden behind a file that cannot be executed.
            let output = try RigProgram.shell(
                "mount --bind /dev/null \(path) && exec \(RigProgram.path) test HW-1 IF-1 --out /nonexistent")
            #expect(output.status == 3, "\(output.error)")
            #expect(output.error.contains("apt-get install \(package)"), "\(output.error)")
            #expect(output.error.split(separator: "\n").count == 2, "one line per scenario: \(output.error)")
        }

        @Test func aFullDiskEndsTheRunWithItsReason() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            // Room enough when the run starts, none any more when it is under way.
            let output = try RigProgram.shell(
                """
                mount -t tmpfs -o size=60m none \(directory.path) && { sleep 14; cat /dev/zero >\(directory.path)/ballast; } & \
                sleep 0.5; \(RigProgram.path) test HW-1/cut-3s --out \(directory.path)/runs
                """)
            #expect(output.status == 5, "\(output.output)\(output.error)")
            #expect(
                (output.output + output.error).contains("No space left on device"), "\(output.output)\(output.error)")
        }

        @Test func aDiskWithoutRoomIsRefusedBeforeAnythingStarts() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let output = try RigProgram.shell(
                "mount -t tmpfs -o size=1m none \(directory.path) && exec \(RigProgram.path) test HW-1 --out \(directory.path)/runs"
            )
            #expect(output.status == 5, "\(output.output)\(output.error)")
            #expect(output.error.contains("No space left on device"), "\(output.error)")
            #expect(output.error.split(separator: "\n").count == 1, "\(output.error)")
        }

        @Test func aTakenPortOfTheTwinIsOneLine() throws {
            let (listener, port) = try Socket.listenTCP()
            defer { listener.close() }
            let output = try RigProgram.run(["twin", "--usbip-port", String(port)], within: 20)
            #expect(output.status == 5)
            #expect(output.error.contains("127.0.0.1:\(port)"), "\(output.error)")
            #expect(output.error.split(separator: "\n").count == 1, "\(output.error)")
        }

        /// A telegram of somebody who was not declared: 1.1.77 writes 1 to 1/2/3.
        private func strangersTelegram() -> Value {
            var octets: [UInt8] = [0xBC, 0x11, 0x4D, 0x0A, 0x03, 0xE1, 0x00, 0x81]
            octets.append(octets.reduce(0xFF) { $0 ^ $1 })
            return ["send": ["line": "main", "octets": .octets(octets)]]
        }
    }
}
