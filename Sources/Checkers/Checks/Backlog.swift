import Catalogue
import Events

/// A consumer that takes nothing for a while: no more than the declared bound of what came meanwhile reaches it late, and what does not reach it is
/// counted by the system itself, no more and no less.
enum Backlog {
    /// A bound that so many telegrams have not exceeded by a quarter was not tried.
    private static let margin = 4

    static func judge(_ world: World, _ rows: [LedgerRow], fault: Instant, into verdict: inout RunVerdict) {
        for (view, delivery) in world.deliveries {
            guard let bound = view.bound else { continue }
            let hop = "line → \(view.id)"
            guard let counted = Drops.counted(world, view) else {
                verdict.findings.append(
                    Finding(
                        checker: "backlog", outcome: .inconclusive,
                        sentence: "the system's own count of what it dropped before \(view.id) could not be read",
                        at: fault, hop: hop))
                continue
            }
            if let stalled = world.stalled, stalled.upperBound < world.end {
                late(world, delivery, bound, stalled, hop, view.id, into: &verdict)
            }
            let row = rows.first { $0.hop == hop }
            let missing = (row?.dropped ?? 0) + (row?.silent ?? 0) + (row?.unreachable ?? 0)
            let most = missing + untracked(world, from: world.stalled?.lowerBound ?? fault)
            if counted > most {
                verdict.findings.append(
                    Finding(
                        checker: "backlog", outcome: .fail,
                        sentence:
                            "backlog: the system counted \(counted) telegrams as dropped before \(view.id), where at most \(most) did not reach it",
                        at: fault, hop: hop))
            }
            verdict.notes.append("the system counted \(counted) telegrams as dropped before \(view.id)")
        }
    }

    private static func late(
        _ world: World, _ delivery: Delivery, _ bound: Int, _ stalled: ClosedRange<Instant>, _ hop: String,
        _ view: String, into verdict: inout RunVerdict
    ) {
        let resumed = stalled.upperBound
        let meanwhile = delivery.entries.filter { $0.instant >= stalled.lowerBound && $0.instant < resumed }
        let late = meanwhile.count {
            if case .delivered(let at, _) = $0.fate { at >= resumed } else { false }
        }
        let ending = world.plan.load?.stalls.map { "the \($0) was let go on" } ?? world.plan.ending
        if late > bound {
            verdict.findings.append(
                Finding(
                    checker: "backlog", outcome: .fail,
                    sentence:
                        "backlog: \(late) telegrams from before \(ending) were shown by \(view) after it, and the declared bound is \(bound)",
                    at: resumed, hop: hop))
        }
        guard world.plan.faultKind == .brokerStalled || world.plan.load?.stalls != nil else { return }
        verdict.notes.append(
            "\(late) of \(meanwhile.count) telegrams that came while nothing was taken reached \(view) late; the declared bound is \(bound)"
        )
        if late <= bound, meanwhile.count * margin < bound * (margin + 1) {
            verdict.findings.append(
                Finding(
                    checker: "backlog", outcome: .inconclusive,
                    sentence:
                        "the line brought \(meanwhile.count) telegrams while nothing was taken: too few to try a bound of \(bound)",
                    at: stalled.lowerBound, hop: hop))
        }
    }

    /// Telegrams that the system may have dropped and that no ledger is kept of, such as the status of an actuator; none where nothing was done.
    private static func untracked(_ world: World, from fault: Instant) -> Int {
        guard !world.plan.isNullRun, let healed = world.witness.healed?.instant else { return 0 }
        return world.truth.telegrams.count {
            $0.instant >= fault && $0.instant <= healed + .seconds(1)
                && !world.plan.points.contains($0.content.group)
        }
    }
}
