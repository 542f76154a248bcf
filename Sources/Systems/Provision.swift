import Documents

extension SystemProfile {
    /// Requests that make a system know the group addresses of the rig, made in order when it is ready for the first time.
    public struct Provision: Sendable {
        /// What a call is made once for.
        public enum Each: String, CaseIterable, Sendable {
            case tracers, sentinels, repeats, spares, commands
        }

        public struct Point: Hashable, Sendable {
            public var group: UInt16
            /// Of a command.
            public var status: UInt16?
        }

        public struct Call: Sendable {
            /// nil: the call is made once. Otherwise path and body may refer to `${group}` (1/1/5), `${id}` (1-1-5), and for commands `${status}`.
            public var each: Each?
            public var method: String
            public var path: Template
            public var body: Template?
            public var done: [Int]

            init(_ node: Node, known: [String]) throws(DocumentFailure) {
                _ = try node.entries(of: "a call", keys: ["each", "method", "path", "body", "done"])
                each = try node["each"]?.choice("use of points")
                let more = each == nil ? [] : ["group", "id"] + (each == .commands ? ["status"] : [])
                method = try node.required("method").text()
                path = try Template(node.required("path"), known: known + more)
                body = try node["body"].map { node throws(DocumentFailure) in try Template(node, known: known + more) }
                done = try node.required("done").statuses()
            }

            /// What the call is made for, one after the other; nil is for nothing in particular.
            func points(of points: Points) -> [Point?] {
                guard let each else { return [nil] }
                let range: PointRange? =
                    switch each {
                    case .tracers: points.tracers
                    case .sentinels: points.sentinels
                    case .repeats: points.repeats
                    case .spares: points.spares
                    case .commands: nil
                    }
                if each == .commands { return points.commands.map { Point(group: $0.group, status: $0.status) } }
                return (range?.addresses ?? []).map { Point(group: $0) }
            }
        }

        public var port: Template
        public var withinNanoseconds: Int64
        public var calls: [Call]

        init(_ node: Node, known: [String]) throws(DocumentFailure) {
            _ = try node.entries(of: "provision", keys: ["port", "within", "calls"])
            port = try Template(node.required("port"), known: known)
            withinNanoseconds = try node.required("within").nanoseconds()
            calls = try SystemProfile.each(node.required("calls")) { node throws(DocumentFailure) in
                try Call(node, known: known)
            }
        }
    }
}

extension Node {
    /// Statuses of HTTP.
    func statuses() throws(DocumentFailure) -> [Int] {
        try SystemProfile.each(self) { node throws(DocumentFailure) in try node.integer(100...599) }
    }
}
