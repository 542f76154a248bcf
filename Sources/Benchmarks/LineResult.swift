/// What became of the telegrams of one line.
struct LineResult {
    var name: String
    /// Telegrams of the stimuli (line → client) and of the client (client → line).
    var stimulated: Int
    var commanded: Int
    var lostOnLine: Int
    var lostToClient: Int
    var duplicated: Int
    var repetitions: Int
    /// Median load of the line over windows of one second, per mille of its capacity.
    var loadPermille: Int
    /// End of frame on the line → client, nanoseconds, sorted.
    var latencies: [Int64]
    /// Telegrams that were not exactly once where they should be, by name.
    var named: [String]

    var isClean: Bool { lostOnLine == 0 && lostToClient == 0 && duplicated == 0 && !latencies.isEmpty }

    var text: String {
        let load = "\(loadPermille / 10).\(loadPermille % 10) %"
        return """
              \(name): load \(load); \(stimulated) line → client, \(commanded) client → line; lost on the line \(lostOnLine), lost to the \
            client \(lostToClient), duplicated \(duplicated), repetitions \(repetitions); end of frame → client p50 \(milliseconds(500)) \
            p99 \(milliseconds(990)) max \(milliseconds(1000)) ms\(named.map { "\n      " + $0 }.joined())
            """
    }

    /// The latency that `share` per mille did not exceed, as milliseconds with two places.
    private func milliseconds(_ share: Int) -> String {
        guard !latencies.isEmpty else { return "?" }
        let index = min(latencies.count - 1, latencies.count * share / 1000)
        let hundredths = (latencies[index] + 5_000) / 10_000
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
