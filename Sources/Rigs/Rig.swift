public import Documents

/// One bench: its lines with what is attached to them, its relay boards and how they are wired. A file in rigs/.
public struct Rig: Sendable {
    public enum Kind: String, CaseIterable, Sendable {
        /// Simulated line, chips and board.
        case twin
        /// Real hardware.
        case bench
    }

    public var name: String
    public var kind: Kind
    public var lines: [RigLine]
    public var boards: [RigBoard]
    /// Relay cycles per hour and channel beyond which the keeper refuses.
    public var cyclesPerHour: Int
    /// The file's whole text, for the evidence.
    public var text: String
    public var file: String

    static let keys = ["version", "name", "kind", "lines", "boards", "interlocks", "hosts"]

    /// Reads and checks a rig file: everything in it is typed, every name refers to something, and no interlock that can be judged from the file
    /// alone is broken.
    ///
    /// - Throws: one line that names file, line, column, what was expected and the nearest name.
    public init(path: String) throws(DocumentFailure) {
        let octets = try DataDirectories.read(path)
        try self.init(text: String(decoding: octets, as: UTF8.self), file: path)
    }

    public init(text: String, file: String) throws(DocumentFailure) {
        let node = try Node.parse(text, file: file)
        _ = try node.entries(of: "a rig", keys: Rig.keys)
        if let blank = Blank.all(in: node).first { throw blank }
        let version = try node.required("version")
        guard try version.integer() == 1 else { throw version.failure("this knxrig reads version 1 of rig files") }
        self.file = file
        self.text = text
        name = try node.required("name").text()
        kind = try node.required("kind").choice("kind of rig")
        let lineNodes = try node.required("lines").elements()
        lines = []
        for lineNode in lineNodes {
            lines.append(try RigLine(lineNode))
            if kind == .bench, let interfaces = lineNode["interfaces"] {
                throw interfaces.failure(
                    "'interfaces' are simulated: a bench names its own as the 'url' of an attachment")
            }
            if kind == .bench,
                let noise = lineNode["noise"]
                    ?? (lines[lines.count - 1].attachments.contains { $0.noise != nil } ? lineNode["attachments"] : nil)
            {
                throw noise.failure("'noise' is simulated: a bench has its own")
            }
            if kind == .twin, lines[lines.count - 1].attachments.contains(where: { $0.daemon != nil }) {
                throw lineNode.failure("a witness through knxd is one of a bench: no knxd listens to a twin by itself")
            }
        }
        guard !lines.isEmpty else { throw node.failure("a rig has at least one line") }
        boards = []
        for boardNode in try node["boards"]?.elements() ?? [] { boards.append(try RigBoard(boardNode)) }
        let interlocks = node["interlocks"]
        _ = try interlocks?.entries(of: "interlocks", keys: ["cycles_per_hour"])
        cyclesPerHour = try interlocks?["cycles_per_hour"]?.integer(1...100_000) ?? 600
        try check(node, lineNodes)
    }

    /// The channel of that id with its board.
    public func channel(_ id: String) -> (board: RigBoard, channel: RigChannel)? {
        for board in boards {
            if let channel = board.channels.first(where: { $0.id == id }) { return (board, channel) }
        }
        return nil
    }

    private func check(_ node: Node, _ lineNodes: [Node]) throws(DocumentFailure) {
        let ids = lines.map(\.id)
        for (index, id) in ids.enumerated() where ids[..<index].contains(id) {
            throw lineNodes[index].failure("two lines are called '\(id)'")
        }
        let channels = boards.flatMap(\.channels)
        let names = channels.map(\.id)
        let boardNodes = try node["boards"]?.elements() ?? []
        for (index, board) in boards.enumerated() {
            if boards[..<index].contains(where: { $0.id == board.id }) {
                throw boardNodes[index].failure("two boards are called '\(board.id)'")
            }
            try board.check(boardNodes[index], feedable: feedable)
        }
        for (index, name) in names.enumerated() where names[..<index].contains(name) {
            throw node.failure("two channels are called '\(name)': ids are unique over all boards of a rig")
        }
        for (index, line) in lines.enumerated() {
            guard let supply = line.supply else { continue }
            if let wireSwitch = supply.wireSwitch {
                let place = lineNodes[index]["supply"]?["switch"] ?? lineNodes[index]
                guard let channel = channel(wireSwitch)?.channel else {
                    throw place.failure(
                        "no board has a channel '\(wireSwitch)'" + Nearest.suggestion(for: wireSwitch, among: names))
                }
                guard channel.feeds == line.id, wireSwitch != supply.channel else {
                    throw place.failure("the switch of a line is a second channel that feeds it")
                }
            }
            if !names.contains(supply.channel) {
                throw (lineNodes[index]["supply"]?["channel"] ?? lineNodes[index]).failure(
                    "no board has a channel '\(supply.channel)'" + Nearest.suggestion(for: supply.channel, among: names)
                )
            }
        }
    }

    /// What a channel may feed.
    private var feedable: [String] {
        lines.flatMap { line in
            [line.id] + (line.attachments.map(\.id) + line.interfaces.map(\.id)).map { "\(line.id)/\($0)" }
        } + ["host", "nothing"]
    }
}

extension Rig {
    /// What of a scenario's requirements this rig does not have, one sentence each. Services and gates belong to the system.
    public func lacks(_ requirements: [String]) -> [String] {
        requirements.compactMap { requirement in
            switch requirement {
            case "relay:line-supply":
                lines[0].supply.flatMap { channel($0.channel) } == nil
                    ? "a relay channel that feeds the line's supply" : nil
            case "timed-contact":
                kind == .twin
                    ? nil
                    : "a contact in the line's supply with a timing of its own, and a trace of the voltage: so far only the twin has them"
            case "relay:interface":
                interfaceChannel(of: lines[0]) == nil
                    ? "a relay channel that feeds the system's interface (feeds: \(lines[0].id)/sut)" : nil
            case "witness": lines[0].attachments(.witness).isEmpty ? "a witness on the line" : nil
            case "stimulus": lines[0].attachments(.stimulus).isEmpty ? "a stimulus on the line" : nil
            case "injector:chip":
                lines[0].longFrames == nil
                    ? "an injector, or a stimulus, with an ncn5120, ncn5121 or ncn5130: a TP-UART takes no frame of more than 64 octets"
                    : nil
            case "injector:line":
                kind == .twin
                    ? nil
                    : "an injector that puts single octets on the line, without a check octet or with a wrong one: so far only the twin has one"
            case "saturation":
                // One chip at 19200 baud reaches 75 % of the line's capacity.
                lines[0].attachments(.stimulus).count { $0.loadAddress != nil } < 2
                    ? "two stimuli with a load_address on the line, which is what saturates it" : nil
            default: nil
            }
        }
    }

    /// The channel that feeds the interface of the system under test, or switches its port.
    public func interfaceChannel(of line: RigLine) -> String? {
        let interfaces = line.attachments(.sut).map { "\(line.id)/\($0.id)" }
        return boards.flatMap(\.channels).first { interfaces.contains($0.feeds) }?.id
    }
}
