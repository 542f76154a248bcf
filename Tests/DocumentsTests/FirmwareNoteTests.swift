import Documents
import Foundation
import Testing

@Suite struct FirmwareNoteTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "firmware-notes").path

    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
        $0 != "README.md"
    }.sorted()

    @Test(arguments: files) func everyPageIsReadable(file: String) throws {
        let text = try String(contentsOfFile: "\(Self.folder)/\(file)", encoding: .utf8)
        let note = try FirmwareNote(text, file: file)
        #expect(!note.quirks.isEmpty)
        #expect(note.prose.hasPrefix("# "), "\(file) has no title")
        // No section that the front matter doesn't know.
        let headings = note.prose.split(separator: "\n").filter { $0.hasPrefix("## ") }.map { String($0.dropFirst(3)) }
        #expect(headings == note.quirks.map(\.id))
    }

    @Test func theRelayBoardIsKnownByItsTexts() throws {
        let file = "dcttech-usbrelay.md"
        #expect(Self.files.contains(file))
        let note = try FirmwareNote(String(contentsOfFile: "\(Self.folder)/\(file)", encoding: .utf8), file: file)
        #expect(note.times["transfer_timeout"] == 100_000_000)
        #expect(note.recognises(ids: "16c0:05df", manufacturer: "www.dcttech.com", product: "USBRelay8"))
        #expect(!note.recognises(ids: "16c0:05df", manufacturer: "obdev.at", product: "USBRelay8"))
        #expect(!note.recognises(ids: "16c0:05df", manufacturer: "www.dcttech.com", product: "Radio"))
        #expect(!note.recognises(ids: "16c0:05dc", manufacturer: "www.dcttech.com", product: "USBRelay8"))
        #expect(!note.recognises(ids: "16c0:05df", manufacturer: "www.dcttech.com", product: nil))
    }

    /// As an editor on Windows saves it; the places are the same.
    @Test func linesMayEndInCarriageReturnAndLineFeed() throws {
        let text = try String(contentsOfFile: "\(Self.folder)/dcttech-usbrelay.md", encoding: .utf8)
        let note = try FirmwareNote(text.replacing("\n", with: "\r\n"), file: "n.md")
        let same = try FirmwareNote(text, file: "n.md")
        #expect(note.quirks == same.quirks && note.prose == same.prose)
        let failure = #expect(throws: DocumentFailure.self) {
            try FirmwareNote("---\r\nnmae: x\r\n---\r\n", file: "n.md")
        }
        #expect(failure?.description.hasPrefix("n.md:2:1: ") == true)
    }

    @Test(arguments: [
        ("name: x\n", "n.md:1:1: the page should begin with front matter"),
        ("---\nname: x\n", "n.md:1:1: the page should begin with front matter"),
        ("---\nname: x\nkind: boat\nquirks: []\n---\n", "n.md:3:7: "),
        (
            "---\nname: x\nkind: daemon\nquirks:\n  - {id: a, summary: s, evidence: read}\n---\n# X\n",
            "n.md:5:10: the prose below has no heading '## a'"
        ),
        (
            "---\nname: x\nkind: daemon\nquirks:\n  - {id: a, summary: s, evidence: read}\n"
                + "  - {id: a, summary: s, evidence: read}\n---\n# X\n## a\n",
            "n.md:6:10: there are two quirks 'a'"
        ),
        (
            "---\nname: x\nkind: daemon\nquirks:\n  - {id: a, summary: s, evidence: heard}\n---\n## a\n",
            "n.md:5:35: "
        ),
        ("---\nnmae: x\n---\n", "n.md:2:1: a firmware note has no key 'nmae': did you mean 'name'?"),
    ])
    func whatIsNoNoteIsRefusedWithItsPlace(text: String, message: String) {
        let failure = #expect(throws: DocumentFailure.self) { try FirmwareNote(text, file: "n.md") }
        #expect(failure?.description.hasPrefix(message) == true, "\(String(describing: failure))")
    }
}
