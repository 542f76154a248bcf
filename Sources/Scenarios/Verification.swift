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
    /// version of the checkers speaks, is no difference; nor is what only newer checkers than those of the seal say or measure.
    public var differences: [String] {
        guard let sealed, let recomputed else { return [] }
        return Self.differences(sealed, recomputed)
    }

    static func differences(_ one: RunVerdict, _ other: RunVerdict) -> [String] {
        let (first, second) = (one.value, other.value)
        let isOfOtherCheckers = one.checkerVersion != other.checkerVersion
        let own = (second.fields ?? []).map(\.key).filter { first[$0] == nil }
        let parts = (first.fields ?? []).map(\.key) + (isOfOtherCheckers ? [] : own)
        return parts.filter { part in
            guard !["notes", "checker_version"].contains(part) else { return false }
            guard part == "measured", isOfOtherCheckers else { return first[part] != second[part] }
            let names = Set(one.measured.map(\.name))
            return one.measured != other.measured.filter { names.contains($0.name) }
        }
    }

    /// The run as it counts after it was judged again. Other words for the same outcome change nothing, and a fail by either judgement is a fail; any other
    /// disagreement takes the weight away.
    public func weighing(_ run: RunSummary) -> RunSummary {
        guard run.outcome != Outcome.fail.rawValue else { return run }
        var judged = run
        if let recomputed, recomputed.outcome == .fail {
            judged.outcome = Outcome.fail.rawValue
            judged.sentence = recomputed.sentence
        } else if recomputed?.outcome.rawValue != run.outcome {
            judged.flaw =
                "judged again it is \(recomputed?.outcome.rawValue ?? "nothing"): "
                + (recomputed?.sentence ?? reason ?? "")
        }
        return judged
    }

    init(integrity: Integrity, sealed: RunVerdict?, recomputed: RunVerdict?) {
        self.integrity = integrity
        self.sealed = sealed
        self.recomputed = recomputed
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
