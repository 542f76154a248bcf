import Events

/// A saturated line is no reason to be late: before anything is broken, each view that streams shows every telegram of it about as soon as on a quiet line;
/// and soon after what was broken works again, it does so once more, with the line still full.
enum KeepsUp {
    /// Fewer telegrams on either side say nothing of a 95th percentile.
    private static let samples = 100
    /// What the percentile may gain, whichever is more: twice as long, or this.
    private static let allowance = Instant.Span.milliseconds(50)
    /// From the recovery to the first second from which telegrams are as quick as on a quiet line.
    static let limit = Instant.Span.seconds(5)
    private static let window = Instant.Span.seconds(1)
    /// Of the telegrams of one second so many may be late: the machine stalls now and then.
    private static let tolerated = 10
    /// A slip of the rig's own makes telegrams late up to this long after it.
    private static let slipEffect = Instant.Span.milliseconds(500)
    /// What ends this shortly before a fault may meet it.
    private static let beforeFault = Instant.Span.milliseconds(500)

    /// - Parameter resumed: from when on nothing excuses the system any more.
    static func judge(
        _ world: World, fault: Instant, resumed: FaultWitness.Proven?, into verdict: inout RunVerdict
    ) {
        guard let began = world.judgedFrom, let saturated = world.timeline.saturated,
            let relaxed = world.timeline.relaxed
        else { return }
        let starved = Starvation.seconds(world)
        for (view, delivery) in world.deliveries {
            let hop = "line → \(view.id)"
            let quiet = latencies(delivery, from: began, to: saturated)
            let broken = min(fault, world.stalled?.lowerBound ?? fault) - beforeFault
            let full = delivery.entries.filter { $0.instant >= saturated && $0.instant < broken }
            let latencies = latencies(delivery, from: saturated, to: broken)
            guard quiet.count >= samples, full.count >= samples else {
                verdict.findings.append(
                    Finding(
                        checker: "keeps-up", outcome: .inconclusive,
                        sentence:
                            "\(view.id) showed \(quiet.count) telegrams of the quiet line, and \(full.count) were on the full one before the fault: at least "
                            + "\(samples) of each are needed to compare", at: saturated, hop: hop))
                continue
            }
            let usual = percentile(quiet.map(\.length))
            let limit = max(Instant.Span(nanoseconds: 2 * usual.nanoseconds), usual + allowance)
            let lost = full.count { $0.fate == .missing }
            let measured = latencies.isEmpty ? nil : percentile(latencies.map(\.length))
            // Without the seconds in which the computer kept the system from working.
            let explains = starved.filter { second in latencies.contains { second.touches($0.began) } }
            let own = latencies.filter { entry in !explains.contains { $0.touches(entry.began) } }.map(\.length)
            let isExcused = own.count >= samples && percentile(own) <= limit
            verdict.measured.append(
                Measured(
                    name: "latency_p95_saturated_\(view.id)", valueNanoseconds: measured?.nanoseconds,
                    uncertaintyNanoseconds: 2_000_000, limitNanoseconds: limit.nanoseconds,
                    outcome: measured.map { $0 <= limit } ?? false ? .pass : isExcused ? .invalid : .fail,
                    note: "on the quiet line \(Text.duration(usual))"))
            if lost > 0 {
                verdict.findings.append(
                    Finding(
                        checker: "keeps-up", outcome: .fail,
                        sentence:
                            "bus speed: \(view.id) did not show \(lost) of \(full.count) telegrams of a full line, when nothing else was broken",
                        at: saturated, hop: hop))
            } else if let measured, measured > limit {
                let late =
                    "bus speed: of a full line \(view.id) showed 95 % of telegrams within \(Text.duration(measured)), of a quiet one within "
                    + Text.duration(usual)
                verdict.findings.append(
                    (isExcused ? Starvation.finding(late, explains, world) : nil)
                        ?? Finding(checker: "keeps-up", outcome: .fail, sentence: late, at: saturated, hop: hop))
            }
            if let resumed {
                judge(world, view.id, delivery, limit, from: resumed, to: relaxed, hop, starved, into: &verdict)
            }
        }
    }

    /// The time from the recovery to the end of the last second in which too much was late.
    private static func judge(
        _ world: World, _ view: String, _ delivery: Delivery, _ latest: Instant.Span, from resumed: FaultWitness.Proven,
        to relaxed: Instant, _ hop: String, _ starved: [Starvation.Second], into verdict: inout RunVerdict
    ) {
        let from = resumed.instant
        guard relaxed - from >= limit + .seconds(5) else {
            verdict.findings.append(
                Finding(
                    checker: "keeps-up", outcome: .inconclusive,
                    sentence:
                        "the line was full for \(Text.seconds(relaxed - from)) only after \(view) worked again: too short to tell when telegrams were quick again",
                    at: relaxed, hop: hop))
            return
        }
        var back = from
        // As it would be if the seconds in which the computer kept the system from working had been as quick as any.
        var own = from
        var excuses: [Starvation.Second] = []
        for second in 0..<((relaxed - from).nanoseconds / window.nanoseconds) {
            let begin = from + Instant.Span(nanoseconds: window.nanoseconds * second)
            let end = begin + window
            let entries = delivery.entries.filter { $0.instant >= begin && $0.instant < end }
            let late = entries.count { isLate($0, latest, world) }
            guard late * 100 > entries.count * tolerated else { continue }
            back = end
            let explains = starved.filter { $0.touches(begin) || $0.touches(end) }
            if explains.isEmpty { own = end } else { excuses += explains }
        }
        func judged(_ back: Instant) -> Measured {
            Measured.judged(
                "time_to_base_\(view)", value: (back - from).nanoseconds, limit: limit.nanoseconds,
                budget: [
                    BudgetItem(what: resumed.what, nanoseconds: resumed.uncertainty),
                    BudgetItem(
                        what: "seconds are looked at as a whole",
                        nanoseconds: back == from ? 0 : Int64(Double(window.nanoseconds) / 12.0.squareRoot())),
                ])
        }
        var measured = judged(back)
        let late =
            "bus speed: with the line still full, \(view) was as quick as before only \(Text.against(measured))"
        var finding = Finding(checker: "keeps-up", outcome: measured.outcome, sentence: late, at: back, hop: hop)
        if measured.outcome != .pass, judged(own).outcome == .pass,
            let excuse = Starvation.finding(late, excuses, world)
        {
            measured.outcome = .invalid
            finding = excuse
        }
        verdict.measured.append(measured)
        if measured.outcome != .pass { verdict.findings.append(finding) }
    }

    private static func isLate(_ entry: Delivery.Entry, _ latest: Instant.Span, _ world: World) -> Bool {
        let arrived: Instant
        switch entry.fate {
        case .delivered(let at, _): arrived = at
        case .missing: return true
        case .suppressed, .unobserved: return false
        }
        guard arrived - entry.instant > latest else { return false }
        return !world.timeline.slips.contains {
            $0.instant >= entry.instant - slipEffect && $0.instant <= arrived + slipEffect
        }
    }

    /// Of telegrams of the line from when on, and how long it took until each was shown.
    private static func latencies(
        _ delivery: Delivery, from: Instant, to: Instant
    ) -> [(began: Instant, length: Instant.Span)] {
        delivery.entries.compactMap { entry in
            guard entry.instant >= from, entry.instant < to, case .delivered(let at, _) = entry.fate else { return nil }
            return (entry.instant, at - entry.instant)
        }
    }

    private static func percentile(_ latencies: [Instant.Span]) -> Instant.Span {
        let sorted = latencies.sorted()
        return sorted[min(sorted.count - 1, sorted.count * 95 / 100)]
    }
}
