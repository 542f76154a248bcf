import Events

/// A zombie says that it is healthy and moves nothing, under load.
///
/// On a line that is dead nothing is due, and nobody is judged: a knxd that was started again on a dead line says that it is open (40 runs of HW-1, HW-5, HW-6 and
/// HW-7, measured), so that no controller behind it can know better.
struct Zombie {
    /// How long nothing may move under load.
    private static let still = Instant.Span.seconds(5)
    /// Fewer telegrams than this in that time are no load.
    private static let load = 5

    /// Judged before the fault, from the detection limit on while the fault lasts, and from the recovery limit on after it.
    static func findings(_ world: World) -> [Finding] {
        guard let began = world.judgedFrom, let fault = world.witness.fault?.instant else {
            return []
        }
        let healed = world.witness.healed?.instant
        // What a consumer does not take before the fault it cannot show either.
        let normalUntil = min(fault, world.stalled.map { $0.lowerBound + still } ?? fault)
        var findings: [Finding] = []
        for (view, delivery) in world.deliveries {
            let arrivals = delivery.entries.compactMap { if case .delivered(let at, _) = $0.fate { at } else { nil } }
                .sorted()
            for sample in world.timeline.samples["health"]?["status"] ?? []
            where sample.content.reading == "healthy" && sample.instant <= world.end {
                let isBefore = sample.instant >= began + still && sample.instant < normalUntil
                let isDuring = sample.instant >= fault + world.plan.detect && sample.instant < (healed ?? world.end)
                let isAfter = healed.map { sample.instant > $0 + world.plan.recover } ?? false
                guard isBefore || isDuring || isAfter else { continue }
                let window = (sample.instant - still)...(sample.instant - .milliseconds(500))
                let due = delivery.entries.count { window.contains($0.instant) && $0.fate != .unobserved }
                guard due >= load, !arrivals.contains(where: { $0 >= window.lowerBound && $0 <= sample.instant }) else {
                    continue
                }
                findings.append(
                    Finding(
                        checker: "zombie", outcome: .fail,
                        sentence:
                            "zombie: healthy by its own word \(Text.relative(sample.instant, to: fault)), and \(view.id) had shown "
                            + "none of \(due) telegrams of the last \(Text.seconds(still))", at: sample.instant,
                        hop: "line → \(view.id)"))
                break
            }
        }
        return findings
    }
}
