import Documents

extension ViewSource {
    /// Messages that a system pushes over a WebSocket.
    public struct WebSocket: Sendable {
        public var port: Template
        /// May refer to `${ticket}` where there is one.
        public var path: Template
        /// Sent as a bearer's when it is opened; nil where the system wants none.
        public var token: Template?
        /// Asked for before every opening; nil where the system wants none.
        public var ticket: Ticket?
        /// The first message after the opening; nil where everything comes unasked.
        public var subscribe: Template?
        /// JSON pointer to the text in a message that has the group address, and how it is written there. A message without one is no state.
        public var group: String
        public var name: PointName
        /// The value in a message.
        public var value: ValueReading
        public var clients: Clients?

        /// A word that is good for one opening: the answer to a request that bears the token of `login`.
        public struct Ticket: Sendable {
            public var method: String
            public var path: Template
            public var body: Template?
            public var done: [Int]
            /// JSON pointer to the word in the answer.
            public var at: String

            init(_ node: Node, known: [String]) throws(DocumentFailure) {
                _ = try node.entries(of: "ticket", keys: ["method", "path", "body", "done", "at"])
                method = try node.required("method").text()
                path = try Template(node.required("path"), known: known)
                body = try node["body"].map { node throws(DocumentFailure) in try Template(node, known: known) }
                done = try node.required("done").statuses()
                at = try node.required("at").pointer()
            }
        }

        /// What the system declares of its clients.
        public struct Clients: Sendable {
            /// Where it says how many it has.
            public var count: Count?
            /// The longest that it keeps one that answers nothing: its ping and its pong time.
            public var silentWithinNanoseconds: Int64
            /// Messages that it keeps at most for one that does not read.
            public var backlog: Int

            init(_ node: Node, known: [String]) throws(DocumentFailure) {
                _ = try node.entries(of: "clients", keys: ["count", "silent_within", "backlog"])
                count = try node["count"].map { node throws(DocumentFailure) in
                    _ = try node.entries(of: "count", keys: ["path", "pointer"])
                    return Count(
                        path: try Template(node.required("path"), known: known),
                        pointer: try node.required("pointer").pointer())
                }
                silentWithinNanoseconds = try node.required("silent_within").nanoseconds()
                backlog = try node.required("backlog").integer(0...100_000)
            }
        }

        /// A path and a JSON pointer to a number.
        public struct Count: Sendable {
            public var path: Template
            public var pointer: String
        }

        init(_ node: Node, known: [String], common: [String]) throws(DocumentFailure) {
            let own = ["port", "path", "token", "ticket", "subscribe", "group", "clients"]
            _ = try node.entries(of: "a websocket view", keys: common + ValueReading.keys + own)
            port = try Template(node.required("port"), known: known)
            ticket = try node["ticket"].map { node throws(DocumentFailure) in try Ticket(node, known: known) }
            path = try Template(node.required("path"), known: known + (ticket == nil ? [] : ["ticket"]))
            token = try node["token"].map { node throws(DocumentFailure) in try Template(node, known: known) }
            subscribe = try node["subscribe"].map { node throws(DocumentFailure) in try Template(node, known: known) }
            let group = try node.required("group")
            if group["at"] != nil {
                self.group = try group.required("at").pointer()
                name = try PointName(group, key: "after", otherKeys: ["at"], isKeyRequired: false)
            } else {
                self.group = try group.pointer()
                name = PointName(after: "")
            }
            value = try ValueReading(node)
            clients = try node["clients"].map { node throws(DocumentFailure) in try Clients(node, known: known) }
        }
    }
}
