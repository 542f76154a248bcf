import Events
import Foundation
import Glibc
import Platform
import Testing

/// The whole loop, for real: twin, knxd, mosquitto, controller, fault, evidence, verdict, report. The runs are made once, some at a time, and
/// each test looks at its part of what they left.
extension RunsAlone {
    @Suite struct FirstLightTests {
        /// The sentence that each sabotage must get, but for what differs from run to run, which is "…".
        static let sentences: [String: String] = {
            let path = RigProgram.root + "/Tests/Golden/Sabotages/sentences.txt"
            let text = String(decoding: (try? Files.read(path)) ?? [], as: UTF8.self)
            return Dictionary(
                text.split(separator: "\n").compactMap { line in
                    line.firstRange(of: " = ").map {
                        (String(line[..<$0.lowerBound]), String(line[$0.upperBound...]))
                    }
                }, uniquingKeysWith: { first, _ in first })
        }()

        /// Whether a sentence is of a form: begins and ends as that does, with what stands between its gaps in its order.
        static func isOfForm(_ form: String, _ sentence: String) -> Bool {
            let parts = form.split(separator: "…", omittingEmptySubsequences: false)
            guard parts.count > 1, let first = parts.first, let last = parts.last else { return sentence == form }
            var rest = sentence[...]
            guard rest.hasPrefix(first) else { return false }
            rest = rest.dropFirst(first.count)
            for part in parts.dropFirst().dropLast() where !part.isEmpty {
                guard let found = rest.firstRange(of: part) else { return false }
                rest = rest[found.upperBound...]
            }
            return rest.hasSuffix(last)
        }

        @Test(arguments: [
            ("a: 3 s", true), ("a: 3 s later", false), ("b: 3 s", false), ("a 3 s", false), ("a: 3 ms", false),
        ])
        func aSentenceIsHeldToItsForm(sentence: String, isOfForm: Bool) {
            #expect(Self.isOfForm("a: … s", sentence) == isOfForm)
            #expect(Self.isOfForm("x … a: … s", "x y " + sentence) == isOfForm)
            #expect(!Self.isOfForm("a: 3", sentence))
        }

        @Test func theTwinIsQualified() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let out = directory.path + "/runs"
            let result = try RigProgram.run(
                ["calibrate", "all", "--null", "4", "--parallel", "8", "--out", out, "--progress", "plain"],
                within: 3_600)
            #expect(result.status == 0, "\(Self.troubles(result))")
            #expect(result.output.contains("report: \(out)/report.html"))
            let qualification = try JSON.parse(try Files.read(out + "/qualification.json"))
            #expect(qualification["schema"] == "knxrig/qualification/1")
            #expect(qualification["qualified"] == true)
            #expect(qualification["null"]?["good"] == 4)
            var caught: Set<String> = []
            for scenario in qualification["scenarios"]?.list ?? [] {
                let name = "\(scenario["id"]?.text ?? "")/\(scenario["variant"]?.text ?? "")"
                #expect(scenario["clean"]?["good"] == 1, "\(name)")
                for sabotage in scenario["sabotages"]?.list ?? [] {
                    let key = "\(name) \(sabotage["protection"]?.text ?? "")"
                    let sentence = sabotage["sentence"]?.text ?? ""
                    let form = Self.sentences[key] ?? "no sentence is expected"
                    #expect(Self.isOfForm(form, sentence), "\(key): \(sentence)")
                    caught.insert(key)
                }
            }
            #expect(caught == Set(Self.sentences.keys))
            let results = try JSON.parse(try Files.read(out + "/results.json"))
            #expect(results["schema"] == "knxrig/results/1")
            var runs = 0
            for scenario in results["scenarios"]?.list ?? [] {
                for repetition in scenario["repetitions"]?.list ?? [] {
                    let run = out + "/" + (repetition["run"]?.text ?? "")
                    try expectSound(run)
                    if scenario["sabotage"]?.list == ["intake.after-loss"] { try expectAZombie(run) }
                    runs += 1
                }
            }
            #expect(runs >= 63 + 100 + 4)
            Self.expectADrawableVoltage(out + "/HW-1/cut-20s/001")
            try expectTellsDamageApart(out + "/HW-1/cut-20s/001", copies: directory.path + "/copy")
            try expectTellsDamageApart(out + "/PB-2/killed/001", copies: directory.path + "/copy")
            #expect(RigProgram.processes(mentioning: out).isEmpty)
            try expectAScorecard(of: out)
        }

        /// What keeps a calibration from being one: its summary, which names every reason, and what was invalid; whole when there is no summary.
        private static func troubles(_ calibration: RigProgram.Output) -> String {
            let lines = calibration.output.split(separator: "\n")
            guard let summary = lines.firstIndex(where: { $0.contains("QUALIFIED  ") }) else {
                return "\(calibration.output)\n\(calibration.error)"
            }
            let invalid = calibration.error.split(separator: "\n").filter { $0.hasSuffix(" invalid") }
            return (lines[summary...] + invalid).joined(separator: "\n")
        }

        /// A controller that says it is healthy and moves nothing is called so, beside the view that shows it.
        private func expectAZombie(_ run: String) throws {
            let findings = try JSON.parse(try Files.read(run + "/verdict.json"))["verdict"]?["findings"]?.list ?? []
            #expect(
                findings.contains { $0["sentence"]?.text?.hasPrefix("zombie: healthy by its own word") == true },
                "\(findings)")
        }

        /// The calibration's own clean runs make a card, of the same build that is qualified by it.
        private func expectAScorecard(of out: String) throws {
            let report = try RigProgram.run(["report", out, "--verify"])
            #expect(report.status == 0, "\(report.error)")
            #expect(report.output.hasPrefix("Resilience scorecard: "))
            let card = try JSON.parse(try Files.read(out + "/scorecard.json"))
            #expect(card["qualified"] == true, "\(report.output)")
            #expect(card["unusable"]?.list?.isEmpty == true, "\(report.output)")
            let verified = (card["fully_verified"]?.list ?? []).compactMap(\.text)
            // The sweep of dips is made apart: its quick variant shows that it can fail, and proves no rate.
            let calibrated = Set(Self.sentences.keys.compactMap { $0.split(separator: "/").first.map(String.init) })
            #expect(Set(verified) == calibrated.subtracting(["HW-2"]))
            #expect(Files.exists(out + "/scorecard.html") && Files.exists(out + "/index.sqlite"))
            // The same with a protection off: a card of its own, whose caps and advice follow from what was seen.
            let off = try RigProgram.run(["report", out, "--without", "knxd.restart", "--format", "json"])
            let worse = try JSON.parse(Array(off.output.utf8))
            #expect(worse["critical_gaps"]?.list?.contains("PB-2") == true, "\(off.output)")
            #expect(worse["caps"]?.list?.first?["limit"] == 4)
            #expect(worse["score"] == 0)
            func below(_ least: String, _ more: String...) throws -> Int32 {
                try RigProgram.run(["report", out, "--fail-under", least] + more).status
            }
            #expect(try below("0.1", "--without", "knxd.restart") == 1)
            // A catalogue that passed as a whole has the full score, once each, and little of what a release asks for.
            #expect(try below("10") == 0)
            #expect(try below("5", "--level", "release") == 1)
            let altered = out + "/IF-1/killed-5s/001/verdict.json"
            let text = String(decoding: try Files.read(altered), as: UTF8.self)
            try Files.write(Array(text.replacing("recovered", with: "thrived").utf8), to: altered)
            let again = try RigProgram.run(["report", out, "--format", "json"])
            #expect(try JSON.parse(Array(again.output.utf8))["unusable"]?.list?.count == 1, "\(again.output)")
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

        /// The curve of the voltage can be drawn from the evidence of a cut: where it begins to fall, where it passes the threshold of the chips and of
        /// the devices, its bottom, where it begins to rise, and where it has come back.
        static func expectADrawableVoltage(_ run: String) {
            let supplies = RigProgram.lines(run + "/evidence.jsonl").filter { $0["k"]?.text == "supply" }
            let trace = supplies.compactMap { event -> (at: Int64, millivolts: Int64)? in
                guard let at = event["t"]?.integer, let millivolts = event["d"]?["millivolts"]?.integer else {
                    return nil
                }
                return (at, millivolts)
            }.sorted { $0.at < $1.at }
            func first(_ millivolts: Int64, after instant: Int64) -> Int64? {
                trace.first { $0.at > instant && $0.millivolts == millivolts }?.at
            }
            guard let below = first(19_999, after: 0), let bottom = first(0, after: below),
                let begins = trace.last(where: { $0.at < below && $0.millivolts == 29_000 })?.at,
                let rises = trace.last(where: { $0.at > bottom && $0.millivolts == 0 })?.at,
                let lives = first(21_000, after: rises), let nominal = first(29_000, after: rises)
            else {
                Issue.record("the curve lacks a corner: \(trace.map(\.millivolts))")
                return
            }
            // A full line falls by 10 V/ms, and rises within 200 ms.
            #expect(abs(below - begins - 900_100) < 1_000)
            #expect((2_800_000...4_000_000).contains(bottom - begins))
            #expect(abs(lives - rises - 144_827_586) < 10_000 && abs(nominal - rises - 200_000_000) < 10_000)
            let slope = trace.filter { (begins...bottom).contains($0.at) || (rises...nominal).contains($0.at) }
            for (before, after) in zip(slope, slope.dropFirst()) where before.millivolts != after.millivolts {
                #expect(after.at - before.at <= 1_000_000)
            }
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
