import Events

/// Tr: the first instant after the heal from which everything held until the end of what is judged.
struct Recovery {
    /// Nothing that happened in the last second before the end is judged: its effects may still be on their way.
    static let unjudged = Instant.Span.seconds(1)

    /// nil while it has not recovered.
    private(set) var recovered: FaultWitness.Proven?
    /// What is still missing, for people; nil when it has recovered.
    private(set) var missing: String?
    /// Telegrams are shown and views can be read, whatever they show.
    private(set) var isFlowing = true

    /// - Parameter healed: Th; before it nothing counts.
    init(world: World, healed: FaultWitness.Proven, until end: Instant) {
        var latest = healed
        var missing: String?
        for (view, delivery) in world.deliveries {
            switch Recovery.flow(view, delivery, since: healed.instant, until: end - Recovery.unjudged) {
            case .success(let proven): latest = Recovery.later(latest, proven)
            case .failure(let reason):
                missing = missing ?? reason.text
                isFlowing = false
            }
        }
        for view in world.plan.views {
            if let reason = world.unanswered(view, at: end) {
                missing = missing ?? reason
                isFlowing = false
            }
            // A view that could not be read meanwhile did not show anything right.
            if let poll = world.readableAgain(view, since: healed.instant, until: end) {
                latest = Recovery.later(
                    latest,
                    FaultWitness.Proven(
                        instant: poll.instant, uncertainty: poll.uncertainty, what: "\(view.id) could be read again"))
            }
            for group in world.plan.points.sorted() where !world.plan.isExcused(view, group) {
                let isSentinel = world.plan.judgesSentinels && world.isSentinel(group)
                // A sentinel is wrong from the heal on until it is right: it has no fresh telegram to lag behind.
                let limit = isSentinel ? .zero : view.limit
                for disagreement in world.agreement(view, group, limit: limit, until: end).disagreements {
                    guard let until = disagreement.until else {
                        missing =
                            missing
                            ?? "\(view.id) shows \(Text.group(group)) = \(disagreement.shown.map(Text.raw) ?? "nothing"), the line has "
                            + "said \(Text.raw(disagreement.wanted)) for \(Text.seconds(end - disagreement.since))"
                        continue
                    }
                    latest = Recovery.later(
                        latest,
                        FaultWitness.Proven(
                            instant: until, uncertainty: disagreement.uncertainty,
                            what: "\(view.id) right about \(Text.group(group))"))
                }
            }
        }
        self.missing = missing
        recovered = missing == nil ? latest : nil
    }

    /// Everything has held for `hold` since the recovery; broken once the limit has passed without.
    static func standing(
        _ world: World, since healed: FaultWitness.Proven, hold: Instant.Span, at instant: Instant
    ) -> Standing {
        let recovery = Recovery(world: world, healed: healed, until: instant)
        let limit = world.plan.recover + .seconds(1)
        guard let recovered = recovery.recovered else {
            let reason = recovery.missing ?? "nothing seen yet"
            return instant - healed.instant > limit ? .broken(reason) : .pending(reason)
        }
        if recovered.instant - healed.instant > limit { return .broken("it recovered, but only after the limit") }
        let held = instant - recovered.instant
        return held >= hold + unjudged ? .holds : .pending("holding for \(held.nanoseconds / 1_000_000_000) s")
    }

    /// The later of two; of two at one instant the one that is known less well.
    private static func later(_ left: FaultWitness.Proven, _ right: FaultWitness.Proven) -> FaultWitness.Proven {
        (right.instant, right.uncertainty) > (left.instant, left.uncertainty) ? right : left
    }

    private struct Reason: Error {
        var text: String
    }

    /// The delivery from which on every telegram was delivered.
    private static func flow(
        _ view: JudgePlan.View, _ delivery: Delivery, since healed: Instant, until end: Instant
    ) -> Result<FaultWitness.Proven, Reason> {
        let judged = delivery.entries.filter { $0.instant >= healed && $0.instant <= end }
        guard !judged.isEmpty else { return .failure(Reason(text: "no telegram has had its second on the line yet")) }
        let lastMissing = judged.lastIndex { $0.fate == .missing } ?? -1
        for entry in judged[(lastMissing + 1)...] {
            if case .delivered(let instant, let uncertainty) = entry.fate {
                return .success(
                    FaultWitness.Proven(
                        instant: instant, uncertainty: uncertainty, what: "first telegram shown by \(view.id)"))
            }
        }
        let lost = judged.count { $0.fate == .missing }
        return .failure(
            Reason(
                text:
                    "\(view.id) has not shown \(lost) of \(judged.count) telegrams since the heal, the newest among them"
            ))
    }
}
