import Documents

extension Scenario {
    /// A fault that is made and healed again and again on one system in one process, so that what each time leaves behind adds up.
    public struct Cycles: Sendable, Hashable {
        /// With fewer nobody can tell a growth from chance, and the first is left out.
        public static let least = 6

        public var count: Int
        /// For so long the recovery of a cycle must have held before the next fault: supervisors that wait longer after each failure begin anew.
        public var coolDownNanoseconds: Int64

        /// What can be asked of cycles. A state or a ledger would be judged from the first fault to the last recovery, where nearly everything is excused.
        static let checkers: Set<String> = ["recovers", "growth", "leaks", "commands", "detected", "healthy"]
        /// What may be made so often: no contact wears, and each time is like the one before.
        static let actions: Set<Action> = [
            .killService, .stallService, .killProcess, .stallProcess, .hangProcess, .troubleLink,
        ]
    }
}

extension Scenario.Cycles {
    /// Reads `cycles:` and `cool_down:` of a variant; nil where it has none.
    ///
    /// - Parameter hold: the cool-down where the variant says none: a recovery that has held is one.
    init?(
        _ variant: Node, of steps: [Scenario.FaultStep], hold: Int64, expectations: [Scenario.Expectation]
    ) throws(DocumentFailure) {
        let growth = expectations.contains { $0.checker == "growth" }
        guard let node = variant["cycles"] else {
            if let lost = variant["cool_down"] {
                throw lost.failure("'cool_down' lies between 'cycles', and there are none")
            }
            guard !growth else { throw variant.failure("'growth' is judged over 'cycles', and there are none") }
            return nil
        }
        count = try node.integer(Self.least...50)
        coolDownNanoseconds = try variant["cool_down"]?.nanoseconds() ?? hold
        guard coolDownNanoseconds >= 3_000_000_000 else {
            throw (variant["cool_down"] ?? variant).failure("a cool-down is 3 s at least")
        }
        guard steps.count == 1, Self.actions.contains(steps[0].action) else {
            throw node.failure(
                "cycles are made of one step without a contact: "
                    + Self.actions.map(\.rawValue).sorted().joined(separator: ", "))
        }
        guard growth else { throw node.failure("'cycles' are made for the sake of 'growth': 'expect' it") }
        if let other = expectations.first(where: { !Self.checkers.contains($0.checker) }) {
            throw node.failure(
                "'\(other.checker)' says nothing over cycles, between whose first fault and last recovery nearly everything is excused: "
                    + "make it without them")
        }
    }
}
