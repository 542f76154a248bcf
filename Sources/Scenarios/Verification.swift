public import Checkers
import Events
public import Evidence
public import Platform

/// A run judged again from its evidence.
public struct Verification: Sendable {
    public var integrity: Integrity
    /// The verdict sealed when the run ended; nil without a seal.
    public var sealed: RunVerdict?
    /// The verdict of this program's checkers on the same events.
    public var recomputed: RunVerdict?
    /// Why there is no verdict to compare, when there is none.
    public var reason: String?

    /// True when there are two verdicts and they say the same.
    public var agrees: Bool { sealed != nil && recomputed != nil && differences.isEmpty }

    /// The parts of the two verdicts that differ, by their names in `verdict.json`; none without two. What is said about the bench after the run, and which
    /// version of the checkers speaks, is no difference.
    public var differences: [String] {
        guard let sealed, let recomputed else { return [] }
        return Self.differences(sealed, recomputed)
    }

    static func differences(_ one: RunVerdict, _ other: RunVerdict) -> [String] {
        let (first, second) = (one.value, other.value)
        let parts = (first.fields ?? []).map(\.key) + (second.fields ?? []).map(\.key).filter { first[$0] == nil }
        return parts.filter { !["notes", "checker_version"].contains($0) && first[$0] != second[$0] }
    }

    /// - Parameter path: a run's directory, or its evidence.jsonl.
    /// - Throws: when there is no evidence to read.
    public init(path: String) throws(SystemFailure) {
        let file = path.hasSuffix(".jsonl") ? path : path + "/evidence.jsonl"
        var reader = try JournalReader(path: file)
        var judge: Judge?
        var isFirst = true
        while let entry = try reader.next() {
            if isFirst {
                isFirst = false
                guard case .plan(let plan) = entry.event.payload else { continue }
                do {
                    judge = try Judge(plan: plan)
                } catch {
                    reason = "the plan does not judge: \(error)"
                }
            } else if case .seal(let verdict) = entry.event.payload {
                sealed = try? RunVerdict(verdict)
            } else {
                judge?.observe(entry.event)
            }
        }
        integrity = reader.integrity ?? .unsealed
        recomputed = judge?.conclude()
        if judge == nil, reason == nil { reason = "the file does not begin with a plan: this is no run" }
    }
}
