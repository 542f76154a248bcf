import Documents

extension SystemProfile.Registry {
    private static let names = ["create", "change", "get", "delete"]

    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(
            of: "registry", keys: ["port", "within", "read", "rows", "values", "declined", "relations"] + Self.names)
        port = try Template(node.required("port"), known: known)
        withinNanoseconds = try node.required("within").nanoseconds()
        calls = try Self.calls(node, Self.names, known: known)
        _ = try node.required("create")
        var relations: [Relation] = []
        for entry in try node["relations"]?.elements() ?? [] {
            let relation = try Relation(entry, known: known)
            guard !relations.contains(where: { $0.parents == relation.parents }) else {
                throw entry.failure("two relations have the parents '\(relation.parents)'")
            }
            relations.append(relation)
        }
        self.relations = relations
        declined = try Call.statuses(node["declined"], 400...499)
        let read = try node.required("read")
        _ = try read.entries(of: "read of registry", keys: ["path", "entries", "key", "text", "changes"])
        readPath = try Template(read.required("path"), known: known)
        entries = try read.required("entries").text()
        key = try read["key"]?.pointer()
        text = try read["text"]?.pointer()
        changes = try (calls["change"] == nil ? read["changes"] : read.required("changes"))?.text()
        rows = try node.required("rows").text()
        values = try node["values"]?.text()
    }

    fileprivate static func calls(_ node: Node, _ names: [String], known: [String]) throws(DocumentFailure) -> [String:
        Call]
    {
        var calls: [String: Call] = [:]
        for name in names {
            calls[name] = try node[name].map { call throws(DocumentFailure) in try Call(call, known: known) }
        }
        return calls
    }
}

extension SystemProfile.Registry.Call {
    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(of: "a call", keys: ["method", "path", "body", "done", "conflict", "absent"])
        let known = known + ["id", "text", "key", "parent"]
        method = try node.required("method").text()
        path = try Template(node.required("path"), known: known)
        body = try node["body"].map { node throws(DocumentFailure) in try Template(node, known: known) }
        done = try Self.statuses(try node.required("done"), 200...299)
        conflict = try Self.statuses(node["conflict"], 400...499)
        absent = try Self.statuses(node["absent"], 400...499)
        let all = done + conflict + absent
        guard Set(all).count == all.count else { throw node.failure("one status cannot mean two things") }
    }

    /// A claim of success is 2xx and a refusal 4xx: a system that ends in another has not answered cleanly, whatever its profile says.
    fileprivate static func statuses(_ node: Node?, _ range: ClosedRange<Int>) throws(DocumentFailure) -> [Int] {
        try SystemProfile.each(node) { node throws(DocumentFailure) in try node.integer(range) }
    }
}

extension SystemProfile.Registry.Relation {
    private static let names = ["create_parent", "create_child", "delete_parent"]

    init(_ node: Node, known: [String]) throws(DocumentFailure) {
        _ = try node.entries(of: "a relation", keys: ["parents", "reference"] + Self.names)
        parents = try node.required("parents").text()
        for name in Self.names { _ = try node.required(name) }
        calls = try SystemProfile.Registry.calls(node, Self.names, known: known)
        let reference = try node.required("reference")
        _ = try reference.entries(of: "a reference", keys: ["from", "to"])
        self.reference = SystemProfile.Registry.Reference(
            from: try SystemProfile.Registry.Reference.Column(reference.required("from")),
            to: try SystemProfile.Registry.Reference.Column(reference.required("to")))
    }
}

extension SystemProfile.Registry.Reference.Column {
    init(_ node: Node) throws(DocumentFailure) {
        let text = try node.text()
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        // The name stands in queries of the rig's.
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isPlain) }) else {
            throw node.failure("'\(text)' should be a column of a table such as devices.room")
        }
        (table, column) = (parts[0], parts[1])
    }

    private static func isPlain(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
