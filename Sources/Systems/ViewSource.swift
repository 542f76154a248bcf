import Documents

/// Where and how a view is read: one case per kind of probe.
public enum ViewSource: Sendable {
    case mqtt(MQTT)
    case websocket(WebSocket)
    case http(HTTP)
    case sqlite(SQLite)
    case rows(Rows)
    case promql(PromQL)
    case output(Output)

    /// The kinds that a profile may name.
    static let kinds = ["mqtt", "websocket", "http", "sqlite", "rows", "promql", "output"]

    /// What a path of exported rows may refer to: a number that differs by request, and where the rows are to begin, in seconds since 1970.
    static let ofRequest = ["poll", "since"]

    public struct MQTT: Sendable {
        public var port: Template
        public var topic: Template
        /// Where the group address is in a topic.
        public var group: PointName
        /// The value in the payload.
        public var value: ValueReading
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
        /// JSON pointer to the object keyed by group address, or to a list whose entries say theirs.
        public var points: String
        /// For a list: JSON pointer to the text in an entry that has its group address, and how it is written there.
        public var group: Group?
        /// The value within one of its entries.
        public var value: ValueReading
        public var everyNanoseconds: Int64

        public struct Group: Sendable {
            public var at: String
            public var name: PointName
        }
    }

    public struct SQLite: Sendable {
        public var path: Template
        /// Two columns: group address, raw value in hex; with `documents` what they read instead.
        public var query: String
        public var documents: Documents?
        public var everyNanoseconds: Int64

        /// A name that has the group address, and JSON that has the value.
        public struct Documents: Sendable {
            public var name: PointName
            public var value: ValueReading
        }
    }

    /// The newest row of each series of a time-series database, as VictoriaMetrics exports it: one series per line.
    public struct Rows: Sendable {
        public var port: Template
        /// May refer to `${poll}` and `${since}`.
        public var path: Template
        public var everyNanoseconds: Int64
    }

    /// Telegrams that the main process writes as JSON, one a line.
    public struct Output: Sendable {
        /// JSON pointer to the group address; a line without it is about something else.
        public var group: String
        /// JSON pointer to the raw value.
        public var raw: String
    }

    private static let common = ["queue", "id", "kind", "streaming", "suppresses", "limit"]

    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        let kind = try node.required("kind")
        switch try kind.text() {
        case "mqtt":
            _ = try node.entries(
                of: "an mqtt view", keys: Self.common + ValueReading.keys + ["port", "topic", "group", "status"])
            self = .mqtt(
                MQTT(
                    port: try Template(node.required("port"), known: known),
                    topic: try Template(node.required("topic"), known: known),
                    group: try PointName(node.required("group"), key: "topic_after"), value: try ValueReading(node),
                    status: try node["status"].map { node throws(DocumentFailure) in
                        _ = try node.entries(of: "status", keys: ["topic", "offline"])
                        return MQTT.Status(
                            topic: try Template(node.required("topic"), known: known),
                            offline: try TextPattern(node.required("offline").text()))
                    }))
        case "websocket": self = .websocket(try WebSocket(node, known: known, common: Self.common))
        case "http":
            _ = try node.entries(
                of: "an http view",
                keys: Self.common + ValueReading.keys + ["port", "path", "points", "group", "every"])
            self = .http(
                HTTP(
                    port: try Template(node.required("port"), known: known),
                    path: try Template(node.required("path"), known: known),
                    points: try node.required("points").pointer(),
                    group: try node["group"].map { node throws(DocumentFailure) in
                        HTTP.Group(
                            at: try node.required("at").pointer(),
                            name: try PointName(node, key: "after", otherKeys: ["at"]))
                    }, value: try ValueReading(node),
                    everyNanoseconds: try node.required("every").interval()))
        case "sqlite":
            _ = try node.entries(
                of: "a sqlite view", keys: Self.common + ["path", "query", "group", "values", "every"])
            self = .sqlite(
                SQLite(
                    path: try Template(node.required("path"), known: known),
                    query: try node.required("query").text(),
                    documents: node["group"] == nil && node["values"] == nil
                        ? nil
                        : SQLite.Documents(
                            name: try PointName(node.required("group"), key: "after"),
                            value: try ValueReading(values: node.required("values"))),
                    everyNanoseconds: try node.required("every").interval()))
        case "rows":
            _ = try node.entries(of: "a view of rows", keys: Self.common + ["port", "path", "every"])
            self = .rows(
                Rows(
                    port: try Template(node.required("port"), known: known),
                    path: try Template(node.required("path"), known: known + Self.ofRequest),
                    everyNanoseconds: try node.required("every").interval()))
        case "promql": self = .promql(try PromQL(node, known: known, common: Self.common))
        case "output":
            _ = try node.entries(of: "an output view", keys: Self.common + ["group", "raw"])
            self = .output(
                Output(
                    group: try node.required("group").pointer(), raw: try node.required("raw").pointer()))
        case let other:
            throw kind.failure(
                "'\(other)' is no kind of view: expected \(Self.kinds.joined(separator: ", "))"
                    + Nearest.suggestion(for: other, among: Self.kinds))
        }
    }
}

extension Node {
    /// A JSON pointer (RFC 6901).
    func pointer() throws(DocumentFailure) -> String {
        let text = try text()
        guard text.isEmpty || text.hasPrefix("/") else {
            throw failure("'\(text)' should be a JSON pointer such as /raw")
        }
        return text
    }

    /// A length of time that a loop can repeat at: at least 20 ms.
    func interval() throws(DocumentFailure) -> Int64 {
        let length = try nanoseconds()
        guard length >= 20_000_000 else { throw failure("at least 20 ms were expected here") }
        return length
    }
}

extension ViewSource {
    /// How far a view of this kind may lag behind the line where its profile does not say; nil where it must.
    var usualLimitNanoseconds: Int64? { if case .promql = self { PromQL.limitNanoseconds } else { nil } }
}

extension SystemProfile.View {
    /// It keeps every value that there was.
    public var isHistory: Bool { if case .rows = source { true } else { false } }
}

extension SystemProfile {
    /// Its first view that is a WebSocket, with what the system declares of its clients; nil where it declares nothing.
    public var webSocketClients: ViewSource.WebSocket.Clients? { webSocket?.clients }

    /// Its first view that is a WebSocket.
    var webSocket: ViewSource.WebSocket? {
        for view in views {
            if case .websocket(let source) = view.source { return source }
        }
        return nil
    }

    /// One of its views is a database.
    public var hasDatabase: Bool {
        views.contains { if case .sqlite = $0.source { true } else { false } }
    }
}
