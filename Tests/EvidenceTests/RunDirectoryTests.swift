import Glibc
import Platform
import Testing

@testable import Evidence

@Suite struct RunDirectoryTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory(prefix: "runs") }

    @Test func twoThatStartInTheSameSecondHaveTheirOwn() throws {
        defer { directory.remove() }
        let time = 1_795_731_330
        #expect(RunsDirectory.stamp(time) == "20261126T221530Z")
        let paths = try (0..<3).map { _ in try RunsDirectory.create(in: directory.path + "/a/b", at: time).path }
        #expect(
            paths == ["", "-2", "-3"].map { directory.path + "/a/b/20261126T221530Z" + $0 })
    }

    @Test func aRunHasItsPlaceAndIsNeverMadeTwice() throws {
        defer { directory.remove() }
        let runs = try RunsDirectory.create(directory.path + "/out")
        let run = try runs.makeRun(scenario: "HW-1", variant: "cut-20s", repetition: 1)
        #expect(run.path == runs.path + "/HW-1/cut-20s/001")
        #expect(Files.exists(run.logsPath))
        #expect(throws: SystemFailure("make the run directory", run.path, code: EEXIST)) {
            try runs.makeRun(scenario: "HW-1", variant: "cut-20s", repetition: 1)
        }
        let second = try runs.makeRun(scenario: "HW-1", variant: "cut-20s", repetition: 1234)
        #expect(runs.runs.isEmpty)
        try Files.write([], to: second.evidencePath)
        try Files.write([], to: run.evidencePath)
        try Files.write([], to: runs.path + "/results.json")
        #expect(runs.runs == [run, second])
    }

    @Test(arguments: [
        ("../..", "x", ".._../x/001"), ("", "..", "_/_/001"), ("a/b", "c d\u{0}é", "a_b/c_d__/001"),
        ("HW-1", "cut-20s+knxd.restart", "HW-1/cut-20s+knxd.restart/001"),
    ])
    func noNameLeadsElsewhere(scenario: String, variant: String, name: String) {
        #expect(RunDirectory.name(scenario, variant, 1) == name)
    }

    @Test func spaceIsAskedForBeforehand() throws {
        defer { directory.remove() }
        let runs = RunsDirectory(path: directory.path)
        #expect(try runs.freeOctets() > 0)
        try runs.requireSpace(octets: 1)
        #expect {
            try runs.requireSpace(octets: .max)
        } throws: {
            ($0 as? SystemFailure)?.code == ENOSPC
        }
        #expect(throws: SystemFailure.self) { try RunsDirectory(path: directory.path + "/no").freeOctets() }
    }

    @Test func aHashedFileIsItsContent() throws {
        defer { directory.remove() }
        let path = directory.path + "/f"
        // FIPS 180-4 example, and one longer than a piece.
        try Files.write("abc".utf8, to: path)
        let abc = try HashedFile(path: path)
        #expect(abc.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(abc.size == 3)
        let long = [UInt8](repeating: 0x61, count: 1_000_000)
        try Files.write(long, to: path)
        #expect(
            try HashedFile(path: path).sha256 == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        #expect(SHA256.text(long) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        #expect(throws: SystemFailure("open", path + "x", code: ENOENT)) { try HashedFile(path: path + "x") }
    }
}
