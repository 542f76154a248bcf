public import Events

/// TEMPORARY
public enum Outcome: String, CaseIterable, Sendable {
    case pass, fail, inconclusive, invalid, error, aborted
}

public struct BudgetItem: Sendable, Hashable {
    public var what: String
    public var nanoseconds: Int64
    public init(what: String, nanoseconds: Int64) {
        self.what = what
        self.nanoseconds = nanoseconds
    }
}

public struct Measured: Sendable, Hashable {
    public var name: String
    public var valueNanoseconds: Int64?
    public var uncertaintyNanoseconds: Int64
    public var limitNanoseconds: Int64?
    public var outcome: Outcome
    public var budget: [BudgetItem]
    public var note: String?
    public init(
        name: String, valueNanoseconds: Int64?, uncertaintyNanoseconds: Int64, limitNanoseconds: Int64?,
        outcome: Outcome, budget: [BudgetItem] = [], note: String? = nil
    ) {
        self.name = name
        self.valueNanoseconds = valueNanoseconds
        self.uncertaintyNanoseconds = uncertaintyNanoseconds
        self.limitNanoseconds = limitNanoseconds
        self.outcome = outcome
        self.budget = budget
        self.note = note
    }
}

public struct Finding: Sendable, Hashable {
    public var checker: String
    public var outcome: Outcome
    public var sentence: String
    public var at: Instant?
    public var hop: String?
    public init(checker: String, outcome: Outcome, sentence: String, at: Instant? = nil, hop: String? = nil) {
        self.checker = checker
        self.outcome = outcome
        self.sentence = sentence
        self.at = at
        self.hop = hop
    }
}

public struct LedgerRow: Sendable, Hashable {
    public var hop: String
    public var onBus = 0
    public var delivered = 0
    public var suppressed = 0
    public var dropped = 0
    public var unreachable = 0
    public var unobserved = 0
    public var silent = 0
    public var duplicated = 0
    public var reordered = 0
    public var missing: [String] = []
    public init(hop: String) { self.hop = hop }
}

public struct Instants: Sendable, Hashable {
    public var fault: Instant?
    public var detected: Instant?
    public var healed: Instant?
    public var recovered: Instant?
    public init(
        fault: Instant? = nil, detected: Instant? = nil, healed: Instant? = nil, recovered: Instant? = nil
    ) {
        self.fault = fault
        self.detected = detected
        self.healed = healed
        self.recovered = recovered
    }
}

public struct RunVerdict: Sendable, Hashable {
    public var outcome: Outcome
    public var sentence: String
    public var instants = Instants()
    public var measured: [Measured] = []
    public var findings: [Finding] = []
    public var ledger: [LedgerRow] = []
    public var notes: [String] = []
    public var checkerVersion = "0"
    public init(outcome: Outcome, sentence: String) {
        self.outcome = outcome
        self.sentence = sentence
    }
}
