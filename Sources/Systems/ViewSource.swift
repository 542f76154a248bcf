import Documents

/// Where and how a view is read: one case per kind of probe.
public enum ViewSource: Sendable {
    case mqtt(MQTT)
    case http(HTTP)
    case sqlite(SQLite)

    /// The kinds that a profile may name.
    static let kinds = ["mqtt", "http", "sqlite"]

    public struct MQTT: Sendable {
        public var port: Template
        public var topic: Template
        /// What stands before the group address in a topic.
        public var groupAfter: String
        /// JSON pointer to the raw value in the payload.
        public var raw: String
        /// Where the system says whether it is online, and what in the payload says that it is not.
        public var status: Status?

        public struct Status: Sendable {
            public var topic: Template
            public var offline: TextPattern
        }
    }

    public struct HTTP: Sendable {
        public var port: Template
        public var path: Template
        /// JSON pointer to the object keyed by group address.
        public var points: String
        /// JSON pointer to the raw value within one of its entries.
        public var raw: String
        public var everyNanoseconds: Int64
    }

    public struct SQLite: Sendable {
        public var path: Template
        /// Two columns: group address, raw value in hex.
        public var query: String
        public var everyNanoseconds: Int64
    }

    private static let common = ["id", "kind", "streaming", "suppresses", "limit"]

    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        let kind = try node.required("kind")
        switch try kind.text() {
        case "mqtt":
            _ = try node.entries(of: "an mqtt view", keys: Self.common + ["port", "topic", "group", "raw", "status"])
            let group = try node.required("group")
            _ = try group.entries(of: "group", keys: ["topic_after"])
            self = .mqtt(
                MQTT(
                    port: try Template(node.required("port"), known: known),
                    topic: try Template(node.required("topic"), known: known),
                    groupAfter: try group.required("topic_after").text(), raw: try Self.pointer(node.required("raw")),
                    status: try node["status"].map { node throws(DocumentFailure) in
                        _ = try node.entries(of: "status", keys: ["topic", "offline"])
                        return MQTT.Status(
                            topic: try Template(node.required("topic"), known: known),
                            offline: try TextPattern(node.required("offline").text()))
                    }))
        case "http":
            _ = try node.entries(of: "an http view", keys: Self.common + ["port", "path", "points", "raw", "every"])
            self = .http(
                HTTP(
                    port: try Template(node.required("port"), known: known),
                    path: try Template(node.required("path"), known: known),
                    points: try Self.pointer(node.required("points")), raw: try Self.pointer(node.required("raw")),
                    everyNanoseconds: try node.required("every").interval()))
        case "sqlite":
            _ = try node.entries(of: "a sqlite view", keys: Self.common + ["path", "query", "every"])
            self = .sqlite(
                SQLite(
                    path: try Template(node.required("path"), known: known),
                    query: try node.required("query").text(), everyNanoseconds: try node.required("every").interval()))
        case let other:
            throw kind.failure(
                "'\(other)' is no kind of view: expected \(Self.kinds.joined(separator: ", "))"
                    + Nearest.suggestion(for: other, among: Self.kinds))
        }
    }

    private static func pointer(_ node: Node) throws(DocumentFailure) -> String {
        let text = try node.text()
        guard text.isEmpty || text.hasPrefix("/") else {
            throw node.failure("'\(text)' should be a JSON pointer such as /raw")
        }
        return text
    }
}

extension Node {
    /// A length of time that a loop can repeat at: at least 20 ms.
    func interval() throws(DocumentFailure) -> Int64 {
        let length = try nanoseconds()
        guard length >= 20_000_000 else { throw failure("at least 20 ms were expected here") }
        return length
    }
}

extension SystemProfile {
    /// One of its views is a database.
    public var hasDatabase: Bool {
        views.contains { if case .sqlite = $0.source { true } else { false } }
    }
}
