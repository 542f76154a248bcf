/// What is known of one device or firmware that a rig meets: a Markdown file of firmware-notes/ whose front matter programs read.
///
/// | key | meaning |
/// |---|---|
/// | `note` | id: the file's name without `.md` |
/// | `kind` | `relay-board`, `transceiver`, `interface-daemon` |
/// | `name` | as people call it |
/// | `drivers` | drivers of rig files that speak to it |
/// | `packages` | Debian packages that bring it |
/// | `versions` | versions that were measured, as the beginnings of version texts; none where there is no version to read |
/// | `settle` | for a relay board, how long a contact takes |
/// | `quirks` | list of `id`, `says`, `source` |
public struct FirmwareNote: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case relayBoard = "relay-board"
        case transceiver
        case interfaceDaemon = "interface-daemon"
    }

    /// Something that a device does and nobody would expect.
    public struct Quirk: Hashable, Sendable {
        /// Unique over all notes; reports and findings refer to it.
        public var id: String
        public var says: String
        /// Where it is known from: a manual, or what was measured.
        public var source: String
    }

    public var id: String
    public var kind: Kind
    public var name: String
    public var drivers: [String]
    public var packages: [String]
    public var versions: [String]
    public var settleNanoseconds: Int64?
    public var quirks: [Quirk]
    /// The note itself, without its front matter.
    public var prose: String

    static let keys = ["note", "kind", "name", "drivers", "packages", "versions", "settle", "quirks"]

    /// - Throws: a missing or broken front matter, with its place in the file.
    public init(text: String, file: String) throws(DocumentFailure) {
        let (matter, prose) = try FirmwareNote.parts(text, file: file)
        self.prose = prose
        let node = try Node.parse(matter, file: file)
        _ = try node.entries(of: "a firmware note", keys: Self.keys)
        let idNode = try node.required("note")
        id = try idNode.text()
        let name = file.split(separator: "/").last.map(String.init) ?? file
        guard name == id + ".md" else { throw idNode.failure("a note is named as its file, and this is \(name)") }
        kind = try node.required("kind").choice("kind of note")
        self.name = try node.required("name").text()
        drivers = try FirmwareNote.texts(node["drivers"])
        packages = try FirmwareNote.texts(node["packages"])
        versions = try FirmwareNote.texts(node["versions"])
        guard !drivers.isEmpty || !packages.isEmpty else {
            throw node.failure("a note belongs to 'drivers' or 'packages'")
        }
        settleNanoseconds = try node["settle"]?.nanoseconds()
        quirks = []
        for quirk in try node.required("quirks").elements() {
            _ = try quirk.entries(of: "a quirk", keys: ["id", "says", "source"])
            quirks.append(
                Quirk(
                    id: try quirk.required("id").text(), says: try quirk.required("says").text(),
                    source: try quirk.required("source").text()))
        }
    }

    /// The lines between the first two `---`, with the lines before them kept blank so that places in messages are right, and what follows.
    private static func parts(
        _ text: String, file: String
    ) throws(DocumentFailure) -> (matter: String, prose: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else {
            throw DocumentFailure(
                file: file, position: Position(line: 1, column: 1),
                message: "a firmware note begins with front matter between two lines of ---")
        }
        return (
            "\n" + lines[1..<end].joined(separator: "\n") + "\n", lines[(end + 1)...].joined(separator: "\n")
        )
    }

    private static func texts(_ node: Node?) throws(DocumentFailure) -> [String] {
        var texts: [String] = []
        for element in try node?.elements() ?? [] { texts.append(try element.text()) }
        return texts
    }

    /// Whether the measurements are of this version: nil when the note names none, or none is known.
    public func covers(version: String?) -> Bool? {
        guard !versions.isEmpty, let version else { return nil }
        return versions.contains { version.hasPrefix($0) }
    }
}

extension DataDirectories {
    /// All firmware notes, by id; of two with one id the first directory's.
    public func firmwareNotes() throws(DocumentFailure) -> [FirmwareNote] {
        var notes: [FirmwareNote] = []
        for directory in directories {
            let folder = "\(directory)/firmware-notes"
            for entry in entries(folder).sorted() where entry.hasSuffix(".md") && entry != "README.md" {
                let file = "\(folder)/\(entry)"
                let note = try FirmwareNote(text: String(decoding: try Self.read(file), as: UTF8.self), file: file)
                if !notes.contains(where: { $0.id == note.id }) { notes.append(note) }
            }
        }
        return notes
    }
}
