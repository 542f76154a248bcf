import Events
import Foundation
import Glibc
import Platform
import Testing

/// The whole loop, for real: twin, knxd, mosquitto, controller, fault, evidence, verdict, report. The runs are made once, some at a time, and
/// each test looks at its part of what they left.
extension RunsAlone {
    @Suite struct FirstLightTests {
        /// Parts of the first sentence that each sabotage must get.
        static let sentences: [String: [String]] = [
            "HW-1/cut-20s knxd.restart": ["interface daemon: knxd exited"],
            "HW-1/cut-20s knxd.reread": ["sentinel", "http view"],
            "HW-1/cut-20s commands.confirmed": ["false acknowledgement: the command"],
            "HW-1/cut-20s intake.after-loss": ["http view: tracer"],
            "HW-1/cut-3s intake.after-silence": ["http view: tracer"],
            "HW-5/in-frame-700ms intake.after-silence": ["http view: tracer"],
            "HW-5/before-acknowledge intake.after-silence": ["http view: tracer"],
            "HW-6/bounce-3s intake.after-silence": ["http view: tracer"],
            "PB-2/stalled-5s intake.after-silence": ["http view: tracer"],
            "HW-2/quick knxd.restart": ["dip of ", ": needs a hand", "interface daemon: knxd exited"],
            "HW-2/quick knxd.reread": ["dip of 8 s: state wrong", "sentinel"],
            "HW-1/cut-20s-broker-killed knxd.restart": ["interface daemon: knxd exited"],
            "HW-1/cut-20s-broker-killed knxd.reread": ["sentinel", "http view"],
            "HW-1/cut-20s-broker-killed mqtt.reconnect": ["broker connection"],
            "HW-1/cut-20s-broker-killed state.resync": ["mqtt view: sentinel"],
            "PB-2/killed-broker-killed knxd.restart": ["interface daemon: knxd exited"],
            "PB-2/killed-broker-killed knxd.reread": ["http view: sentinel"],
            "PB-2/killed-broker-killed mqtt.reconnect": ["broker connection"],
            "IF-1/killed-5s mqtt.reconnect": ["broker connection"],
            "IF-1/commands-killed-5s mqtt.resubscribe": ["subscription: of "],
            "IF-1/commands-killed-5s mqtt.reconnect": ["broker connection"],
            "IF-1/killed-5s state.resync": ["mqtt view: sentinel"],
            "HW-3/unplugged-30s interface.reopen": ["interface daemon: knxd exited at the fault"],
            "HW-3/unplugged-30s knxd.reread": ["http view: sentinel"],
            "HW-3/unplugged-1s knxd.restart": ["interface daemon: knxd exited at the fault"],
            "HW-3/again-in-read-out knxd.reread-interrupted": ["http view: sentinel"],
            "PB-2/killed knxd.restart": ["interface daemon: knxd exited at the fault"],
            "PB-2/killed knxd.reread": ["http view: sentinel"],
            "AW-1/fifty-reset ws.cleanup": ["clients: the system still counts"],
            "AW-1/twenty-silent ws.cleanup": ["that fell silent were still connected"],
            "AW-2/one-stops ws.try-send": ["live path: mqtt"],
            "AW-3/forty-keys api.serialise": ["lost update:"],
            "AW-3/lifecycle-races api.serialise": ["not serialised: no order of the"],
            "DI-1/ten-ids db.unique": ["duplicate id:"],
            "DI-2/rooms db.foreign-keys": ["orphaned reference:", "devices.room", "nobody enforces it"],
            "DI-2/rooms db.references-declared": ["orphaned reference:", "devices.room", "does not declare"],
            "DI-2/areas db.foreign-keys": ["orphaned reference:", "rooms.area", "nobody enforces it"],
            "DI-2/devices db.references-declared": ["orphaned reference:", "tiles.device", "does not declare"],
            "IF-1/stalled-20s mqtt.reconnect": ["broker connection"],
            "IF-1/link-cut-20s mqtt.reconnect": ["broker connection"],
            "IF-1/link-cut-20s state.resync": ["mqtt view: sentinel"],
            "IF-1/half-open-20s mqtt.reconnect": ["broker connection"],
            "IF-1/delayed-20s mqtt.patience": ["undisturbed: broker lost spoke of a loss"],
            "IF-1/throttled-20s queue.newest-wins": ["mqtt view: sentinel"],
            "IF-1/corrupting-5s mqtt.reconnect": ["broker connection"],
            "IF-1/cut-in-frame-5s mqtt.reconnect": ["broker connection"],
            "IF-3/locked-20s db.off-live-path": ["live path: mqtt did not show"],
            "IF-3/locked-20s api.busy-bound": ["a change was not answered:"],
            "IF-3/locked-2s db.busy-retry": ["database view: sentinel"],
            "IF-3/locked-2s api.busy-wait": ["a change failed:", "with status 503, which this fault is no reason for"],
            "IF-4/full-30s db.write-errors-handled": ["database view: tracer"],
            "IF-4/full-30s api.errors-told": ["acknowledged write lost: rig-"],
            "PB-3/client parser.skip-malformed": ["controller: it exited", "(signal 6)"],
            "PB-3/chip parser.skip-malformed": ["controller: it exited", "(signal 6)"],
            "PB-3/line parser.skip-malformed": ["controller: it exited", "(signal 6)"],
            "PB-3/line parser.keep-connection": ["reconnect storm: the connection to the line was lost 2 times"],
            "PB-4/broker-stalled queue.bound": ["backlog:", "the declared bound is 256"],
            "PB-4/broker-stalled queue.newest-wins": ["mqtt view: sentinel"],
            "PB-4/broker-stalled order.per-address": ["mqtt showed", "after the newer"],
            "PB-4/database-locked db.off-live-path": ["live path: mqtt"],
            "HW-5/in-frame knxd.restart": ["interface daemon: knxd exited"],
            "HW-5/in-frame knxd.reread": ["sentinel", "http view"],
            "HW-5/by-relay knxd.reread": ["sentinel", "http view"],
            "HW-6/bounce-20s knxd.restart": ["interface daemon: knxd exited"],
            "HW-6/bounce-20s knxd.reread": ["sentinel", "http view"],
            "HW-6/chatter-45s knxd.restart-unlimited": ["interface daemon: knxd exited"],
            "PB-4/starved knxd.restart": ["interface daemon: knxd exited"],
            "HW-7/cut-20s queue.bound": ["backlog:", "the declared bound is 256"],
            "HW-7/cut-20s knxd.restart": ["interface daemon: knxd exited"],
            "HW-7/cut-20s knxd.reread": ["sentinel", "http view"],
            "SS-1/asked-to-end shutdown.flush": ["shutdown:"],
            "SS-2/killed-3-times db.commit-before-answer": ["acknowledged write lost: rig-"],
            "SS-3/absent-20s start.mqtt-optional": ["controller: it exited", "(exit status 1)"],
            "SS-3/absent-20s mqtt.backoff": ["retries: the system tried to reach the broker"],
            "SS-4/six-kinds config.validate": ["start: the configuration", "was not refused"],
            "SS-4/six-kinds config.place": ["start: the configuration 'truncated' was refused without the place"],
            "SS-4/six-kinds config.before-listening": ["was refused after it had listened on port 8080"],
            "SS-4/six-kinds config.before-writing": ["something was written all the same: starts.log was changed"],
            "SS-5/locked start.lock-hint": ["without a hint at who may hold its database"],
            "PB-1/killed bridge.supervise": ["bridge: it exited"],
            "PB-1/killed knxd.reread": ["http view: sentinel"],
            "IF-5/silent-30s offline-first": ["start: the system was started"],
            "DI-3/hundred-devices history.dedup": ["rows repeat the value of the row before"],
            "DI-3/hundred-devices history.prune": ["history: the table had", "its bound is 300"],
            "AW-4/flood-20s api.limits": ["api:"],
            "HW-4/off-5s start.on-boot": ["controller: it exited"],
            "HW-4/off-5s db.commit-before-answer": ["acknowledged write lost: rig-"],
            "IF-2/killed-20s tsdb.buffer-bound": ["buffer: ", "40 are the bound"],
            "IF-2/killed-20s tsdb.retry": ["silent loss on line → timeseries"],
            "IF-2/stalled-20s tsdb.async": ["live path: mqtt"],
            "IF-2/stalled-20s tsdb.buffer-bound": ["buffer: ", "40 are the bound"],
            "DI-4/reset-5s tsdb.retry": ["silent loss on line → timeseries"],
            "DI-4/answers-503-5s tsdb.retry": ["silent loss on line → timeseries"],
            "DI-4/unanswered-8s tsdb.retry": ["silent loss on line → timeseries"],
            "DI-4/unanswered-8s tsdb.same-stamp": ["timeseries view: ", "a second stamp"],
            "PB-2/hung knxd.watchdog": ["interface daemon: knxd was stopped at the fault and still stood still"],
        ]

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
                    for part in Self.sentences[key] ?? ["no sentence is expected of \(key)"] {
                        #expect(sentence.contains(part), "\(key): \(sentence)")
                    }
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
            #expect(runs >= 61 + 96 + 4)
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
