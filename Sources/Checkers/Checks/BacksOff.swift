import Events

/// A system that cannot reach a service goes on trying, and leaves time between its attempts: one that tries without a pause takes from whoever shares its
/// computer and its network, and meets the service with a storm when it comes back.
enum BacksOff {
    /// Attempts within `window`: one a second.
    private static let most = 20
    private static let window = Instant.Span.seconds(20)

    static func judge(_ world: World, fault: Instant, healed: Instant, into verdict: inout RunVerdict) {
        guard let gate = world.plan.refusedGate else { return }
        let hop = "controller → \(gate)"
        func find(_ outcome: Outcome, _ sentence: String, at instant: Instant? = nil) {
            verdict.findings.append(
                Finding(checker: "backs-off", outcome: outcome, sentence: "retries: " + sentence, at: instant, hop: hop)
            )
        }
        let sight = world.timeline.samples[gate]?["attempts"]?.last { $0.instant <= healed }
        guard let sight else { return find(.inconclusive, "nobody has looked for attempts to reach the \(gate)") }
        guard sight.content.reading == "seen" else {
            verdict.notes.append(
                "whether the system leaves time between its attempts to reach the \(gate) was not judged: attempts are "
                    + (sight.content.reading?.text ?? "not seen"))
            return
        }
        let attempts = world.timeline.links.filter {
            $0.content.link == gate && $0.content.change == .refused && $0.instant >= sight.instant
                && $0.instant < healed
        }.map(\.instant)
        guard let first = attempts.first else {
            return find(.fail, "the system never tried to reach the \(gate) while it was away", at: sight.instant)
        }
        for (index, attempt) in attempts.enumerated() where index >= most {
            let begun = attempts[index - most]
            guard attempt - begun <= window else { continue }
            let count = attempts.count { $0 >= begun && $0 <= begun + window }
            return find(
                .fail,
                "the system tried to reach the \(gate) \(count) times within \(Text.seconds(window)) from "
                    + "\(Text.relative(begun, to: fault)), and once a second is often enough", at: begun)
        }
        let pauses = zip(attempts, attempts.dropFirst()).map { $1 - $0 }
        let range = pauses.min().map { ", with pauses of \(Text.seconds($0)) to \(Text.seconds(pauses.max() ?? $0))" }
        verdict.notes.append(
            "the system tried to reach the \(gate) \(attempts.count) times while it was away\(range ?? ""), first "
                + Text.relative(first, to: fault))
    }
}
