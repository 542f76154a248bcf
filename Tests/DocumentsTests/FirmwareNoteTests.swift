import Testing

@testable import Documents

@Suite struct FirmwareNoteTests {
    static let root = String(#filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 })

    static let text = """
        ---
        note: board
        kind: relay-board
        name: A board
        drivers: [dcttech]
        versions: ["1.2"]
        settle: 20 ms
        quirks:
          - {id: board-odd, says: it is odd, source: a manual}
        ---
        # A board

        Prose.
        """

    @Test func aNoteIsRead() throws {
        let note = try FirmwareNote(text: Self.text, file: "firmware-notes/board.md")
        #expect(note.kind == .relayBoard)
        #expect(note.drivers == ["dcttech"])
        #expect(note.settleNanoseconds == 20_000_000)
        #expect(note.quirks == [.init(id: "board-odd", says: "it is odd", source: "a manual")])
        #expect(note.prose.hasPrefix("# A board"))
        #expect(note.covers(version: "1.2.3") == true)
        #expect(note.covers(version: "1.3") == false)
        #expect(note.covers(version: nil) == nil)
    }

    @Test(arguments: [
        ("---\nnote", "note", "board.md:1:1: a firmware note begins with front matter"),
        ("note: board", "note: bord", "board.md:2:7: a note is named as its file, and this is board.md"),
        ("relay-board", "relayboard", "board.md:3:7: 'relayboard' is no kind of note"),
        ("drivers: [dcttech]\n", "", "a note belongs to 'drivers' or 'packages'"),
        ("says: it is odd, ", "", "says"), ("settle: 20 ms", "settel: 20 ms", "did you mean 'settle'?"),
        ("\n---\n# A", "\n# A", "front matter between two lines"),
    ])
    func aBrokenNoteIsOneClearLine(old: String, new: String, message: String) throws {
        let parts = Self.text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
        let text = parts.joined(separator: new)
        try #require(parts.count == 2)
        let failure = #expect(throws: DocumentFailure.self) { try FirmwareNote(text: text, file: "board.md") }
        #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }

    @Test func ourOwnNotesAreReadAndTheirQuirksAreUnique() throws {
        let notes = try DataDirectories(directories: [Self.root]).firmwareNotes()
        for id in ["dcttech-usbrelay", "knxd", "tp-uart2"] { #expect(notes.contains { $0.id == id }) }
        let quirks = notes.flatMap(\.quirks).map(\.id)
        #expect(Set(quirks).count == quirks.count)
        for note in notes {
            #expect(!note.quirks.isEmpty, "\(note.id)")
            #expect(note.prose.contains("# "), "\(note.id)")
            #expect(note.quirks.allSatisfy { !$0.says.isEmpty && !$0.source.isEmpty })
        }
    }

    @Test func theFirstDirectoryWins() throws {
        let notes = try DataDirectories(directories: ["/nonexistent", Self.root, Self.root]).firmwareNotes()
        #expect(Set(notes.map(\.id)).count == notes.count)
    }
}
