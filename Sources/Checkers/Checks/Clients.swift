import Catalogue
import Events

/// Clients that are gone are forgotten: the system's own count of them is as before, and it has ended those that only fell silent. Its descriptors are
/// `Leaks`' to count.
enum Clients {
    private static let view = "client-count"
    /// The count before ends this long before the clients are first seen: they come one by one.
    private static let coming = Instant.Span.seconds(1)
    /// Without a count for this long nobody knows.
    private static let blindness = Instant.Span.seconds(3)

    static func judge(_ world: World, fault: FaultWitness.Proven, into verdict: inout RunVerdict) {
        if world.plan.faultKind == .clientsSilent { judgeEnded(world, fault, &verdict) }
        let counts = world.timeline.samples[view]?["count"] ?? []
        guard !counts.isEmpty else {
            verdict.notes.append("the system does not say how many clients it has: only its descriptors are counted")
            return
        }
        judgeCount(world, fault, counts, &verdict)
    }

    private static func finding(_ sentence: String, _ outcome: Outcome, at instant: Instant) -> Finding {
        Finding(checker: "clients", outcome: outcome, sentence: "clients: " + sentence, at: instant, hop: "controller")
    }

    /// By the kernel's table, the system has closed its end of every client that fell silent.
    private static func judgeEnded(
        _ world: World, _ fault: FaultWitness.Proven, _ verdict: inout RunVerdict
    ) {
        let looks = ClientLooks(world.timeline).between(fault.instant, world.end)
        let lastHeld = looks.lastIndex { $0.held > 0 } ?? -1
        let ended = lastHeld + 1 < looks.count ? looks[lastHeld + 1] : nil
        let measured = measured(
            "time_to_end_silent_clients", fault, ended?.instant, uncertainty: 60_000_000, world)
        verdict.measured.append(measured)
        guard measured.outcome != .pass else { return }
        // From the heal on it is the rig that has closed them.
        let own = world.witness.healing.map(\.commanded) ?? world.end
        let left = looks.last { $0.instant < own }
        let sentence =
            if let left, left.held > 0 {
                "\(left.held) of \(world.plan.clients) that fell silent were still connected \(Text.seconds(left.instant - fault.instant)) later; "
                    + "the limit is \(Text.seconds(world.plan.cleanedWithin ?? .zero))"
            } else {
                "\(world.plan.clients) fell silent, and the system ended them \(Text.against(measured))"
            }
        verdict.findings.append(finding(sentence, measured.outcome, at: ended?.instant ?? world.end))
    }

    private static func judgeCount(
        _ world: World, _ fault: FaultWitness.Proven, _ counts: [Timeline.Stamped<Event.Sample>],
        _ verdict: inout RunVerdict
    ) {
        guard let began = world.judgedFrom, let first = ClientLooks(world.timeline).all.first?.instant,
            let base = middle(counts.filter { $0.instant >= began && $0.instant < first - coming })
        else {
            verdict.findings.append(
                finding("nobody counted them before the fault", .inconclusive, at: fault.instant))
            return
        }
        let after = counts.filter { $0.instant > fault.instant && $0.instant <= world.end }
        guard let last = after.last, world.end - last.instant <= blindness else {
            verdict.findings.append(finding("nobody counted them at the end", .inconclusive, at: world.end))
            return
        }
        let lastHigh = after.lastIndex { ($0.content.reading?.integer ?? .max) > base } ?? -1
        let back = lastHigh + 1 < after.count ? after[lastHigh + 1] : nil
        let measured = measured(
            "time_to_forget_clients", fault, back?.instant, uncertainty: back?.uncertainty ?? 0, world)
        verdict.measured.append(measured)
        guard measured.outcome != .pass else { return }
        let was = "before the fault there were \(base)"
        verdict.findings.append(
            finding(
                back == nil
                    ? "the system still counts \(last.content.reading?.integer ?? -1) \(Text.seconds(last.instant - fault.instant)) after "
                        + "\(world.plan.clients) were gone; \(was)"
                    : "\(world.plan.clients) were gone, and the system counted \(base) again \(Text.against(measured))",
                measured.outcome, at: back?.instant ?? last.instant))
    }

    private static func measured(
        _ name: String, _ fault: FaultWitness.Proven, _ instant: Instant?, uncertainty: Int64, _ world: World
    ) -> Measured {
        let limit = world.plan.cleanedWithin ?? world.plan.recover
        // A run that ended before the limit leaves it open.
        if instant == nil, world.end - fault.instant <= limit {
            return Measured(
                name: name, valueNanoseconds: nil, uncertaintyNanoseconds: 0, limitNanoseconds: limit.nanoseconds,
                outcome: .inconclusive)
        }
        return Measured.judged(
            name, value: instant.map { ($0 - fault.instant).nanoseconds }, limit: limit.nanoseconds,
            budget: [
                BudgetItem(what: "fault: \(fault.what)", nanoseconds: fault.uncertainty),
                BudgetItem(what: "a look now and then", nanoseconds: uncertainty),
            ])
    }

    private static func middle(_ samples: [Timeline.Stamped<Event.Sample>]) -> Int64? {
        let counts = samples.compactMap(\.content.reading?.integer).sorted()
        return counts.isEmpty ? nil : counts[counts.count / 2]
    }
}
