import Foundation
import Testing

/// The project's own rules about its layout, held by a test instead of by memory.
@Suite struct LayoutTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What each target may import of ours: the table of Sources/README.md, bottom to top.
    static let arrows: [String: Set<String>] = [
        "Events": [], "KNX": [], "USB": [], "Documents": ["CYAML"], "Catalogue": ["Documents"],
        "Platform": ["Events", "CPlatform"], "Bus": ["Events", "KNX", "Platform"],
        "Relays": ["Events", "USB", "Platform", "Documents", "CUSB"],
        "Evidence": ["Events", "KNX", "Platform", "CSQLite", "CSodium"], "Checkers": ["Events", "KNX", "Catalogue"],
        "Rigs": ["Events", "KNX", "Platform", "Bus", "Relays", "Evidence", "Documents"],
        "Systems": ["Events", "KNX", "Platform", "Documents", "CMosquitto", "CWebSockets", "CSQLite"],
        "Scenarios": [
            "Events", "KNX", "Platform", "Bus", "Documents", "Catalogue", "Rigs", "Systems", "Evidence", "Checkers",
        ],
        "Monitor": ["Events", "KNX", "Platform", "Bus", "Documents", "Rigs", "Evidence", "Checkers", "Scenarios"],
        "Audit": ["Catalogue", "Documents"],
        "Reports": ["Events", "Catalogue", "Checkers", "Evidence"], "Twin": ["Events", "KNX", "USB", "Platform"],
        "Rehearsal": ["Events", "KNX", "Platform", "Bus", "Checkers", "Twin"],
        "ReferenceController": ["CMosquitto", "CWebSockets", "CSQLite"],
        "knxrig": [
            "Events", "KNX", "USB", "Documents", "Catalogue", "Platform", "Bus", "Relays", "Evidence", "Checkers",
            "Rigs",
            "Systems", "Scenarios", "Monitor", "Audit", "Reports", "Twin",
        ],
    ]

    /// Modules that are not ours: the toolchain's own.
    static let toolchain: Set<String> = ["Glibc", "Synchronization", "FoundationEssentials", "Foundation", "Dispatch"]

    /// Targets that judge or decode: no Foundation, no operating system.
    static let pure: Set<String> = ["Events", "KNX", "USB", "Checkers"]

    static func files(below folder: String, ending: String = ".swift") -> [URL] {
        let enumerator = FileManager.default.enumerator(
            at: root.appending(path: folder), includingPropertiesForKeys: nil)
        return (enumerator?.compactMap { $0 as? URL } ?? []).filter { $0.path.hasSuffix(ending) }
            .sorted { $0.path < $1.path }
    }

    static func imports(of file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard let index = words.firstIndex(of: "import"), index < 2, words.count > index + 1,
                words[index + 1].first?.isLetter == true,
                index == 0 || ["public", "package", "internal"].contains(words[0])
            else { return nil }
            return String(words[index + 1])
        }
    }

    @Test(arguments: arrows.keys.sorted())
    func aTargetImportsOnlyWhatStandsAboveIt(target: String) throws {
        let allowed = Self.arrows[target] ?? []
        let files = Self.files(below: "Sources/\(target)")
        #expect(!files.isEmpty, "no sources below Sources/\(target): the table above is out of date")
        for file in files {
            for module in try Self.imports(of: file) {
                let isToolchain =
                    Self.toolchain.contains(module) && !(Self.pure.contains(target) && module != "Synchronization")
                #expect(
                    allowed.contains(module) || isToolchain,
                    "\(file.lastPathComponent) in \(target) imports \(module): the arrows never turn round")
            }
        }
    }

    @Test func everyFileCanBeHeldInTheHead() throws {
        for file in Self.files(below: "Sources") + Self.files(below: "Tests") {
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").count
            #expect(lines <= 600, "\(file.lastPathComponent) has \(lines) lines: it holds more than one idea")
        }
    }

    @Test func namesSayWhatThingsAre() throws {
        let banned = ["Manager", "Helper", "Utils", "Util", "Placeholder"]
        for file in Self.files(below: "Sources") + Self.files(below: "Tests") {
            let name = file.deletingPathExtension().lastPathComponent
            for word in banned { #expect(!name.contains(word), "\(name): say what it is") }
        }
    }

    @Test func nothingIsLeftToDoInAComment() throws {
        // Put together here, so that this file does not find itself.
        let banned = ["FIX" + "ME", "TO" + "DO", "XX" + "X", "HA" + "CK"]
        for file in Self.files(below: "Sources") + Self.files(below: "Tests") {
            let text = try String(contentsOf: file, encoding: .utf8)
            for word in banned {
                let pattern = try Regex("\\b\(word)\\b")
                #expect(!text.contains(pattern), "\(file.lastPathComponent) says \(word)")
            }
        }
    }

    @Test func filesOfABenchEngineerHaveUniqueNames() {
        let names = Self.files(below: "rigs", ending: ".yaml").map(\.lastPathComponent)
        #expect(Set(names).count == names.count)
        #expect(!names.isEmpty)
    }

    @Test func everyTargetHasItsRowInThePage() throws {
        let page = try String(contentsOf: Self.root.appending(path: "Sources/README.md"), encoding: .utf8)
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources").path)
        for folder in folders where folder != "README.md" {
            #expect(page.contains("`\(folder)`"), "\(folder) has no row")
        }
    }

    @Test func noUncheckedSendableStandsWithoutItsProof() throws {
        for file in Self.files(below: "Sources") {
            let lines = try String(contentsOf: file, encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in lines.enumerated() where line.contains("@unchecked Sendable") {
                let before = lines[max(0, index - 6)..<index]
                #expect(
                    before.contains { $0.contains("//") },
                    "\(file.lastPathComponent):\(index + 1): @unchecked Sendable needs the sentence that proves it")
            }
        }
    }
}
