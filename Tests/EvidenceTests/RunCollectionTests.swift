import Events
import Platform
import Testing

@testable import Evidence

/// Runs as an index and a scorecard see them, from evidence that a journal wrote.
@Suite struct RunCollectionTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory(prefix: "collection") }

    private func write(
        _ place: String, scenario: String = "IF-1", outcome: String = "pass", remake: Remake? = nil
    ) throws -> RunDirectory {
        let run = RunDirectory(path: directory.path + "/" + place)
        try Files.makeDirectories(run.path)
        let plan: Value = [
            "scenario": .text(scenario), "variant": "killed-5s", "repetition": 2, "seed": 7, "sabotage": ["p"],
            "null_run": false, "remake": remake?.value ?? .null,
            "system": ["name": "controller", "build": "b1"], "rig": ["name": "twin", "kind": "twin"],
            "tool": ["version": "0", "build": "t1"], "utc": ["monotonic": 0, "unix": 5_000_000_000_000],
        ]
        let journal = try Journal(
            path: run.evidencePath, plan: plan, planSource: "rig", observer: { _, _ in }, onFailure: { _ in })
        journal.append(Event(at: MonotonicClock.now(), source: "rig", .phase(Event.Phase(.setUp, .begin))))
        let verdict: Value = [
            "outcome": .text(outcome), "sentence": "so it was",
            "measured": [["name": "time_to_recover", "value": 2_000_000_000, "u": 1000, "limit": 15_000_000_000]],
        ]
        let hash = try journal.seal(verdict)
        try Files.write(
            Array(JSON.text(["verdict": verdict, "evidence_hash": .text(hash)]).utf8), to: run.verdictPath)
        return run
    }

    @Test func aRunIsWhatItsEvidenceSays() throws {
        defer { directory.remove() }
        let run = try write("a/IF-1/killed-5s/002")
        let summary = try RunSummary(run, isReplaced: false)
        #expect(summary.scenario == "IF-1" && summary.variant == "killed-5s" && summary.repetition == 2)
        #expect(summary.outcome == "pass" && summary.sentence == "so it was" && summary.flaw == nil)
        #expect(
            summary.systemBuild == "b1" && summary.toolBuild == "t1" && summary.sabotage == ["p"] && summary.seed == 7)
        #expect(summary.began == 5000 && summary.recoverNanoseconds == 2_000_000_000)
    }

    @Test func damageIsNamed() throws {
        defer { directory.remove() }
        let run = try write("run")
        let evidence = try Files.read(run.evidencePath)
        let verdict = try Files.read(run.verdictPath)
        var flipped = evidence
        flipped[try #require(evidence.firstIndex(of: 0x0A)) + 30] ^= 1
        try Files.write(flipped, to: run.evidencePath)
        #expect(try RunSummary(run, isReplaced: false).flaw?.hasPrefix("altered") == true)
        try Files.write(Array(evidence.dropLast(20)), to: run.evidencePath)
        #expect(try RunSummary(run, isReplaced: false).flaw?.hasPrefix("torn") == true)
        try Files.write(evidence, to: run.evidencePath)
        let better = String(decoding: verdict, as: UTF8.self).replacing("so it was", with: "so it was not")
        try Files.write(Array(better.utf8), to: run.verdictPath)
        #expect(
            try RunSummary(run, isReplaced: false).flaw == "verdict.json does not say what the evidence was sealed with"
        )
        try Files.write(Array("nonsense".utf8), to: run.verdictPath)
        #expect(try RunSummary(run, isReplaced: false).flaw == "verdict.json is missing or unreadable")
        try Files.write(Array("nonsense\n".utf8), to: run.evidencePath)
        #expect(throws: SystemFailure.self) { try RunSummary(run, isReplaced: false) }
    }

    @Test func runsAreFoundAtAnyDepthEachOnce() throws {
        defer { directory.remove() }
        _ = try write("one/IF-1/killed-5s/001")
        _ = try write("two/IF-1/killed-5s/001")
        _ = try write("two/IF-1/killed-5s/002", outcome: "invalid")
        let results = #"{"scenarios": [{"repetitions": [{"run": "IF-1/killed-5s/002", "replaced": true, "u": 0.5}]}]}"#
        try Files.write(Array(results.utf8), to: directory.path + "/two/results.json")
        try Files.write(Array(#"{"schema": "x"}"#.utf8), to: directory.path + "/one/qualification.json")
        try Files.makeDirectories(directory.path + "/two/PB-2/broken/001")
        try Files.write(Array("x\n".utf8), to: directory.path + "/two/PB-2/broken/001/evidence.jsonl")
        let found = RunCollection([directory.path, directory.path + "/two"], index: nil)
        #expect(found.runs.count == 3)
        #expect(found.runs.map(\.isReplaced) == [false, false, true])
        #expect(found.qualifications.map(\.path) == [directory.path + "/one/qualification.json"])
        #expect(found.unreadable.count == 1)
        #expect(RunCollection([directory.path + "/one/IF-1/killed-5s/001"], index: nil).runs.count == 1)
    }

    /// Two campaigns in one directory, of which the second left a results.json that calls the first one's fail made again.
    @Test func whatWasMadeAgainIsKnownFromTheRunThatTookItsPlace() throws {
        defer { directory.remove() }
        _ = try write("runs/IF-1/killed-5s/001", outcome: "fail")
        _ = try write("runs/IF-1/killed-5s/002", outcome: "invalid")
        let remake = Remake(insteadOf: "IF-1/killed-5s/002", askedSeed: 7)
        _ = try write("runs/IF-1/killed-5s/003", outcome: "pass", remake: remake)
        let results = #"{"scenarios": [{"repetitions": [{"run": "IF-1/killed-5s/001", "replaced": true}]}]}"#
        try Files.write(Array(results.utf8), to: directory.path + "/runs/results.json")
        for _ in 0..<2 {
            let index = RunIndex(path: directory.path + "/index.sqlite")
            let found = RunCollection([directory.path + "/runs"], index: index)
            #expect(found.runs.map(\.isReplaced) == [false, true, false])
            #expect(found.runs.map(\.remake) == [nil, nil, remake])
        }
    }

    @Test func theIndexSaysWhatTheEvidenceSays() throws {
        defer { directory.remove() }
        let run = try write("runs/IF-1/killed-5s/001")
        let path = directory.path + "/index.sqlite"
        let direct = RunCollection([directory.path], index: nil).runs
        for _ in 0..<2 { #expect(RunCollection([directory.path], index: RunIndex(path: path)).runs == direct) }
        // What changes is read anew, whatever the index remembers.
        var evidence = try Files.read(run.evidencePath)
        evidence[try #require(evidence.firstIndex(of: 0x0A)) + 30] ^= 1
        try Files.write(evidence, to: run.evidencePath)
        #expect(RunCollection([directory.path], index: RunIndex(path: path)).runs.first?.flaw != nil)
    }

    @Test func anIndexThatIsNotOursIsLeftAlone() throws {
        defer { directory.remove() }
        let path = directory.path + "/index.sqlite"
        try Files.write(
            Array(
                "somebody's notes, and not a database at all, long enough for a header of one hundred octets ........"
                    .utf8), to: path)
        let before = try Files.read(path)
        #expect(RunIndex(path: path) == nil)
        #expect(try Files.read(path) == before)
        #expect(RunIndex(path: directory.path + "/none/index.sqlite") == nil)
    }
}
