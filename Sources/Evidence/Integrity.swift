/// What reading a journal to its end has shown about it. Each case has one sentence.
public enum Integrity: Hashable, Sendable, CustomStringConvertible {
    /// Every line follows from the one before it, and the last one is the seal.
    case intact
    /// Every line follows from the one before it, but there is no seal: the run was aborted, or still goes on.
    case unsealed
    /// The last line is incomplete: the writer's machine or process died in the middle of it. All before it is as written.
    case torn(line: Int)
    /// The line (counted from 1) is not what was written there; what comes from it on is not to be trusted.
    case altered(line: Int, Alteration)

    /// What was done to a line.
    public enum Alteration: Hashable, Sendable {
        /// It is no line of evidence at all.
        case unreadable(reason: String)
        /// The event and its hash do not agree.
        case changed
        /// Events are missing before it.
        case removed(from: Int, to: Int)
        /// It stands where another event was written; that one is elsewhere in the file, or this one is there twice.
        case reordered(expected: Int, found: Int)
        /// The evidence was sealed before it.
        case appended
        /// Event 0 is not the plan.
        case planMissing
    }

    public var description: String {
        switch self {
        case .intact: "intact: every line follows from the one before it, and the evidence is sealed"
        case .unsealed: "unsealed: every line follows from the one before it, but the run did not come to its end"
        case .torn(let line): "torn: line \(line) is incomplete and not used; every line before it is as written"
        case .altered(let line, let alteration): "altered: line \(line) " + alteration.sentence
        }
    }

    /// True when nothing contradicts that the events read are those written, in their order.
    public var isTrustworthy: Bool {
        if case .altered = self { false } else { true }
    }
}

extension Integrity.Alteration {
    fileprivate var sentence: String {
        switch self {
        case .unreadable(let reason): "is no line of evidence: \(reason)"
        case .changed: "and its hash do not agree, so octets of one of them were changed"
        case .removed(let first, let last) where first == last: "follows a gap: event \(first) was removed"
        case .removed(let first, let last): "follows a gap: events \(first) to \(last) were removed"
        case .reordered(let expected, let found):
            "is event \(found) where event \(expected) was written: lines were moved or copied"
        case .appended: "was added after the seal"
        case .planMissing: "is event 0 but not the plan of a run"
        }
    }
}
