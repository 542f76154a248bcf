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

    /// A USB device it may be, such as `16c0:05df`, with the texts that decide where the ids are shared; a `*` at an end of a product stands for
    /// anything.
    public struct Identification: Hashable, Sendable {
        public var ids: String
        public var manufacturer: String?
        public var product: String?
    }

    /// What a relay board does with its relays.
    public struct Switching: Hashable, Sendable {
        public enum Readback: String, CaseIterable, Sendable {
            /// The board tells its coils; no board tells its contacts.
            case coils
            case none
        }

        public enum PowerUp: String, CaseIterable, Sendable {
            case released
            /// As a configuration in the board has it.
            case stored
            /// As they were.
            case kept
        }

        public enum Unplugged: String, CaseIterable, Sendable {
            case released
            /// As they were: the board has a supply of its own.
            case kept
            /// As with every relay energised.
            case cut
        }

        /// The numbers of relays that it is sold with, or that are taken as there where a board can't tell.
        public var channels: [Int]
        public var readback: Readback
        public var powerUp: PowerUp
        /// Where contacts are when the board has lost USB.
        public var unplugged: Unplugged
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
    /// nil for what is no relay board.
    public var switching: Switching?
    /// Times by name, nanoseconds.
    public var times: [String: Int64]
    public var quirks: [Quirk]
    /// The page below its front matter.
    public var prose: String

    /// - Parameter file: the name used in messages.
    public init(_ text: String, file: String) throws(DocumentFailure) {
        let (node, prose) = try Node.frontMatter(text, file: file)
        _ = try node.entries(
            of: "a firmware note",
            keys: ["name", "kind", "driver", "package", "versions", "usb", "switching", "times", "quirks"])
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
        switching = try node["switching"].map { node throws(DocumentFailure) in try Switching(node) }
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
            return switch (pattern.hasPrefix("*"), pattern.hasSuffix("*")) {
            case (true, true): product.contains(pattern.dropFirst().dropLast())
            case (true, false): product.hasSuffix(pattern.dropFirst())
            case (false, true): product.hasPrefix(pattern.dropLast())
            case (false, false): product == pattern
            }
        }
    }

    /// Whether it was tried with this version: nil when the note names none, or none is known.
    public func covers(version: String?) -> Bool? {
        guard !versions.isEmpty, let version else { return nil }
        return versions.contains { version.hasPrefix($0) }
    }
}

extension FirmwareNote.Switching {
    init(_ node: Node) throws(DocumentFailure) {
        _ = try node.entries(of: "switching", keys: ["channels", "read_back", "power_up", "unplugged"])
        channels = []
        for count in try node.required("channels").elements() { channels.append(try count.integer(1...256)) }
        readback = try node.required("read_back").choice("read-back")
        powerUp = try node.required("power_up").choice("state at power-up")
        unplugged = try node.required("unplugged").choice("state without USB")
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
