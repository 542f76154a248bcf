public import Events

/// What is proven about the losses of one witness, and what is not.
public struct LossConclusion: Hashable, Sendable {
    public enum Standing: String, CaseIterable, Hashable, Sendable {
        /// Between the first and the last frame nothing is missing.
        case nothingMissing = "nothing-missing"
        /// Something is missing, and what is not has been proven not to be.
        case missing
        /// Neither is proven everywhere.
        case unproven
    }

    /// Frames that were seen.
    public var sightings = 0
    public var first: Instant?
    public var last: Instant?
    public var missing: [LossFinding] = []
    public var disagreements: [LossFinding] = []
    /// The first places of which nothing is proven, up to `LossProof.longestList`.
    public var unproven: [LossFinding] = []
    /// All of them.
    public var unprovenCount = 0
    /// The attachment numbers its indications.
    public var hasSequence = false
    /// Streams of telegrams that carry counts.
    public var streams = 0
    /// The line is known to be loaded, so that silence is an answer.
    public var isLoaded = false

    public init() {}

    public var standing: Standing {
        guard sightings > 1, hasSequence || streams > 0 || isLoaded, unprovenCount == 0, disagreements.isEmpty else {
            return .unproven
        }
        return missing.isEmpty ? .nothingMissing : .missing
    }

    /// What it does not prove, in sentences; never empty, for nothing is known outside of the frames that were seen.
    public var limits: [String] {
        guard sightings > 1 else { return ["fewer than two frames were seen: nothing is proven"] }
        var limits = ["nothing is proven before the first frame seen and after the last"]
        if !hasSequence { limits.append("the attachment does not number what it tells: that ledger is empty") }
        if streams == 0 { limits.append("no telegram carries a count: that ledger is empty") }
        if !isLoaded { limits.append("the load of the line is not known: a silence proves nothing") }
        if unprovenCount > 0 { limits.append("at \(unprovenCount) places frames may be missing") }
        if !disagreements.isEmpty {
            limits.append("at \(disagreements.count) places the ledgers contradict each other")
        }
        return limits
    }
}
