import Documents

extension ViewSource {
    /// The newest value of each point as a time-series database answers an instant query in PromQL: Prometheus, VictoriaMetrics.
    public struct PromQL: Sendable {
        public var port: Template
        /// Where instant queries are answered, which may end in parameters; the query is appended. nil: where Prometheus answers them.
        public var path: Template?
        public var query: Template
        /// The label of a result that says whose value it is, and how the group address is written there.
        public var label: String
        public var group: PointName
        public var everyNanoseconds: Int64

        /// How far a time series may lag behind the line where the profile does not say.
        static let limitNanoseconds: Int64 = 10_000_000_000

        static let usualPath = "/api/v1/query"

        init(_ node: Node, known: [String], common: [String]) throws(DocumentFailure) {
            _ = try node.entries(of: "a promql view", keys: common + ["port", "path", "query", "group", "every"])
            port = try Template(node.required("port"), known: known)
            path = try node["path"].map { node throws(DocumentFailure) in try Template(node, known: known) }
            query = try Template(node.required("query"), known: known)
            let group = try node.required("group")
            self.group = try PointName(group, key: "after", otherKeys: ["label"], isKeyRequired: false)
            label = try group.required("label").text()
            everyNanoseconds = try node.required("every").interval()
        }
    }
}
