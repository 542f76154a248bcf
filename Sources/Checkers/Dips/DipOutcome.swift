import Events

/// What became of the system after one dip.
public struct DipOutcome: Sendable, Hashable {
    public var channel: String
    public var lengthNanoseconds: Int64
    /// A witness saw it.
    public var isSeen: Bool
    public var responses: Set<DipResponse>
    /// The rig itself was late meanwhile, and the system came back all the same: a dip of which nothing can be said, and which is made again.
    public var isSpoiled: Bool

    public init(
        channel: String, lengthNanoseconds: Int64, isSeen: Bool, responses: Set<DipResponse>, isSpoiled: Bool = false
    ) {
        self.channel = channel
        self.lengthNanoseconds = lengthNanoseconds
        self.isSeen = isSeen
        self.responses = responses
        self.isSpoiled = isSpoiled
    }
}

extension [DipTally] {
    /// Counts a dip that was not spoiled. A harm of a dip that no witness saw is nobody's.
    public mutating func count(_ outcome: DipOutcome) {
        if outcome.isSpoiled { return }
        let index =
            firstIndex { $0.channel == outcome.channel && $0.lengthNanoseconds == outcome.lengthNanoseconds }
            ?? endIndex
        if index == endIndex {
            append(DipTally(channel: outcome.channel, lengthNanoseconds: outcome.lengthNanoseconds))
        }
        self[index].made += 1
        if outcome.isSeen { self[index].seen += 1 }
        for response in outcome.responses where outcome.isSeen || !response.isHarm {
            self[index].counts[response, default: 0] += 1
        }
    }
}

/// A dip as it is judged: pending until the system has come back or its time is over.
struct JudgedDip {
    /// What was on the line this shortly before the cut may meet it.
    private static let underWay = Instant.Span.milliseconds(50)

    var dip: Dip
    var recovery: Recovery?
    /// nil while it is pending, with the reason.
    var outcome: DipOutcome?
    var pending: String?

    init(_ dip: Dip, _ world: World) {
        self.dip = dip
        let until = min(dip.end, world.end)
        guard let healed = dip.healed else {
            pending = "the line carries no tracers again after the dip yet"
            return
        }
        let limit = world.plan.recover
        let recovery = JudgedDip.recovery(dip, world, healed: healed, until: until)
        self.recovery = recovery
        let isInTime =
            (dip.end < world.end || JudgedDip.isThere(world, at: until))
            && (recovery.recovered.map { $0.instant - healed.instant <= limit } ?? false)
        guard isInTime || until - healed.instant > limit else {
            pending = recovery.missing ?? "a process of the system is not there"
            return
        }
        var responses: Set<DipResponse> = []
        if dip.chipsRestarted { responses.insert(.chipsRestarted) }
        if JudgedDip.hasLost(dip, world, until: until) { responses.insert(.telegramLost) }
        let daemon = world.plan.interfaceDaemon
        if world.timeline.processes.contains(where: {
            $0.content.process == daemon && $0.content.change == .exited && $0.instant >= dip.cut
                && $0.instant <= until
        }) {
            responses.insert(.interfaceRestarted)
        }
        if !isInTime {
            responses.insert(.needsHand)
            if recovery.recovered == nil, recovery.isFlowing { responses.insert(.stateWrong) }
        }
        outcome = DipOutcome(
            channel: dip.channel, lengthNanoseconds: dip.lengthNanoseconds, isSeen: dip.seen != nil,
            responses: responses, isSpoiled: isInTime && Instrument.isLate(world, from: dip.cut, to: until))
    }

    /// A daemon that ends some time after a dip is that dip's, though everything had worked again meanwhile. What it takes with it on the eve of another dip
    /// nobody waited for.
    private static func isThere(_ world: World, at instant: Instant) -> Bool {
        ["controller", world.plan.interfaceDaemon].allSatisfy { world.absence(of: $0, at: instant) == nil }
    }

    /// How things stood at the end, or at an instant shortly before it where another dip came then: a telegram that was lost on its eve is lost, and the
    /// system was back all the same.
    private static func recovery(
        _ dip: Dip, _ world: World, healed: FaultWitness.Proven, until: Instant
    ) -> Recovery {
        let last = Recovery(world: world, healed: healed, until: until)
        guard last.recovered == nil, dip.end < world.end, until - healed.instant <= world.plan.recover else {
            return last
        }
        for step in 1...6 {
            let earlier = until - .milliseconds(200 * Int64(step))
            guard earlier > healed.instant else { break }
            let recovery = Recovery(world: world, healed: healed, until: earlier)
            if recovery.recovered != nil { return recovery }
        }
        return last
    }

    /// A telegram that its chip never put on the line, or that a view never showed. The newest may still be on their way.
    private static func hasLost(_ dip: Dip, _ world: World, until: Instant) -> Bool {
        let window = (dip.cut - underWay)...max(dip.cut, until - Recovery.unjudged)
        let isUnsent = world.timeline.stimulations.contains {
            $0.content.outcome == .unanswered && window.contains($0.instant)
        }
        return isUnsent
            || world.deliveries.contains { _, delivery in
                delivery.entries.contains { window.contains($0.instant) && $0.fate == .missing }
            }
    }
}
