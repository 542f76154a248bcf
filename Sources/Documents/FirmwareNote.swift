/// What `firmware-notes/` holds of one device or program that a rig meets: how it is recognised, its times, and the quirks to reckon with. The
/// quirks' ids are headings of the page's prose, where each is told with its evidence.
public struct FirmwareNote: Hashable, Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        case relayBoard = "relay_board"
        case transceiver
        case interface
        case daemon
    }

    /// How far what is said has been tried.
    public enum Evidence: String, CaseIterable, Sendable {
        /// Seen in a test of ours, with the real program or device.
        case measured
        /// Read in a manual, in sources or in reports of users.
        case read
        /// Follows from what is known, and was not tried.
        case inferred
    }

    public struct Quirk: Hashable, Sendable {
        public var id: String
        public var summary: String
        public var evidence: Evidence
    }

    /// A USB device it may be, such as `16c0:05df`, with the texts that decide where the ids are shared; a product ending in `*` is a beginning.
    public struct Identification: Hashable, Sendable {
        public var ids: String
        public var manufacturer: String?
        public var product: String?
    }

    /// The file's name without `.md`.
    public var id: String
    public var name: String
    public var kind: Kind
    /// The driver of ours that speaks to it, as rig files name it.
    public var driver: String?
    /// The Debian package that brings it.
    public var package: String?
    /// Versions that it was tried with.
    public var versions: [String]
    public var usb: [Identification]
    /// Times by name, nanoseconds.
    public var times: [String: Int64]
    public var quirks: [Quirk]
    /// The page below its front matter.
    public var prose: String

    /// - Parameter file: the name used in messages.
    public init(_ text: String, file: String) throws(DocumentFailure) {
        let (node, prose) = try Node.frontMatter(text, file: file)
        _ = try node.entries(
            of: "a firmware note", keys: ["name", "kind", "driver", "package", "versions", "usb", "times", "quirks"])
        self.prose = prose
        let page = file.split(separator: "/").last.map(String.init) ?? file
        id = page.hasSuffix(".md") ? String(page.dropLast(3)) : page
        name = try node.required("name").text()
        kind = try node.required("kind").choice("kind")
        driver = try node["driver"]?.text()
        package = try node["package"]?.text()
        versions = []
        for version in try node["versions"]?.elements() ?? [] { versions.append(try version.text()) }
        usb = []
        for device in try node["usb"]?.elements() ?? [] {
            _ = try device.entries(of: "a USB device", keys: ["ids", "manufacturer", "product"])
            usb.append(
                Identification(
                    ids: try device.required("ids").text(), manufacturer: try device["manufacturer"]?.text(),
                    product: try device["product"]?.text()))
        }
        times = [:]
        for entry in try node["times"]?.entries(of: "times") ?? [] { times[entry.key] = try entry.value.nanoseconds() }
        quirks = []
        for quirk in try node.required("quirks").elements() {
            _ = try quirk.entries(of: "a quirk", keys: ["id", "summary", "evidence"])
            let id = try quirk.required("id")
            let name = try id.text()
            guard !quirks.contains(where: { $0.id == name }) else { throw id.failure("there are two quirks '\(name)'") }
            guard prose.split(separator: "\n").contains("## \(name)") else {
                throw id.failure("the prose below has no heading '## \(name)'")
            }
            quirks.append(
                Quirk(
                    id: name, summary: try quirk.required("summary").text(),
                    evidence: try quirk.required("evidence").choice("evidence")))
        }
    }

    /// Whether a USB device with these ids and texts may be it.
    public func recognises(ids: String, manufacturer: String?, product: String?) -> Bool {
        usb.contains { wanted in
            guard wanted.ids == ids, wanted.manufacturer == nil || wanted.manufacturer == manufacturer else {
                return false
            }
            guard let pattern = wanted.product else { return true }
            guard let product else { return false }
            return pattern.hasSuffix("*") ? product.hasPrefix(pattern.dropLast()) : product == pattern
        }
    }

    /// Whether it was tried with this version: nil when the note names none, or none is known.
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
                let note = try FirmwareNote(String(decoding: try Self.read(file), as: UTF8.self), file: file)
                if !notes.contains(where: { $0.id == note.id }) { notes.append(note) }
            }
        }
        return notes
    }
}
