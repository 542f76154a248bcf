import Documents
import Events

extension SystemProfile {
    /// A connection between two parts of the system itself, in which the rig puts a gate where a scenario asks for it. `${gate.ID}` is what the part that connects is
    /// told to connect to: the gate, or what is behind it where no scenario asks.
    public struct Link: Sendable {
        public var id: String
        public var behind: End
        public var question: Question

        /// Where the part that listens does so.
        public enum End: Sendable {
            /// A port of the system's network.
            case tcp(Template)
            /// The path of a Unix socket.
            case unix(Template)
        }

        /// What the rig sends through the gate to see whether somebody would get through, and what an answer begins with.
        public struct Question: Hashable, Sendable {
            public var send: [UInt8]
            public var answer: [UInt8]
        }
    }
}

extension SystemProfile.Link {
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(of: "a link", keys: ["id", "tcp", "unix", "ask"])
        let idNode = try node.required("id")
        id = try idNode.text()
        // It becomes part of a path.
        guard !id.isEmpty, id.utf8.allSatisfy({ Self.letters.contains($0) }) else {
            throw idNode.failure("a link is called by small letters, digits and hyphens")
        }
        switch (node["tcp"], node["unix"]) {
        case (let port?, nil): behind = .tcp(try Template(port, known: known))
        case (nil, let path?): behind = .unix(try Template(path, known: known))
        default: throw node.failure("a link has either 'tcp', a port, or 'unix', a path")
        }
        let ask = try node.required("ask")
        _ = try ask.entries(of: "ask of a link", keys: ["send", "answer"])
        question = Question(
            send: try Self.octets(ask.required("send")), answer: try Self.octets(ask.required("answer")))
    }

    private static let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)

    private static func octets(_ node: Node) throws(DocumentFailure) -> [UInt8] {
        guard let octets = Hex.octets(try node.text().filter { $0 != " " }), !octets.isEmpty else {
            throw node.failure("octets in hex were expected here, such as '00 02 00 04'")
        }
        return octets
    }
}
