import Events

/// What a report shows of a run's plan. Every key may be missing: a report of evidence that another version wrote still says what it can.
struct PlanFacts {
    let plan: Value

    init(_ plan: Value) {
        self.plan = plan
    }

    var seed: Int64? { plan["seed"]?.integer }

    /// Protections that the system was started without.
    var sabotage: [String] { (plan["sabotage"]?.list ?? []).compactMap(\.text) }

    /// Neither fault nor heal was made.
    var isNull: Bool { plan["null_run"]?.bool ?? false }
    var isHeld: Bool { plan["held"]?.bool ?? false }

    /// How many runs share one baseline, and the run whose evidence has it; nil for a run with its own.
    var chain: (length: Int64, baseline: String)? {
        guard let length = plan["chain"]?["length"]?.integer, let baseline = plan["chain"]?["baseline"]?.text else {
            return nil
        }
        return (length, baseline)
    }

    /// Sources of events, each with what it can see (its visibility class).
    var sources: [(id: String, sees: String)] {
        (plan["sources"]?.list ?? []).compactMap { source in
            source["id"]?.text.map { ($0, source["sees"]?.text ?? "") }
        }
    }

    /// The scenario's name as its author wrote it.
    var title: String? { plan["title"]?.text }

    /// What the run was made with, each with its identity.
    var identities: [(what: String, identity: String)] {
        var found: [(String, String)] = []
        if let version = plan["tool"]?["version"]?.text {
            let build = plan["tool"]?["build"]?.text.map { ", build \($0)" } ?? ""
            found.append(("knxrig", version + build))
        }
        if let name = plan["system"]?["name"]?.text {
            found.append(("system", name + (plan["system"]?["build"]?.text.map { ", build \($0)" } ?? "")))
        }
        if let name = plan["rig"]?["name"]?.text { found.append(("rig", name)) }
        for board in plan["rig"]?["boards"]?.list ?? [] {
            if let board = board.text { found.append(("board", board)) }
        }
        for file in plan["files"]?.list ?? [] {
            guard let role = file["role"]?.text, let name = file["name"]?.text else { continue }
            found.append(("\(role) file", name + (file["text"] == nil ? "" : ", its text is in the evidence")))
        }
        return found
    }

    /// Quirks of the firmware that took part, where the plan holds a list of them.
    var quirks: [(id: String, device: String, what: String)]? {
        plan["quirks"]?.list.map { list in
            list.compactMap { quirk in
                quirk["id"]?.text.map {
                    ($0, quirk["device"]?.text ?? "–", quirk["what"]?.text ?? quirk["text"]?.text ?? "")
                }
            }
        }
    }

    /// The command that makes exactly this run again, when the plan holds it as a list of words.
    var command: [String]? {
        plan["command"]?.list.map { $0.compactMap(\.text) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Unix time of an instant, nanoseconds, by the plan's UTC anchor: one instant at which both clocks were read.
    func unixNanoseconds(of instant: Instant) -> Int64? {
        guard let anchor = plan["utc"], let unix = anchor["unix"]?.integer, let monotonic = anchor["monotonic"]?.integer
        else { return nil }
        let (sum, overflow) = unix.addingReportingOverflow(instant.nanoseconds &- monotonic)
        return overflow ? nil : sum
    }
}

extension RunReport {
    /// The words of the command that makes this run again.
    var repeatCommand: [String] {
        let facts = PlanFacts(plan)
        if let command = facts.command { return command }
        var words = ["knxrig", "test", "\(id)/\(variant)"]
        if let seed = facts.seed { words += ["--seed", String(seed)] }
        return words
    }
}

/// A command line that a POSIX shell reads back as the same words.
func shellText(_ words: [String]) -> String {
    words.map { word in
        let isPlain =
            !word.isEmpty
            && word.utf8.allSatisfy { octet in
                switch octet {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_./:=@%+,".utf8.contains(octet)
                }
            }
        if isPlain { return word }
        return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
    .joined(separator: " ")
}
