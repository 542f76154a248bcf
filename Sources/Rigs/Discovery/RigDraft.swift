public import Documents
import Relays

/// A rig file made from what was found, or what was found put into a person's rig file. What only a person knows is left as a blank that the
/// reader of rig files names; whatever may be another thing stands in a comment.
public struct RigDraft: Sendable {
    /// The file's whole text.
    public var text: String
    /// What was put in, a line each; empty when everything was in it already.
    public var added: [String]

    // MARK: a new file

    public init(new discovery: Discovery, name: String) {
        var names = Names(boards: [], channels: [])
        let boards = discovery.boards.filter(Self.isComplete)
        var lines = [
            "# What this machine found of a bench. Values that begin with \(Blank.mark) are yours to fill in; `knxrig test HW-1 --rig FILE --dry-run` names the",
            "# first that is left. Every key is explained in rigs/bench-example.yaml.", "version: 1", "name: \(name)",
            "kind: bench", "",
            "lines:", "  - id: main", "    # Who may be on the line: yours, and no others.",
            "    sources: [\(Blank.mark) individual addresses and ranges such as 1.1.10-1.1.20]",
            "    # What the rig and its devices use.",
            "    groups: \(Blank.mark) a range of group addresses such as 1/0/0-1/7/255",
        ]
        lines += Self.portComments(discovery.ports, known: "").map { "    " + $0 }
        lines += [
            "    attachments:", "      # The interface of the system under test, which the rig never opens.",
            "      sut:",
            "        driver: tpuart", "        device: \(Blank.mark) the device of the system's interface",
            "        address: \(Blank.mark) the interface's individual address such as 1.1.200",
            "      # A transceiver of its own that only listens, never switched by the rig.", "      witness:",
            "        driver: tpuart", "        device: \(Blank.mark) the device of a second transceiver",
            "      # What the rig sends with.", "      stimulus:", "        - driver: tpuart",
            "          device: \(Blank.mark) the device of a third transceiver",
            "          address: \(Blank.mark) an individual address of the rig's own such as 1.1.10",
            "    # Once a channel below feeds the line:", "    # supply: {channel: bus-power}", "",
        ]
        lines.append(boards.isEmpty ? "# No relay board was found for sure." : "boards:")
        for board in boards { lines += Self.entry(board, &names).map { "  " + $0 } }
        lines += Self.comments(discovery, known: "")
        text = lines.joined(separator: "\n") + "\n"
        added = boards.map { "\($0.drivers[0]) board at \($0.path)" }
    }

    // MARK: an existing file

    /// Puts what is new into a rig file; what a person wrote stays as it is, comments included.
    ///
    /// - Parameter file: its name, for messages.
    /// - Throws: when the file can't be read as YAML, or its boards are no list.
    public init(merging discovery: Discovery, into old: String, file: String) throws(DocumentFailure) {
        let node = try Node.parse(old, file: file)
        _ = try node.entries(of: "a rig", keys: Rig.keys)
        let boardNodes = try node["boards"]?.elements() ?? []
        var names = Names(
            boards: boardNodes.compactMap { try? $0["id"]?.text() },
            channels: boardNodes.flatMap { (try? $0["channels"]?.elements()) ?? [] }.compactMap {
                try? $0["id"]?.text()
            })
        let new = discovery.boards.filter { board in
            !boardNodes.contains { Self.means($0, board) } && !old.contains(Self.match(board))
        }
        let complete = new.filter(Self.isComplete)
        added = complete.map { "\($0.drivers[0]) board at \($0.path)" }
        var entries: [String] = []
        for board in complete { entries += Self.entry(board, &names) }
        var lines = Self.lines(of: old)
        let lineEnd = lines.first?.last == "\r\n" ? "\r\n" : "\n"
        func ended(_ texts: [String], indent: String = "") -> [String] { texts.map { indent + $0 + lineEnd } }
        if let last = lines.last?.last, !last.isNewline { lines[lines.count - 1] += lineEnd }
        if !entries.isEmpty {
            if let place = Self.placeForBoards(lines, boardNodes) {
                let indent = String(repeating: " ", count: place.indent)
                lines.insert(contentsOf: ended(entries, indent: indent), at: place.line)
            } else if node["boards"] == nil {
                lines += ended(["", "boards:"]) + ended(entries, indent: "  ")
            } else {
                // A list on one line is a person's own layout.
                lines += ended(["", "# To be moved into 'boards':"]) + ended(entries, indent: "# ")
            }
        }
        let comments = Self.portComments(discovery.ports, known: old) + Self.comments(discovery, known: old)
        added += comments.filter { $0.hasPrefix("# found: ") }.map { String($0.dropFirst(9)) }
        lines += ended(comments)
        text = added.isEmpty ? old : lines.joined()
        try Self.requireUnharmed(node, text, file)
    }

    /// Its lines as YAML counts them, each with the end that it has.
    private static func lines(of text: String) -> [String] {
        var lines: [String] = []
        var isNew = true
        for character in text {
            if isNew { lines.append("") }
            lines[lines.count - 1].append(character)
            isNew = character.isNewline
        }
        return lines
    }

    /// What has been read before has to be read again.
    private static func requireUnharmed(_ old: Node, _ text: String, _ file: String) throws(DocumentFailure) {
        let new = try Node.parse(text, file: file)
        let before = try old["boards"]?.elements().count ?? 0
        let after = try new["boards"]?.elements().count ?? 0
        guard after >= before, try new.entries(of: "a rig").count >= old.entries(of: "a rig").count else {
            throw old.failure("what was found can't be put in here without harm: use --write with another file")
        }
    }

    /// Behind the last line of the last board of a list in block style, and how far its items are indented; nil where there is no such list.
    private static func placeForBoards(_ lines: [String], _ boards: [Node]) -> (line: Int, indent: Int)? {
        guard let first = boards.first, let last = boards.last, lines.indices.contains(first.position.line - 1),
            lines.indices.contains(last.position.line - 1),
            let dash = lines[first.position.line - 1].firstIndex(of: "-")
        else { return nil }
        let firstLine = lines[first.position.line - 1]
        let indent = firstLine.distance(from: firstLine.startIndex, to: dash)
        guard firstLine.prefix(indent).allSatisfy({ $0 == " " }) else { return nil }
        var line = last.position.line
        var end = line
        while line < lines.count {
            let text = lines[line].drop { $0 == " " }
            let depth = lines[line].count - text.count
            if !text.allSatisfy(\.isNewline) {
                if depth <= indent { break }
                end = line + 1
            }
            line += 1
        }
        return (end, indent)
    }

    // MARK: entries

    /// Names that are taken.
    private struct Names {
        var boards: [String]
        var channels: [String]

        mutating func board() -> String {
            let name = Self.free("relays", boards)
            boards.append(name)
            return name
        }

        mutating func channel(_ board: String, _ number: Int) -> String {
            let name = Self.free("\(board)-channel-\(number)", channels)
            channels.append(name)
            return name
        }

        private static func free(_ wanted: String, _ taken: [String]) -> String {
            guard taken.contains(wanted) else { return wanted }
            return (2...).lazy.map { "\(wanted)-\($0)" }.first { !taken.contains($0) } ?? wanted
        }
    }

    /// Whether a rig file can take it as it is: mains are taken by none.
    private static func isComplete(_ board: Discovery.Board) -> Bool {
        board.isCertain && board.drivers[0] != "sis-pm" && board.drivers[0] != "cleware"
    }

    private static func entry(_ board: Discovery.Board, _ names: inout Names) -> [String] {
        let id = names.board()
        var lines = [
            "- id: \(id)", "  # \(plain(board.title)) at \(board.path)", "  driver: \(board.drivers[0])",
            "  \(match(board))", "  transport: \(board.isOnSerialLine ? "serial" : "libusb")",
            "  # `feeds`: the line (main), an interface (main/sut), host, or nothing while it is not wired.",
            "  channels:",
        ]
        if board.channelCount == nil {
            lines.append("    # How many it has is not told without asking it: add the others.")
        }
        for number in 1...(board.channelCount ?? 1) {
            lines.append(
                "    - {id: \(names.channel(id, number)), number: \(number), feeds: nothing, circuit: selv, wiring: NC}"
            )
        }
        return lines
    }

    /// What binds it in an entry, by which a later merge knows it in a comment too.
    private static func match(_ board: Discovery.Board) -> String {
        "match: {\(board.serial.map { "serial: \(quoted($0))" } ?? "port_path: \(quoted(board.path))")}"
    }

    /// Whether an entry of a file is about a board.
    private static func means(_ node: Node, _ board: Discovery.Board) -> Bool {
        guard let driver = try? node["driver"]?.text(), board.drivers.contains(driver), let match = node["match"]
        else { return false }
        let path = try? match["port_path"]?.text()
        let serial = try? match["serial"]?.text()
        if let path { return path == board.path || board.path.hasPrefix(path + ":") }
        // One whose serial only the board itself tells may well be this one.
        return serial != nil && (board.serial == nil || serial == board.serial)
    }

    private static func portComments(_ ports: [Discovery.Port], known: String) -> [String] {
        ports.filter { !$0.device.isEmpty && !known.contains($0.device) }.map { port in
            "# found: \(port.device), \(plain(port.title))\(port.isTransceiver ? ", a KNX transceiver" : "")"
        }
    }

    private static func comments(_ discovery: Discovery, known: String) -> [String] {
        var lines: [String] = []
        for board in discovery.boards
        where !isComplete(board) && !known.contains("# found: \(plain(board.title)) at \(board.path)") {
            let what =
                board.isCertain
                ? "a \(board.drivers[0]) board, by hand with 'knxrig relay': rig files take no mains"
                : "may be a \(board.drivers.joined(separator: " or ")) board, or anything else on this chip"
            lines.append("# found: \(plain(board.title)) at \(board.path), \(what)")
        }
        for hub in discovery.hubs where !known.contains("# found: \(plain(hub.title)) at \(hub.path)") {
            lines.append(
                "# found: \(plain(hub.title)) at \(hub.path), a hub of \(hub.portCount) ports; whether it switches them shows when it is asked. As a board:"
            )
            lines += [
                "#  - id: hub", "#    driver: hub-port-power", "#    match: {port_path: \(quoted(hub.path))}",
                "#    transport: libusb",
                "#    channels: [{id: sut-port, number: 1, feeds: main/sut, circuit: selv, wiring: NC}]",
            ]
        }
        for interface in discovery.interfaces
        where !known.contains("# found: \(plain(interface.title)) at \(interface.path)") {
            lines.append(
                "# found: \(plain(interface.title)) at \(interface.path), a KNX interface for the system's own daemon: rigs drive transceivers"
            )
        }
        return lines
    }

    /// In a comment, whatever a device calls itself.
    private static func plain(_ text: String) -> String {
        String(text.unicodeScalars.map { (0x20...0x7E).contains($0.value) ? Character($0) : "?" })
    }

    /// As a scalar that is text, whatever a device calls itself.
    private static func quoted(_ text: String) -> String {
        "'\(plain(text).map { $0 == "'" ? "''" : String($0) }.joined())'"
    }
}

extension RigDraft {
    /// What the reader of rig files says of a text: all blanks, each with its place, or the first thing that is wrong; empty when it is fit to be used.
    public static func complaints(about text: String, file: String) -> [String] {
        guard let node = try? Node.parse(text, file: file) else {
            do throws(DocumentFailure) { _ = try Node.parse(text, file: file) } catch { return ["\(error)"] }
            return []
        }
        let blanks = Blank.all(in: node)
        if !blanks.isEmpty { return blanks.map(\.description) }
        do throws(DocumentFailure) {
            _ = try Rig(text: text, file: file)
            return []
        } catch {
            return ["\(error)"]
        }
    }
}
