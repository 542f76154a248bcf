import Events

/// A sweep of dips: how often each length did what, and whether the system came back from every dip by itself.
enum Dips {
    static func judge(_ world: World, into verdict: inout RunVerdict) {
        let dips = Dip.all(world.plan, world.timeline, until: world.end).map { JudgedDip($0, world) }
        let curve = curve(dips)
        verdict.dips = curve
        var told: Set<DipTally> = []
        for judged in dips {
            guard let outcome = judged.outcome, outcome.isSeen, outcome.responses.contains(.needsHand),
                let tally = curve.tallies.first(where: {
                    $0.channel == outcome.channel && $0.lengthNanoseconds == outcome.lengthNanoseconds
                }), told.insert(tally).inserted
            else { continue }
            verdict.findings.append(finding(judged, outcome, tally, world))
        }
        let spoiled = dips.count { $0.outcome?.isSpoiled ?? false }
        if spoiled > 0 {
            verdict.notes.append(
                "\(spoiled) of \(dips.count) dips met this computer too busy to keep time: they are not counted, and were made again"
            )
        }
        let unjudged = dips.count { $0.outcome == nil }
        if unjudged > 0 {
            verdict.findings.append(
                Finding(
                    checker: "dips", outcome: .inconclusive,
                    sentence:
                        "\(unjudged) of \(dips.count) dips ended before anybody could tell what became of the system"))
        }
        for tally in curve.tallies where tally.seen < tally.made {
            verdict.notes.append(
                "\(tally.made - tally.seen) of \(tally.made) dips of \(DipLength.text(tally.lengthNanoseconds)) through \(tally.channel) were seen by no "
                    + "witness: they have no verdict and are not counted")
        }
    }

    static func curve(_ dips: [JudgedDip]) -> DipCurve {
        var tallies: [DipTally] = []
        for judged in dips {
            // What was not judged has no verdict, as has what was not seen.
            tallies.count(
                judged.outcome
                    ?? DipOutcome(
                        channel: judged.dip.channel, lengthNanoseconds: judged.dip.lengthNanoseconds, isSeen: false,
                        responses: judged.dip.chipsRestarted ? [.chipsRestarted] : []))
        }
        return DipCurve(tallies: tallies)
    }

    private static func finding(
        _ judged: JudgedDip, _ outcome: DipOutcome, _ tally: DipTally, _ world: World
    ) -> Finding {
        let harms =
            outcome.responses.contains(.stateWrong)
            ? "state wrong, and it needs a hand" : DipResponse.needsHand.words
        let fault = judged.dip.seen?.instant ?? judged.dip.cut
        let hop = judged.dip.healed.flatMap { healed in
            FirstBrokenHop.sentence(
                World(world.plan, world.timeline, until: judged.dip.end), at: judged.dip.end, fault: fault,
                healed: healed.instant)
        }
        let what =
            hop?.sentence
            ?? judged.recovery?.missing.map { "not recovered: \($0)" }
            ?? "it came back only later than the limit of \(Text.seconds(world.plan.recover))"
        return Finding(
            checker: "dips", outcome: .fail,
            sentence:
                "dip of \(DipLength.text(outcome.lengthNanoseconds)): \(harms) (\(tally.count(.needsHand)) of \(tally.seen)): \(what)",
            at: judged.dip.end, hop: hop?.hop)
    }

    /// Why a sweep tells nothing: none of its dips counts, or it missed a threshold that is known. nil where it tells something.
    static func disqualification(_ world: World) -> String? {
        guard world.plan.expects("dips"), !world.plan.isNullRun else { return nil }
        let dips = Dip.all(world.plan, world.timeline, until: world.end).map { JudgedDip($0, world) }
        let curve = curve(dips)
        guard curve.tallies.contains(where: { $0.seen > 0 }) else {
            return "the sweep tells nothing: none of its \(dips.count) dips can be counted"
        }
        // A sweep that ended with a system that did not come back need not have come so far as the threshold.
        guard let known = world.plan.knownThreshold,
            !dips.contains(where: { $0.outcome?.responses.contains(.needsHand) ?? false }),
            !curve.finds(
                known.nanoseconds, tolerance: known.tolerance, of: .chipsRestarted, channel: known.channel)
        else { return nil }
        let found = curve.threshold(.chipsRestarted, channel: known.channel).map {
            "found it between \(DipLength.text($0.never)) and \(DipLength.text($0.always))"
        }
        return
            "the sweep is not qualified: through \(known.channel) the chips of this line are known to restart from \(DipLength.text(known.nanoseconds)) "
            + "on, and it \(found ?? "found no such threshold")"
    }

    /// What a sweep that found nothing wrong says.
    static func sentence(_ curve: DipCurve) -> String {
        let seen = curve.tallies.reduce(0) { $0 + $1.seen }
        let unseen = curve.tallies.reduce(0) { $0 + $1.made } - seen
        let lengths = curve.tallies.filter { $0.seen > 0 }.map(\.lengthNanoseconds)
        let range = "\(DipLength.text(lengths.min() ?? 0)) to \(DipLength.text(lengths.max() ?? 0))"
        return "came back by itself after each of \(seen) dips of \(range)"
            + (unseen > 0 ? "; \(unseen) more were seen by no witness and are not counted" : "")
    }
}
