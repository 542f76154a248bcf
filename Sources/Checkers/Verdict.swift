public import Events

/// What came of a run. Only pass is a pass.
public enum Outcome: String, CaseIterable, Sendable {
    case pass
    /// The system did not do what is expected of it.
    case fail
    /// The uncertainty straddles a limit.
    case inconclusive
    /// The rig could not prove the fault or the state before it: nothing was tested.
    case invalid
    /// Something of the rig's own broke.
    case error
    case aborted
}

/// One contribution to the uncertainty of a measured value.
public struct BudgetItem: Sendable, Hashable {
    public var what: String
    /// Standard uncertainty (k = 1).
    public var nanoseconds: Int64

    public init(what: String, nanoseconds: Int64) {
        self.what = what
        self.nanoseconds = nanoseconds
    }
}

/// A measured time beside its limit.
public struct Measured: Sendable, Hashable {
    /// `time_to_recover`, `time_to_detect`, …
    public var name: String
    /// nil: it never happened.
    public var valueNanoseconds: Int64?
    /// Expanded uncertainty, k = 2.
    public var uncertaintyNanoseconds: Int64
    public var limitNanoseconds: Int64?
    public var outcome: Outcome
    public var budget: [BudgetItem]
    public var note: String?

    public init(
        name: String, valueNanoseconds: Int64?, uncertaintyNanoseconds: Int64, limitNanoseconds: Int64?,
        outcome: Outcome,
        budget: [BudgetItem] = [], note: String? = nil
    ) {
        self.name = name
        self.valueNanoseconds = valueNanoseconds
        self.uncertaintyNanoseconds = uncertaintyNanoseconds
        self.limitNanoseconds = limitNanoseconds
        self.outcome = outcome
        self.budget = budget
        self.note = note
    }

    /// A value held against its limit with a guard band: pass only if value + U ≤ limit, fail only if value − U > limit.
    static func judged(
        _ name: String, value: Int64?, limit: Int64, budget: [BudgetItem], note: String? = nil
    ) -> Measured {
        // The contributions are independent of each other: their variances add.
        let variance = budget.reduce(0.0) { $0 + Double($1.nanoseconds) * Double($1.nanoseconds) }
        let expanded = Int64((2 * variance.squareRoot()).rounded(.up))
        let outcome: Outcome
        if let value {
            outcome = value + expanded <= limit ? .pass : value - expanded > limit ? .fail : .inconclusive
        } else {
            outcome = .fail
        }
        return Measured(
            name: name, valueNanoseconds: value, uncertaintyNanoseconds: expanded, limitNanoseconds: limit,
            outcome: outcome,
            budget: budget, note: note)
    }
}

/// What a checker has to say against a run.
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

/// What became of the telegrams of one hop: on the bus = delivered + suppressed + dropped + unreachable + unobserved + silent.
public struct LedgerRow: Sendable, Hashable {
    public var hop: String
    public var onBus = 0
    public var delivered = 0
    /// Same value as before, which the system declares not to pass on.
    public var suppressed = 0
    /// Dropped and counted by the system itself.
    public var dropped = 0
    /// On the line while the fault cut this hop.
    public var unreachable = 0
    /// While the probe could not see.
    public var unobserved = 0
    /// Lost, and nobody said so.
    public var silent = 0
    /// Shown again without a telegram: a re-publication.
    public var duplicated = 0
    /// Shown after a newer one.
    public var reordered = 0
    /// The silent ones by name, at most 20.
    public var missing: [String] = []

    public init(hop: String) {
        self.hop = hop
    }
}

/// The four instants of a run.
public struct Instants: Sendable, Hashable {
    /// T0: the fault is effective.
    public var fault: Instant?
    /// Td: the first sign from the system itself.
    public var detected: Instant?
    /// Th: the fault is over and the rig itself ready again.
    public var healed: Instant?
    /// Tr: from here on everything held.
    public var recovered: Instant?

    public init(fault: Instant? = nil, detected: Instant? = nil, healed: Instant? = nil, recovered: Instant? = nil) {
        self.fault = fault
        self.detected = detected
        self.healed = healed
        self.recovered = recovered
    }
}

/// The verdict of one run with all that it rests on.
public struct RunVerdict: Sendable, Hashable {
    public var outcome: Outcome
    /// The first sentence: after a fail it names the first hop that broke, and when.
    public var sentence: String
    public var instants = Instants()
    public var measured: [Measured] = []
    public var findings: [Finding] = []
    public var ledger: [LedgerRow] = []
    public var notes: [String] = []
    /// Whether the witness told all that the line said; nil in evidence of a version that did not ask, and where nothing was judged.
    public var witness: WitnessStatement?
    /// How often which length of a dip did what; nil where no dips were swept.
    public var dips: DipCurve?
    public var checkerVersion = Judge.version

    public init(outcome: Outcome, sentence: String) {
        self.outcome = outcome
        self.sentence = sentence
    }

    /// The rig itself was too late or blind, so that the run says nothing about the system: worth making again.
    public var isRigsOwnLateness: Bool { outcome == .invalid && findings.contains { $0.checker == "instrument" } }

    /// A relay that had to open inside a telegram opened between two: worth making again, at another time.
    public var hasMissedItsTelegram: Bool {
        outcome == .invalid && findings.contains { $0.checker == Self.missedTelegram }
    }

    static let missedTelegram = "missed telegram"
}
