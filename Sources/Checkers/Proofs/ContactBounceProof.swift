import Events

/// A contact that bounces: the line lost its supply as in any cut, and the trace of its voltage shows the supply come back and go again, often enough
/// at each edge. A contact whose bouncing nobody saw on the line was none that bounced.
struct ContactBounceProof: FaultProof {
    let plan: JudgePlan
    let timeline: Timeline

    /// From the command of a relay to the first movement of its contact.
    private static let settle = Instant.Span.milliseconds(50)

    private var cut: BusCutProof { BusCutProof(plan: plan, timeline: timeline) }

    func fault(_ injected: Event.Actuation) -> FaultWitness.Proven? { cut.fault(injected) }

    func healed(_ healing: Event.Actuation) -> FaultWitness.Proven? { cut.healed(healing) }

    var awaited: String { cut.awaited }

    func standing(since fault: Instant, healing: Event.Actuation?, at instant: Instant) -> Standing {
        let standing = cut.standing(since: fault, healing: healing, at: instant)
        guard standing == .holds else { return standing }
        // What the first edge was is known once it is over.
        if let reason = missing(from: fault - .milliseconds(1), lasting: plan.opening, isOpening: true) {
            return .broken(reason)
        }
        guard let healing else { return .holds }
        guard instant > healing.commanded + plan.closing + Self.settle else {
            return .pending("the contact is still closing")
        }
        return missing(from: healing.commanded, lasting: plan.closing, isOpening: false).map(Standing.broken) ?? .holds
    }

    /// Why an edge was none at which a contact bounced; nil when it was, or when it was not to.
    private func missing(from begin: Instant, lasting span: Instant.Span, isOpening: Bool) -> String? {
        guard let wanted = plan.interruptions, span > .zero else { return nil }
        let count = returns(in: begin...(begin + span + Self.settle), above: isOpening)
        guard count < wanted else { return nil }
        return "the trace of the supply shows \(count) of \(wanted) interruptions within "
            + "\(Text.seconds(span + Self.settle)) of the \(isOpening ? "cut" : "return"): the contact did not bounce on the line"
    }

    /// How often the voltage crossed to the side that it is leaving: above when the contact opens, below when it closes. The first crossing to the
    /// other side is the edge itself.
    private func returns(in window: ClosedRange<Instant>, above: Bool) -> Int {
        let trace = timeline.supplies.filter { $0.content.line == plan.line }
        let before = trace.last { $0.instant < window.lowerBound }?.content.millivolts
        var isAbove = before.map { $0 >= FaultWitness.deadMillivolts } ?? above
        var count = 0
        for reading in trace where window.contains(reading.instant) {
            let was = isAbove
            isAbove = reading.content.millivolts >= FaultWitness.deadMillivolts
            if isAbove != was, isAbove == above { count += 1 }
        }
        return count
    }
}
