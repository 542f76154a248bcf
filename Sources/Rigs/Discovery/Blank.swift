import Documents

/// What a person has to fill in of a rig file that a machine has begun: a value that begins with `FILL-IN`, followed by what is wanted.
enum Blank {
    static let mark = "FILL-IN"

    /// Every blank of a document, each as a failure that names its place and what is wanted there.
    static func all(in node: Node) -> [DocumentFailure] {
        switch node.content {
        case .scalar(let text, _):
            guard text.hasPrefix(mark) else { return [] }
            let wanted = text.dropFirst(mark.count).drop { $0 == " " }
            return [node.failure("to be filled in here: \(wanted.isEmpty ? "a value" : String(wanted))")]
        case .sequence(let nodes): return nodes.flatMap(all)
        case .mapping(let entries): return entries.flatMap { all(in: $0.value) }
        }
    }
}
