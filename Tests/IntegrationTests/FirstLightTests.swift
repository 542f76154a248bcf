import Events
import Foundation
import Glibc
import Platform
import Testing

/// The whole loop, for real: twin, knxd, mosquitto, controller, fault, evidence, verdict, report. The runs are made once, some at a time, and
/// each test looks at its part of what they left.
extension RigRuns {
    @Suite struct FirstLightTests {
        /// One campaign: its arguments and what must come of it.
        struct Expected: Sendable, CustomTestStringConvertible {
            var arguments: [String]
            var status: Int32
            /// Parts of the first sentence of each run.
            var sentence: [String]

            var testDescription: String { arguments.joined(separator: " ") }
        }

        static let clean = Expected(arguments: ["HW-1", "IF-1", "HW-1/cut-3s"], status: 0, sentence: ["recovered"])

        static let sabotaged = [
            Expected(
                arguments: ["HW-1", "--without", "knxd.restart"], status: 1, sentence: ["interface daemon: knxd exited"]
            ),
            Expected(arguments: ["HW-1", "--without", "knxd.reread"], status: 1, sentence: ["sentinel", "http view"]),
            Expected(arguments: ["IF-1", "--without", "mqtt.reconnect"], status: 1, sentence: ["broker connection"]),
            Expected(arguments: ["IF-1", "--without", "state.resync"], status: 1, sentence: ["mqtt view: sentinel"]),
        ]

        @Test func cleanRunsPassAndTheirEvidenceSaysSo() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let out = directory.path + "/runs"
            let result = try RigProgram.run(
                ["test"] + Self.clean.arguments + ["--parallel", "3", "--out", out, "--progress", "plain"], within: 200)
            #expect(result.status == 0, "\(result.output)\n\(result.error)")
            #expect(result.output.contains("report: \(out)/report.html"))
            let results = try JSON.parse(try Files.read(out + "/results.json"))
            #expect(results["schema"] == "knxrig/results/1")
            #expect(results["verdict"] == "pass")
            #expect(results["scenarios"]?.list?.count == 3)
            for run in ["HW-1/cut-20s/001", "HW-1/cut-3s/001", "IF-1/killed-5s/001"] {
                try expectSound(out + "/" + run)
                try expectTellsDamageApart(out + "/" + run, copies: directory.path + "/copy")
            }
            #expect(RigProgram.processes(mentioning: out).isEmpty)
        }

        @Test func everySabotageIsCaughtWithTheRightFirstSentence() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let started = try Self.sabotaged.enumerated().map { index, expected in
                try RigProgram.start(
                    ["test"] + expected.arguments + ["--out", directory.path + "/\(index)"], in: directory.path)
            }
            for (index, expected) in Self.sabotaged.enumerated() {
                let output = try started[index].finish(within: 300)
                #expect(output.status == expected.status, "\(expected): \(output.output)\n\(output.error)")
                let out = directory.path + "/\(index)"
                let results = try JSON.parse(try Files.read(out + "/results.json"))
                let repetition = results["scenarios"]?.list?.first?["repetitions"]?.list?.last
                let sentence = repetition?["first_sentence"]?.text ?? ""
                for part in expected.sentence { #expect(sentence.contains(part), "\(expected): \(sentence)") }
                if let run = repetition?["run"]?.text { try expectSound(out + "/" + run) }
            }
        }

        /// Live and offline verdicts equal, everything written that should be.
        private func expectSound(_ run: String) throws {
            let verified = try RigProgram.run(["verify", run])
            #expect(verified.status == 0, "\(verified.output)\(verified.error)")
            for file in ["evidence.jsonl", "keeper.jsonl", "twin.jsonl", "verdict.json", "logs"] {
                #expect(Files.exists(run + "/" + file), "\(file) is missing")
            }
            // The last thing that the board was told is the safe state.
            let board = RigProgram.lines(run + "/twin.jsonl").last { $0["k"]?.text == "board" }
            #expect(board == nil || board?["energised"] == false, "\(String(describing: board))")
        }

        private func expectTellsDamageApart(_ run: String, copies: String) throws {
            let original = try Files.read(run + "/evidence.jsonl")
            var lines = original.split(separator: 0x0A).map(Array.init)
            func verify(_ octets: [UInt8]) throws -> RigProgram.Output {
                try Files.write(octets, to: copies + ".jsonl")
                return try RigProgram.run(["verify", copies + ".jsonl"])
            }
            var flipped = original
            flipped[original.count / 2] ^= 1
            #expect(try verify(flipped).status == 1)
            let torn = try verify(Array(original.dropLast(40)))
            #expect(torn.status == 5, "\(torn.output)")
            let middle = lines.count / 2
            let removed = lines.remove(at: middle)
            let without = try verify(Array(lines.joined(separator: [0x0A])) + [0x0A])
            #expect(without.status == 1)
            lines.insert(removed, at: middle + 1)
            let reordered = try verify(Array(lines.joined(separator: [0x0A])) + [0x0A])
            #expect(reordered.status == 1)
            #expect(Set([torn.output, without.output, reordered.output]).count == 3)
            #expect(try verify(Array("nonsense\n".utf8)).status != 0)
        }
    }
}
