import Documents

/// How a system writes a group address where it means one: `graylogic/state/knx/1%2F1%2F5`, `rig-1-1-5`.
public struct PointName: Hashable, Sendable {
    /// What stands before the address.
    public var after: String
    /// What stands between its levels, where the rig has a slash.
    public var separator: String

    public init(after: String, separator: String = "/") {
        self.after = after
        self.separator = separator
    }

    /// - Parameter key: of what stands before the address: `topic_after` or `after`. Where it is not required, nothing may stand there.
    init(
        _ node: Node, key: String, otherKeys: [String] = [], isKeyRequired: Bool = true
    ) throws(DocumentFailure) {
        _ = try node.entries(of: "group", keys: [key, "separator"] + otherKeys)
        after = isKeyRequired ? try node.required(key).text() : try node[key]?.text() ?? ""
        separator = try node["separator"]?.text() ?? "/"
        guard !separator.isEmpty else {
            throw try node.required("separator").failure("at least one character was expected here")
        }
    }

    /// The address as the rig writes it; nil when nothing of the kind is in `text`.
    func group(in text: String) -> String? {
        guard text.hasPrefix(after) else { return nil }
        let rest = text.dropFirst(after.count)
        return separator == "/"
            ? String(rest) : rest.split(separator: separator, omittingEmptySubsequences: false).joined(separator: "/")
    }
}
