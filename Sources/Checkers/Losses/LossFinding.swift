public import Events

/// What one ledger says about one place between two frames that were seen.
public enum LossLedger: Hashable, Sendable {
    /// Of the busmonitor's own sequence: indications missing, known modulo 8 only.
    case sequence(indicationsModulo8: Int)
    /// Of the counts in payloads: telegrams missing, known modulo `modulus`.
    case counters(telegrams: Int, modulus: Int)
    /// Of the arithmetic of bus time: frames that fit between the two, at least and at most.
    case time(frames: ClosedRange<Int>)
}

/// A place between two frames that were seen, where something is missing, may be, or where the ledgers contradict each other.
public struct LossFinding: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        /// Frames were on the line here that the witness did not tell: every ledger that is kept agrees.
        case missing
        /// Something may be missing: no ledger says that it is, none that it is not.
        case unproven
        /// No number of frames satisfies all ledgers: one of them is wrong, and until it is known which, so is the witness.
        case disagreement
    }

    public var kind: Kind
    /// End of the last frame before.
    public var after: Instant
    /// Start of the first frame behind.
    public var before: Instant
    /// How many frames may be missing; nil in a disagreement.
    public var frames: ClosedRange<Int>?
    /// What they were like: the average of the line, in octets.
    public var aboutOctets: Int
    public var ledgers: [LossLedger]
    /// The witness itself has told that it could not see here.
    public var isToldByWitness: Bool

    /// True when the number of missing frames follows from the ledgers.
    public var isExact: Bool { frames.map { $0.lowerBound == $0.upperBound } ?? false }
}

extension LossFinding {
    /// One line for a person; instants as seconds after `start`.
    public func text(since start: Instant) -> String {
        let place = "between \(Text.microseconds(after - start)) and \(Text.microseconds(before - start))"
        let said = ledgers.map(\.text).joined(separator: "; ")
        let told = isToldByWitness ? " (the witness has told that it could not see)" : ""
        guard let frames else { return "\(place) the ledgers contradict each other: \(said)\(told)" }
        let count =
            frames.lowerBound == frames.upperBound
            ? "\(frames.lowerBound)" : "\(frames.lowerBound) to \(frames.upperBound)"
        let noun = frames == 1...1 ? "telegram" : "telegrams"
        let verb = kind == .missing ? "missing" : "perhaps missing"
        return "\(place) \(count) \(noun) of about \(aboutOctets) octets \(verb): \(said)\(told)"
    }
}

extension LossLedger {
    var text: String {
        switch self {
        case .sequence(let missing): "its sequence lacks \(missing) indications or any multiple of 8 more"
        case .counters(let telegrams, _): "the counts in payloads lack \(telegrams)"
        case .time(let frames):
            frames.lowerBound == frames.upperBound
                ? "\(frames.lowerBound) fit into the time"
                : "\(frames.lowerBound) to \(frames.upperBound) fit into the time"
        }
    }
}
