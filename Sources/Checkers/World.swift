import Catalogue
import Events

/// The timeline as the checkers look at it, up to one instant: line truth, deliveries, agreement.
struct World {
    let plan: JudgePlan
    let timeline: Timeline
    let truth: LineTruth
    let end: Instant
    /// nil while the run has not begun to look at the normal state.
    let judgedFrom: Instant?
    let deliveries: [(view: JudgePlan.View, delivery: Delivery)]
    let witness: FaultWitness
    /// From when until when a consumer took nothing; to the end of what is known where it has not gone on yet, nil where none stood still.
    let stalled: ClosedRange<Instant>?

    /// What was on the line this shortly before a fault may meet it.
    private static let underWay = Instant.Span.milliseconds(500)

    init(_ plan: JudgePlan, _ timeline: Timeline, until end: Instant) {
        self.plan = plan
        self.timeline = timeline
        self.end = end
        judgedFrom = timeline.judgedFrom(plan)
        witness = FaultWitness(plan: plan, timeline: timeline)
        var truth = LineTruth(timeline)
        let stalled = World.stall(plan, timeline, witness, until: end)
        self.stalled = stalled
        let held = stalled.map { ($0.lowerBound - World.underWay)...$0.upperBound }
        deliveries = plan.streaming.map { view in (view, Delivery(view, plan, timeline, truth, held: held, until: end))
        }
        if plan.sentinelChange == "reread", let healed = witness.healed {
            for sentinel in plan.sentinels where World.hasChanged(sentinel, timeline) {
                truth.changedSilently(sentinel.group, to: sentinel.after, at: healed.instant)
            }
        }
        if plan.expects("dips") {
            // Sentinels change while a dip lasts that interrupts the system; from its end on the system is to know.
            for dip in Dip.all(plan, timeline, until: end) {
                guard let healed = dip.healed?.instant else { continue }
                for change in timeline.stimulations
                where change.content.role == .sentinel && change.content.outcome == .changed
                    && change.instant >= dip.cut && change.instant <= healed
                {
                    truth.changedSilently(change.content.group, to: change.content.raw, at: healed)
                }
            }
        }
        self.truth = truth
    }

    /// The fault itself where it is a consumer that stands still, or what stands still before it.
    private static func stall(
        _ plan: JudgePlan, _ timeline: Timeline, _ witness: FaultWitness, until end: Instant
    ) -> ClosedRange<Instant>? {
        guard plan.expects("backlog"), !plan.isNullRun else { return nil }
        let from: Instant?
        let to: Instant?
        if plan.load?.stalls != nil {
            from = timeline.load("stop")?.observed
            to = timeline.load("continue")?.commanded
        } else {
            from = plan.cuts.contains("line") ? nil : witness.fault?.instant
            to = witness.healing?.commanded
        }
        return from.map { $0...max($0, to ?? end) }
    }

    private static func hasChanged(_ sentinel: JudgePlan.Sentinel, _ timeline: Timeline) -> Bool {
        timeline.stimulations.contains {
            $0.content.role == .sentinel && $0.content.outcome == .changed && $0.content.group == sentinel.group
                && $0.content.raw == sentinel.after
        }
    }

    func isSentinel(_ group: UInt16) -> Bool { plan.sentinels.contains { $0.group == group } }

    func agreement(_ view: JudgePlan.View, _ group: UInt16, limit: Instant.Span, until end: Instant) -> Agreement {
        Agreement(
            truth: truth.values[group] ?? [], shown: timeline.samples(of: view.id, group), limit: limit, until: end)
    }

    /// Why a polled view cannot be believed at `instant`: its last poll failed, or there was none for longer than its limit.
    func unanswered(_ view: JudgePlan.View, at instant: Instant) -> String? {
        guard !view.isStreaming else { return nil }
        guard let poll = timeline.samples[view.id]?["poll"]?.last(where: { $0.instant <= instant }) else {
            return "\(view.id) has not been read yet"
        }
        if poll.content.reading != "ok" { return "\(view.id): \(poll.content.reading?.text ?? "no answer")" }
        if instant - poll.instant > view.limit + .seconds(1) {
            return "\(view.id) was last read \(Text.seconds(instant - poll.instant)) ago"
        }
        return nil
    }

    /// The first good poll after the last bad one of a polled view; nil when none was bad.
    func readableAgain(
        _ view: JudgePlan.View, since: Instant, until: Instant
    ) -> Timeline.Stamped<Event.Sample>? {
        guard !view.isStreaming else { return nil }
        let polls = (timeline.samples[view.id]?["poll"] ?? []).filter { $0.instant >= since && $0.instant <= until }
        guard let bad = polls.lastIndex(where: { $0.content.reading != "ok" }) else { return nil }
        return polls[(bad + 1)...].first
    }

    /// Sentinels that were to change while the fault lasted and did not: their state was not tested.
    ///
    /// A fault that is over as soon as it is made lasts, for what the system misses, until a telegram reaches it again; a system that is back
    /// in no time may hear some of the changes, so that one that it missed is enough.
    var unchangedSentinels: [UInt16] {
        guard !plan.isNullRun, let change = plan.sentinelChange, let fault = witness.fault?.instant,
            let healed = witness.healed?.instant
        else { return [] }
        let isInstantaneous = plan.eachStep.allSatisfy(\.faultKind.isInstantaneous)
        let until = isInstantaneous ? firstDelivered(after: fault) ?? end : healed
        guard fault <= until else { return plan.sentinels.map(\.group) }
        let unchanged = plan.sentinels.filter { sentinel in
            change == "reread"
                ? !timeline.stimulations.contains {
                    $0.content.role == .sentinel && $0.content.outcome == .changed
                        && $0.content.group == sentinel.group && $0.content.raw == sentinel.after
                        && $0.instant >= fault && $0.instant <= until
                }
                : !(truth.values[sentinel.group] ?? []).contains {
                    $0.raw == sentinel.after && $0.instant >= fault && $0.instant <= until
                }
        }.map(\.group)
        return isInstantaneous && unchanged.count < plan.sentinels.count ? [] : unchanged
    }

    /// When the first telegram of those after `instant` was on the line that a streaming view has shown.
    private func firstDelivered(after instant: Instant) -> Instant? {
        deliveries.compactMap { _, delivery in
            delivery.entries.first {
                if case .delivered = $0.fate { $0.instant > instant } else { false }
            }?.instant
        }.min()
    }

    /// The present state of a process: the instant and exit of its last end, when nothing started after it and none of its name is left.
    func absence(of process: String, at instant: Instant) -> Timeline.Stamped<Event.ProcessChange>? {
        let changes = timeline.processes.filter { $0.content.process == process && $0.instant <= instant }
        guard let last = changes.last, last.content.change == .exited else { return nil }
        var left: Set<Int64> = []
        for change in changes {
            switch change.content.change {
            case .started: left.insert(change.content.pid)
            case .exited: left.remove(change.content.pid)
            case .stopped, .continued: break
            }
        }
        return left.isEmpty ? last : nil
    }

    /// When a process was stopped that has neither gone on nor ended since.
    func standstill(of process: String, at instant: Instant) -> Timeline.Stamped<Event.ProcessChange>? {
        guard let last = timeline.processes.last(where: { $0.content.process == process && $0.instant <= instant }),
            last.content.change == .stopped
        else { return nil }
        return last
    }
}
