import Catalogue
import Events
import KNX

/// A cut inside a telegram: the line lost its supply as in any cut, and the last that the witness heard before that was what the cut had left of the
/// telegram: some of its octets, or all of them and no acknowledge.
struct TelegramCutProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// How far the end of what was left may lie from the instant at which the voltage was too low: a transceiver notices after 0.7 to 3 ms (Siemens
    /// TP-UART2 manual, table 24), an acknowledge would follow after 1.6 ms, and the stamps are sure to about 1 ms each.
    private static let reach = Instant.Span.milliseconds(6)

    private var cut: BusCutProof { BusCutProof(plan: plan, timeline: timeline) }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? { cut.fault(injected) }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? { cut.healed(healing) }

    var awaited: String { cut.awaited }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let standing = cut.standing(since: fault, healing: healing, at: instant)
        guard standing == .holds, let telegram = plan.cutTelegram else { return standing }
        return missing(telegram, around: fault).map(Standing.broken) ?? .holds
    }

    /// A relay that opens at any time has opened between two telegrams: a cut as any other, and worth making again at another time. Nil when it met one, when
    /// it was told where to open, and when the cut itself is not proven.
    static func miss(_ plan: JudgePlan, _ timeline: Timeline) -> String? {
        guard let telegram = plan.cutTelegram, telegram.source == nil, !plan.isNullRun,
            let fault = FaultWitness(plan: plan, timeline: timeline).fault
        else { return nil }
        return TelegramCutProof(plan: plan, timeline: timeline).missing(telegram, around: fault.instant)
    }

    /// Why the cut was not inside such a telegram; nil when it was.
    private func missing(_ telegram: JudgePlan.CutTelegram, around fault: Instant) -> String? {
        let last = timeline.frames.last { $0.instant <= fault + Self.reach }
        guard let last, last.instant >= fault - Self.reach else {
            return "the witness heard nothing when the supply went: the cut was not inside a telegram"
        }
        let octets = last.content.octets
        if let source = telegram.source {
            guard octets.count > 2, UInt16(octets[1]) << 8 | UInt16(octets[2]) == source else {
                return "the last that the witness heard was no telegram from \(IndividualAddress(raw: source))"
            }
        }
        switch telegram.left {
        case .truncated:
            guard last.content.flaw == "truncated" else {
                return "the last telegram before the cut reached the witness whole, or damaged otherwise: "
                    + "the cut was not inside it"
            }
        case .unacknowledged:
            guard last.content.flaw == nil else {
                return "the last telegram before the cut did not reach the witness whole: the cut came before its end"
            }
            guard last.content.acknowledge == nil else {
                return "the last telegram before the cut was acknowledged: the cut came after that"
            }
        }
        return nil
    }
}
