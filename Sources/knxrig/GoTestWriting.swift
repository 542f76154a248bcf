import Catalogue
import Documents
import Platform
import Reports
import Rigs
import Scenarios

/// Writes the Go tests of `knxrig test … --go DIR` into a Go project.
struct GoTestWriting {
    private static let signature = "// Written by knxrig "

    let directory: String
    let files: [GoTestFiles.File]
    /// The `go test` that runs them all in the time that they need.
    let command: String

    /// - Parameters:
    ///   - rig, system: as the user named them; files are made absolute, since `go test` runs elsewhere.
    /// - Throws: `DocumentFailure` when the directory is not there.
    init(_ plans: [TestPlan], into directory: String, rig: String, system: String) throws(DocumentFailure) {
        guard Files.isDirectory(directory) else {
            throw DocumentFailure(
                file: directory, position: nil, message: "there is no such directory: --go wants that of a Go package")
        }
        self.directory = directory
        let writer = GoTestFiles(
            package: Self.package(in: directory), rig: Self.anywhere(rig),
            isTwin: plans.allSatisfy { $0.rig.kind == .twin }, system: Self.anywhere(system), version: KnxRig.version)
        let tests = plans.map { plan in
            GoTestFiles.Test(
                id: plan.scenario.id, variant: plan.variant.name, name: plan.scenario.name, tier: plan.scenario.tier,
                isDefault: plan.variant.name == plan.scenario.variants.first?.name, seconds: plan.passingSeconds)
        }
        files = writer.files(for: tests)
        command = writer.command(for: tests)
    }

    /// Writes all files, or none when one of their names is taken by a file of somebody else's.
    ///
    /// - Returns: the paths written.
    func write() throws -> [String] {
        let paths = files.map { "\(directory)/\($0.name)" }
        for path in paths {
            guard let present = try? Files.read(path) else { continue }
            guard present.starts(with: Self.signature.utf8) else {
                throw DocumentFailure(
                    file: path, position: nil,
                    message: "was not written by knxrig and would be overwritten: rename it, or name another directory")
            }
        }
        for (path, file) in zip(paths, files) { try Files.write(Array(file.text.utf8), to: path, atomically: true) }
        return paths
    }

    /// The package that the directory's Go files belong to; for an empty one, what Go would call it by convention.
    private static func package(in directory: String) -> String {
        for name in Files.entries(of: directory).sorted() where name.hasSuffix(".go") {
            let text = String(decoding: (try? Files.read("\(directory)/\(name)")) ?? [], as: UTF8.self)
            for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("package ") {
                let word = line.dropFirst(8).prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                if !word.isEmpty { return String(word) }
            }
        }
        let base = absolute(directory).split(separator: "/").last ?? "resilience"
        let name = base.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
        return name.first?.isLetter == true ? name : "resilience"
    }

    private static func anywhere(_ name: String) -> String {
        name.contains("/") || name.hasSuffix(".yaml") ? absolute(name) : name
    }

    private static func absolute(_ path: String) -> String { Files.resolved(path) ?? path }
}
