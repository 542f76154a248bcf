import Events

/// A configuration that is none is refused: status 1, soon, with one clear line that names the file, and nothing written.
enum Rejects {
    private static let limit = Instant.Span.seconds(2)

    static func judge(_ world: World, into verdict: inout RunVerdict) {
        var open: [Int64: Timeline.Stamped<Event.Operation>] = [:]
        var slowest: Instant.Span?
        for operation in TrialsProof.trials(world.timeline) {
            guard operation.content.action != .invoke else {
                open[operation.content.id] = operation
                continue
            }
            guard let begun = open.removeValue(forKey: operation.content.id) else { continue }
            let took = operation.instant - begun.instant
            slowest = max(slowest ?? took, took)
            guard let complaint = complaint(operation.content, took) else { continue }
            verdict.findings.append(
                Finding(
                    checker: "rejects", outcome: .fail,
                    sentence: "start: the configuration '\(begun.content.key ?? "?")' \(complaint)",
                    at: operation.instant, hop: "controller"))
        }
        if let slowest {
            verdict.measured.append(
                Measured(
                    name: "time_to_refuse", valueNanoseconds: slowest.nanoseconds, uncertaintyNanoseconds: 2_000_000,
                    limitNanoseconds: limit.nanoseconds, outcome: slowest <= limit ? .pass : .fail))
        }
        for (_, trial) in open.sorted(by: { $0.key < $1.key }) {
            verdict.findings.append(
                Finding(
                    checker: "rejects", outcome: .inconclusive,
                    sentence: "what became of the configuration '\(trial.content.key ?? "?")' is not known",
                    at: trial.instant, hop: "controller"))
        }
    }

    /// What is wrong with how a configuration was refused; nil when nothing is.
    private static func complaint(_ trial: Event.Operation, _ took: Instant.Span) -> String? {
        if trial.action == .unknown { return "was not refused: the system ran on" }
        if trial.status != 1 {
            return "was refused with \(trial.status.map { "status \($0)" } ?? "a signal"), not with status 1"
        }
        if took > limit { return "was refused only after \(Text.seconds(took))" }
        return trial.detail
    }
}
