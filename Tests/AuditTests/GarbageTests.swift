import Foundation
import Platform
import Testing

@testable import Audit

/// Whatever lies in a source tree, the audit says what it did not read and ends.
@Suite struct GarbageTests {
    private static func directory() throws -> URL {
        let url = FileManager.default.temporaryDirectory.appending(path: "audit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    @Test func whatCannotBeReadIsNamed() throws {
        let root = try Self.directory()
        defer { try? FileManager.default.removeItem(at: root) }
        let files = FileManager.default
        try Data("package a\nfunc f() {}\n".utf8).write(to: root.appending(path: "good.go"))
        try Data("package a\nfunc f() {\n".utf8).write(to: root.appending(path: "cut.go"))
        try Data([0x7F, 0x45, 0x4C, 0x46, 0, 1, 2]).write(to: root.appending(path: "binary.go"))
        try Data().write(to: root.appending(path: "empty.go"))
        try Data([0xEF, 0xBB, 0xBF] + Array("package a\r\n".utf8)).write(to: root.appending(path: "mark.go"))
        #expect(files.createFile(atPath: root.path + "/huge.go", contents: nil))
        let handle = try FileHandle(forWritingTo: root.appending(path: "huge.go"))
        try handle.truncate(atOffset: 100 << 20)
        try handle.close()
        let line = "package a\nvar x = []int{" + String(repeating: "1,", count: 1_000_000) + "}\n"
        try Data(line.utf8).write(to: root.appending(path: "line.go"))
        try files.createSymbolicLink(atPath: root.path + "/loop", withDestinationPath: root.path)
        try files.createSymbolicLink(atPath: root.path + "/self.go", withDestinationPath: root.path + "/self.go")
        try files.createDirectory(at: root.appending(path: "shut"), withIntermediateDirectories: true)
        try files.setAttributes([.posixPermissions: 0], ofItemAtPath: root.path + "/shut")
        let made = unsafe mkfifo(root.path + "/pipe.go", 0o600)
        #expect(made == 0)

        let report = try Repository.audit().run(directory: root.path)
        try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: root.path + "/shut")
        var reasons: [String: String] = [:]
        for skipped in report.skipped { reasons[skipped.path] = skipped.reason }
        #expect(reasons["cut.go"] == "cannot be parsed: line 2: the bracket that opens here is never closed")
        #expect(reasons["binary.go"] == "is binary")
        #expect(reasons["huge.go"] == "is larger than 4 MiB")
        #expect(reasons["loop"] == "is a link: not followed")
        #expect(reasons["self.go"] == "is a link: not followed")
        #expect(reasons["pipe.go"] == "is no ordinary file")
        if getuid() != 0 { #expect(reasons["shut"] != nil) }
        #expect(report.files == 4, "good, empty, mark and line are read")
    }

    @Test func whatIsNoDirectoryIsRefused() {
        #expect(throws: (any Error).self) { try Repository.audit().run(directory: "/nowhere/at/all") }
        #expect(throws: (any Error).self) { try Repository.audit().run(directory: #filePath) }
    }

    /// Every prefix of real files, and files with octets changed: read or named, never a trap.
    @Test(arguments: ["protected/store/store.go", "pretender/knx/knx.go", "unprotected/main.go"])
    func cutAndChangedFilesAreReadOrNamed(name: String) throws {
        let octets = Array(try Data(contentsOf: URL(filePath: Repository.corpus + "/" + name)))
        let audit = try Repository.audit()
        for end in stride(from: 0, through: octets.count, by: 7) {
            _ = SourceTree(files: [("knx/a.go", Array(octets[..<end]))])
        }
        var generator = SeededGenerator(seed: 20_261_127)
        for round in 0..<60 {
            var changed = octets
            for _ in 0..<(1 + round % 8) {
                changed[Int(generator.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            let report = audit.run(tree: SourceTree(files: [("knx/a.go", changed), ("knx/b.go", octets)]))
            #expect(report.scenarios.count == 22, "seed 20261127, round \(round)")
        }
    }

    @Test(arguments: [
        String(repeating: "(", count: 100_000), String(repeating: "func (", count: 20_000),
        String(repeating: "type T struct {", count: 5_000),
        String(repeating: "a.", count: 100_000),
        String(repeating: "if x { ", count: 5_000) + String(repeating: "}", count: 5_000),
        "package a\nfunc f() {" + String(repeating: "g(", count: 3_000) + String(repeating: ")", count: 3_000) + "}",
    ])
    func deepAndEndlessTextEnds(text: String) throws {
        let report = try Repository.audit().run(tree: SourceTree(files: [("knx/a.go", Array(text.utf8))]))
        #expect(report.scenarios.count == 22)
    }
}
