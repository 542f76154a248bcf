import Documents

/// Several steps of one fault: which can be combined, and in what order they must stand.
extension Scenario.FaultStep {
    /// What a step owns while it lasts; two steps with one owner would undo each other. nil for what is combined with nothing: it starts the system itself,
    /// or is over only when its requests are.
    var owns: String? {
        switch action {
        // A contact with a timing of its own takes the first step's word for what it does.
        case .cutLineSupply: contact == nil ? "the line's supply" : nil
        case .cutInterface: "the supply of the system's interface"
        case .killService, .stallService: "the service '\(service ?? "")'"
        case .killProcess, .stallProcess, .hangProcess: "the process '\(process ?? "")'"
        case .lockDatabase: "the system's database"
        case .cutWrites, .refuseWrites, .swallowWrites, .troubleLink: "the gate '\(gate ?? "")'"
        default: nil
        }
    }

    /// Reads the steps in their order.
    ///
    /// - Throws: a step that comes too early, twice, or that cannot be combined with one before it, with its place in the file.
    static func sequence(
        _ nodes: [Node], of list: Node, _ parameters: Parameters
    ) throws(DocumentFailure) -> [Scenario.FaultStep] {
        guard !nodes.isEmpty else { throw list.failure("a fault has at least one step") }
        var steps: [Scenario.FaultStep] = []
        for node in nodes {
            let step = try Scenario.FaultStep(node, parameters)
            try step.check(after: steps, node)
            if nodes.count > 1, step.owns == nil {
                throw node.failure("'\(step.action.rawValue)' cannot be combined with another step")
            }
            steps.append(step)
        }
        return steps
    }

    private func check(after earlier: [Scenario.FaultStep], _ node: Node) throws(DocumentFailure) {
        guard let last = earlier.last else {
            guard atNanoseconds == 0 else { throw node.failure("the first step begins the fault: it has no 'at'") }
            return
        }
        guard atNanoseconds >= last.atNanoseconds else {
            throw node.failure("steps stand in the order in which they begin: this one begins before the one above it")
        }
        // A witness of one kind could not tell whose fault it sees.
        if let same = earlier.first(where: { $0.action.kind == action.kind || $0.kind == kind }) {
            throw node.failure(
                "'\(action.rawValue)' stands here twice in effect: '\(same.action.rawValue)' above is the same kind of fault"
            )
        }
        if let owns, let other = earlier.first(where: { $0.owns == owns }) {
            throw node.failure(
                "'\(action.rawValue)' cannot be combined with '\(other.action.rawValue)': both need \(owns)")
        }
        if earlier.contains(where: { $0.againInReadOutNanoseconds != nil }) || againInReadOutNanoseconds != nil {
            throw node.failure("a step that comes again in the read-out cannot be combined with another")
        }
    }
}
