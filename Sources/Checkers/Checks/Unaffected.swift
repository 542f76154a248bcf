import Events

/// The live path goes on as before while something beside it is broken: what the fault does not cut is as quick during it as it was.
enum Unaffected {
    /// Fewer telegrams on either side say nothing of a 95th percentile.
    static let samples = 500
    /// No telegram of a live path takes longer, whatever the percentile, unless one took longer before the fault too.
    private static let budget = Instant.Span.milliseconds(250)
    /// What the percentile may gain, whichever is more: twice as long, or this.
    private static let allowance = Instant.Span.milliseconds(50)
    /// A slip of the rig's own makes telegrams late up to this long after it.
    private static let slipEffect = Instant.Span.milliseconds(500)

    static func judge(_ world: World, fault: Instant, healed: Instant, into verdict: inout RunVerdict) {
        guard let began = world.judgedFrom else { return }
        for (view, delivery) in world.deliveries
        where !world.plan.cuts.contains(view.id) && !world.plan.cuts.contains("line") {
            let before = latencies(delivery, from: began, to: fault)
            let during = latencies(delivery, from: fault, to: healed)
            let lost = delivery.entries.count { $0.fate == .missing && $0.instant >= fault && $0.instant < healed }
            if lost > 0 {
                verdict.findings.append(
                    Finding(
                        checker: "unaffected", outcome: .fail,
                        sentence:
                            "live path: \(view.id) did not show \(lost) telegrams while the fault lasted, which does not cut it",
                        at: fault, hop: "line → \(view.id)"))
                continue
            }
            guard before.count >= samples, during.count >= samples else {
                verdict.findings.append(
                    Finding(
                        checker: "unaffected", outcome: .inconclusive,
                        sentence:
                            "\(view.id) showed \(before.count) telegrams before the fault and \(during.count) during it: at least \(samples) of each are needed to compare",
                        at: fault, hop: "line → \(view.id)"))
                continue
            }
            let usual = percentile(before)
            let limit = max(Instant.Span(nanoseconds: 2 * usual.nanoseconds), usual + allowance)
            let measured = percentile(during)
            verdict.measured.append(
                Measured(
                    name: "latency_p95_\(view.id)", valueNanoseconds: measured.nanoseconds,
                    uncertaintyNanoseconds: 2_000_000,
                    limitNanoseconds: limit.nanoseconds, outcome: measured <= limit ? .pass : .fail,
                    note: "before the fault \(Text.seconds(usual))"))
            if measured > limit {
                verdict.findings.append(
                    Finding(
                        checker: "unaffected", outcome: .fail,
                        sentence:
                            "live path: \(view.id) was slower while the fault lasted: 95 % of telegrams within \(Text.duration(measured)), before \(Text.duration(usual))",
                        at: fault, hop: "line → \(view.id)"))
            } else if let late = late(during, over: max(budget, before.map(\.after).max() ?? budget), world) {
                verdict.findings.append(
                    Finding(
                        checker: "unaffected", outcome: .fail,
                        sentence:
                            "live path: \(view.id) showed \(Text.group(late.group)) only \(Text.duration(late.after)) after the line, \(Text.relative(late.instant, to: fault))",
                        at: late.instant, hop: "line → \(view.id)"))
            }
        }
    }

    private struct Latency {
        var instant: Instant
        var group: UInt16
        var after: Instant.Span
    }

    private static func latencies(_ delivery: Delivery, from: Instant, to: Instant) -> [Latency] {
        delivery.entries.compactMap { entry in
            guard entry.instant >= from, entry.instant < to, case .delivered(let at, _) = entry.fate else { return nil }
            return Latency(instant: entry.instant, group: entry.group, after: at - entry.instant)
        }
    }

    private static func percentile(_ latencies: [Latency]) -> Instant.Span {
        let sorted = latencies.map(\.after).sorted()
        return sorted[min(sorted.count - 1, sorted.count * 95 / 100)]
    }

    /// The first telegram later than `limit` that no slip of the rig's own explains.
    private static func late(_ latencies: [Latency], over limit: Instant.Span, _ world: World) -> Latency? {
        latencies.first { latency in
            latency.after > limit
                && !world.timeline.slips.contains { slip in
                    slip.instant >= latency.instant - slipEffect
                        && slip.instant <= latency.instant + latency.after + slipEffect
                        && latency.after <= limit + slipEffect + Instant.Span(nanoseconds: slip.content.lateNanoseconds)
                }
        }
    }
}
