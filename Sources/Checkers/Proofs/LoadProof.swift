import Catalogue
import Events
import KNX

/// A saturated line: what the witness heard fills the line, by the convention for load (`BusLoad`), in every stretch of five seconds from the first second of
/// the saturation to its end; not while the fault has the line dead.
struct LoadProof {
    /// The lowest and the mean load over all stretches, tenths of a percent.
    struct Load: Hashable {
        var lowest: Int
        var mean: Int
    }

    let plan: JudgePlan
    let timeline: Timeline

    private static let stretch = Instant.Span.seconds(5)
    /// Stimuli need so long to fill a line, and as long after it came back.
    private static let filling = Instant.Span.seconds(1)
    private static let fillingAgain = Instant.Span.seconds(2)
    private static let edge = Instant.Span.milliseconds(100)
    /// In a null run the line carries its steady load, which is far from this.
    private static let alarmPermille = 900

    /// - Parameters:
    ///   - fault: T0, where the fault has the line dead.
    ///   - healed: Th.
    func standing(_ load: JudgePlan.Load, fault: Instant?, healed: Instant?, at instant: Instant) -> Standing {
        guard let from = timeline.saturated else { return .pending("the line has not been saturated yet") }
        let stretches = stretches(from: from, fault: fault, healed: healed, to: timeline.relaxed ?? instant, instant)
        guard !stretches.isEmpty else { return .pending("the line has only just been saturated") }
        if let shortfall = shortfall(of: stretches, from: from, permille: load.atLeastPermille) {
            return .broken(shortfall)
        }
        return stallStanding(load, at: instant)
    }

    /// A consumer that is to stand still before the fault did, as the rig's own tries at its gate show.
    private func stallStanding(_ load: JudgePlan.Load, at instant: Instant) -> Standing {
        guard let service = load.stalls else { return .holds }
        let proof = ServiceStalledProof(
            plan: plan, timeline: timeline, began: "the \(service) stopped", ended: "the \(service) goes on")
        guard let stop = timeline.load("stop"), let stalled = proof.fault(stop) else {
            return .pending("nothing has seen that the \(service) stands still")
        }
        return proof.standing(since: stalled.instant, healing: timeline.load("continue"), at: instant)
    }

    /// What the line carried; nil where nothing was to be measured.
    func load(fault: Instant?, healed: Instant?, at instant: Instant) -> Load? {
        guard let from = timeline.saturated else { return nil }
        let loads = stretches(from: from, fault: fault, healed: healed, to: timeline.relaxed ?? instant, instant)
            .map(permille(in:))
        guard let lowest = loads.min() else { return nil }
        return Load(lowest: lowest, mean: loads.reduce(0, +) / loads.count)
    }

    /// A stretch in which the line was not as full as it had to be, in words; nil when it was full all the while.
    func shortfall(from: Instant, to: Instant, permille: Int) -> String? {
        shortfall(of: Self.parts(from, to), from: from, permille: permille)
    }

    private func shortfall(of stretches: [ClosedRange<Instant>], from: Instant, permille wanted: Int) -> String? {
        for stretch in stretches {
            let permille = permille(in: stretch)
            guard permille < wanted else { continue }
            return
                "the line carried \(Self.percent(permille)) of its capacity only in the \(Text.seconds(stretch.upperBound - stretch.lowerBound)) from "
                + "\(Text.seconds(stretch.lowerBound - from)) of the saturation on: it was not saturated"
        }
        return nil
    }

    /// A line that was not full because this computer was late: what a stretch lacks is no more than what the line slipped by in it. Nil where the
    /// stimuli were too slow by themselves.
    func lateness(fault: Instant?, healed: Instant?, at instant: Instant) -> String? {
        guard let load = plan.load, !plan.isNullRun, let from = timeline.saturated else { return nil }
        for stretch in stretches(from: from, fault: fault, healed: healed, to: timeline.relaxed ?? instant, instant) {
            let missing = Int64(load.atLeastPermille - permille(in: stretch))
            let length = (stretch.upperBound - stretch.lowerBound).nanoseconds
            let late = timeline.slips.filter { $0.content.thread == "twin line" && stretch.contains($0.instant) }
                .reduce(0) { $0 + $1.content.lateNanoseconds }
            if missing > 0, late * 1000 >= missing * length {
                return
                    "the twin's line was late by \(late / 1_000_000) ms in all in the \(Text.seconds(stretch.upperBound - stretch.lowerBound)) from "
                    + "\(Text.seconds(stretch.lowerBound - from)) of the saturation on: this computer was too busy to saturate it"
            }
        }
        return nil
    }

    /// What of a null run's line looks like a saturation.
    func alarm(from: Instant, to: Instant) -> String? {
        guard to - from >= Self.stretch else { return nil }
        let busy = Self.parts(from, to).map(permille(in:)).first { $0 >= Self.alarmPermille }
        return busy.map { "the line carried \(Self.percent($0)) of its capacity though nothing was done" }
    }

    static func percent(_ permille: Int) -> String { "\(permille / 10).\(permille % 10) %" }

    private func stretches(
        from: Instant, fault: Instant?, healed: Instant?, to: Instant, _ instant: Instant
    ) -> [ClosedRange<Instant>] {
        let begin = from + Self.filling
        let end = min(to, instant) - Self.edge
        guard plan.faultKind == .busCut, let fault else { return Self.parts(begin, end) }
        let after = healed.map { Self.parts($0 + Self.fillingAgain, end) } ?? []
        return Self.parts(begin, min(end, fault - Self.edge)) + after
    }

    /// Equal parts of at least five seconds; none of what is shorter.
    private static func parts(_ from: Instant, _ to: Instant) -> [ClosedRange<Instant>] {
        let length = (to - from).nanoseconds
        let count = length / stretch.nanoseconds
        guard count > 0 else { return [] }
        return (0..<count).map {
            (from + Instant.Span(nanoseconds: length * $0 / count))...(from
                + Instant.Span(nanoseconds: length * ($0 + 1) / count))
        }
    }

    private func permille(in stretch: ClosedRange<Instant>) -> Int {
        let bits = timeline.frames.lazy.filter { $0.instant > stretch.lowerBound && $0.instant <= stretch.upperBound }
            .reduce(0) {
                $0 + BusLoad.cycleBits($1.content.octets, isAcknowledged: $1.content.acknowledge != nil)
            }
        let length = (stretch.upperBound - stretch.lowerBound).nanoseconds
        return Int(BusTiming.nanoseconds(bits: Int64(bits)) * 1000 / length)
    }
}
