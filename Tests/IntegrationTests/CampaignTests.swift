import Events
import Foundation
import Glibc
import Platform
import Testing

/// Campaigns that are cut off and gone on with, and faults that somebody holds.
extension RigRuns {
    @Suite struct CampaignTests {
        @Test func aCampaignThatWasCutOffIsGoneOnWith() throws {
            let run = try TroubleTests.Underway(["AW-3", "--repeat", "2", "--seed", "7"])
            // On a busy computer a run may come late, and others take its place: the first that passes and the first begun after it are looked at.
            let passed = try #require(run.numberOfRun("AW-3/forty-keys", that: "pass"))
            let begun = try #require(run.numberOfRun("AW-3/forty-keys", that: "starting", after: passed))
            run.started.process.send(signal: SIGINT)
            #expect(try run.finish().status == 130)
            let runs = run.out + "/AW-3/forty-keys/"
            let first = try Files.read(runs + "\(Self.three(passed))/evidence.jsonl")
            let cutOff = try Files.read(runs + "\(Self.three(begun))/evidence.jsonl")
            let resumed = try RigProgram.run(["test", "--resume", run.out, "--progress", "plain"])
            #expect(resumed.status == 0, "\(resumed.output)\(resumed.error)")
            #expect(resumed.error.contains("1 of 2 runs are made already"), "\(resumed.error)")
            #expect(resumed.output.contains("2 of 2"), "\(resumed.output)")
            #expect(try Files.read(runs + "\(Self.three(passed))/evidence.jsonl") == first)
            #expect(try Files.read(runs + "\(Self.three(begun))/evidence.jsonl") == cutOff)
            let results = try JSON.parse(try Files.read(run.out + "/results.json"))
            let told = (results["scenarios"]?.list ?? []).flatMap { $0["repetitions"]?.list ?? [] }
                .filter { $0["verdict"] == "pass" }.compactMap { $0["run"]?.text }
            #expect(told.count == 2 && told.contains("AW-3/forty-keys/\(Self.three(passed))"), "\(told)")
            let other = try #require(told.first { $0 != "AW-3/forty-keys/\(Self.three(passed))" })
            #expect(try #require(Int(other.suffix(3))) > begun, "a run that was cut off counts")
            let verdict = try RigProgram.run(["verify", run.out + "/" + other])
            #expect(verdict.status == 0, "\(verdict.output)\(verdict.error)")
            let seeds = [runs + Self.three(passed), run.out + "/" + other].map {
                RigProgram.lines($0 + "/evidence.jsonl").first?["d"]?["seed"]?.integer
            }
            #expect(Set(seeds) == [7, 8], "the run that is made again is the one that was cut off: \(seeds)")
            // Somebody's evidence that is not as it was written is no run that is made.
            try Files.write(
                first.map { $0 == UInt8(ascii: "7") ? UInt8(ascii: "8") : $0 },
                to: runs + "\(Self.three(passed))/evidence.jsonl")
            let again = try TroubleTests.Underway.resuming(run.out)
            #expect(again.waitFor("1 of 2 runs are made already"))
            again.started.process.send(signal: SIGINT)
            #expect(try again.finish().status == 130)
        }

        /// As the directory of a run is called.
        private static func three(_ number: Int) -> String { String(String(1000 + number).suffix(3)) }

        @Test func aFaultThatIsHeldStandsUntilSomebodyHealsIt() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let output = try RigProgram.shell(
                "(sleep 45; echo) | exec \(RigProgram.path) test IF-1 --hold-fault --progress plain --out \(directory.path)/runs"
            )
            // On a busy computer the run may say that the rig was late; what was held was held.
            #expect(output.status == 0 || output.status == 3, "\(output.output)\(output.error)")
            #expect(output.error.contains("the fault stands: Enter heals it"), "\(output.error)")
            let evidence = RigProgram.lines(directory.path + "/runs/IF-1/killed-5s/001/evidence.jsonl")
            let actuations = evidence.compactMap { $0["k"]?.text == "actuation" ? $0 : nil }
            func at(_ purpose: String) -> Int64? {
                actuations.first { $0["d"]?["purpose"]?.text == purpose }?["t"]?.integer
            }
            let stood = (try #require(at("heal")) - (try #require(at("fault")))) / 1_000_000_000
            #expect(stood >= 8, "it stood for \(stood) s, as if nobody had held it")
            #expect(evidence.first?["d"]?["held"] == true)
            let card = try RigProgram.run(["report", directory.path + "/runs", "--format", "json"])
            #expect(!card.output.contains("\"verified\":true"), "\(card.output)")
        }

        /// Two scenarios on one system: the second has no start of its own, and says so, and both verdicts can be computed again.
        @Test func chainedScenariosShareOneSystem() throws {
            let directory = try TemporaryDirectory(prefix: "knxrig-test-")
            defer { directory.remove() }
            let out = directory.path + "/runs"
            let output = try RigProgram.run(["test", "IF-1", "PB-2", "--chain", "--progress", "plain", "--out", out])
            // On a busy computer a run may say that the rig was late, and is then made again by itself.
            #expect(output.status == 0, "\(output.output)\(output.error)")
            #expect(output.output.contains("chained: one baseline for 2 scenarios; not for certification"))
            let first = RigProgram.lines(out + "/IF-1/killed-5s/001/evidence.jsonl")
            let second = RigProgram.lines(out + "/PB-2/killed/001/evidence.jsonl")
            let place = try #require(second.first?["d"]?["chain"])
            #expect(place["position"] == 2 && place["length"] == 2)
            #expect(place["baseline"] == "IF-1/killed-5s/001")
            func controllers(_ events: [Value]) -> [Int64?] {
                events.filter {
                    $0["k"]?.text == "process" && $0["d"]?["process"]?.text == "controller"
                        && $0["d"]?["change"]?.text == "started"
                }.map { $0["t"]?.integer }
            }
            #expect(controllers(first).count == 1)
            #expect(controllers(second) == controllers(first), "the second run has started a system of its own")
            for run in ["IF-1/killed-5s/001", "PB-2/killed/001"] {
                let verified = try RigProgram.run(["verify", out + "/" + run])
                #expect(verified.status == 0, "\(verified.output)\(verified.error)")
            }
            let card = try RigProgram.run(["report", out, "--format", "json"])
            #expect(!card.output.contains("\"verified\":true"), "\(card.output)")
        }

        @Test(arguments: [
            (["HW-1", "--hold-fault", "--parallel", "2"], "one hand, one fault"),
            (["HW-1", "--hold-fault", "--null"], "a null run has no fault"),
            (["HW-1", "--hold-fault", "--chain"], "what is held by hand is no baseline"),
            (["HW-1/cut-20s-broker-killed", "--hold-fault"], "several steps"),
            (["--resume", "/nonexistent", "--chain"], "goes on as it was asked for in the beginning"),
            (["PB-1", "--hold-fault"], "there is nothing to hold"),
            (["--resume", "/nonexistent"], "there is no such file"),
            (["--resume", "/nonexistent", "HW-1"], "campaign.json in that directory names the scenarios"),
            (["--resume", "/nonexistent", "--seed", "1"], "goes on as it was asked for in the beginning"),
        ])
        func whatCannotBeIsOneClearLine(arguments: [String], sentence: String) throws {
            let output = try RigProgram.run(["test"] + arguments)
            #expect(output.status == 2)
            #expect(output.error.contains(sentence), "\(output.error)")
            #expect(output.error.split(separator: "\n").count == 1, "\(output.error)")
        }
    }
}
