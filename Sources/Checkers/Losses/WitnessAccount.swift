public import Events

/// Renders account of what a witness has told: what the line said is what was recorded, or what is missing is named. A pure fold over the events of the
/// witness and of the rig's own stimuli, live or from evidence; it keeps the ledgers of `LossProof`, with the counts of those telegrams that were
/// acknowledged on the line.
///
/// A tracer's counter also counts what was never on the line, while that was dead or too full: not the counter itself is the ledger, but the telegrams
/// that carry it and were acknowledged.
public struct WitnessAccount: Sendable {
    /// How long after an event all that happened before it has arrived.
    static let patience = Instant.Span.seconds(2)
    /// A stream of tracers that is not heard for so long is not waited for.
    private static let streamPatience = Instant.Span.seconds(10)
    /// Counts that never begin anew within a run.
    private static let modulus = 1 << 30
    private static let longestList = 1_000

    private let source: String
    /// What happened and may not all have arrived, by instant.
    private var waiting: [Event] = []
    private var newest: Instant?
    private var sent = SentTelegrams()
    private var proof: LossProof
    private var told = WitnessConclusion()
    private var lastSeen: Instant?
    private var news: [String] = []
    /// How many of each have been news.
    private var tellings = (missing: 0, disagreements: 0)
    private var begun: Instant?

    /// - Parameters:
    ///   - source: the witness whose account it is.
    ///   - isEveryTelegramCounted: nobody but the rig's stimuli is on the line, with tracers alone.
    public init(source: String = "witness", isEveryTelegramCounted: Bool = false) {
        self.source = source
        told.isEveryTelegramCounted = isEveryTelegramCounted
        proof = LossProof(
            LossProof.Parameters(
                source: source, isEveryTelegramCounted: isEveryTelegramCounted, patience: Self.streamPatience))
    }

    public mutating func observe(_ event: Event) {
        switch event.payload {
        case .stimulus(let stimulation): sent.take(stimulation, by: event.source, at: event.instant)
        case .frame, .gap, .interface:
            guard event.source == source else { return }
            var index = waiting.endIndex
            while index > waiting.startIndex, waiting[index - 1].instant > event.instant { index -= 1 }
            waiting.insert(event, at: index)
        default: return
        }
        begun = begun ?? event.instant
        newest = max(newest ?? event.instant, event.instant)
        if let newest { advance(to: newest) }
    }

    /// Nothing that happened before `instant` minus two seconds can arrive any more.
    public mutating func advance(to instant: Instant) {
        settle(before: instant - Self.patience)
        miss(sent.overdue(at: instant - Self.patience - SentTelegrams.reach))
    }

    /// What was found missing since the last call, a sentence each; instants as seconds after the first event.
    public mutating func takeNews() -> [String] {
        let start = begun ?? Instant(nanoseconds: 0)
        let found = proof.conclusion.missing.dropFirst(tellings.missing)
        let contradictory = proof.conclusion.disagreements.dropFirst(tellings.disagreements)
        news += (found + contradictory).map { $0.text(since: start) }
        tellings = (proof.conclusion.missing.count, proof.conclusion.disagreements.count)
        defer { news = [] }
        return news
    }

    /// So far.
    public var present: WitnessConclusion {
        var present = told
        present.losses = proof.conclusion
        present.sent = sent.count
        return present
    }

    /// What it came to with all that is known.
    public func concluded() -> WitnessConclusion {
        var whole = self
        return whole.conclude()
    }

    /// As `concluded`; what it found last is among the news. Nothing may be observed afterwards.
    public mutating func conclude() -> WitnessConclusion {
        settle(before: nil)
        // Of what was acknowledged at the very end the frame may not have been told any more.
        let end = lastSeen.map { max($0, (newest ?? $0) - SentTelegrams.reach) + .milliseconds(1) }
        miss(sent.overdue(at: end ?? Instant(nanoseconds: .max)))
        told.losses = proof.conclude()
        told.sent = sent.count
        told.begun = begun
        return told
    }

    private mutating func settle(before limit: Instant?) {
        let count = limit.map { limit in waiting.firstIndex { $0.instant >= limit } ?? waiting.count } ?? waiting.count
        guard count > 0 else { return }
        for event in waiting.prefix(count) { take(event) }
        waiting.removeFirst(count)
    }

    private mutating func take(_ event: Event) {
        var counted: TelegramCount?
        switch event.payload {
        case .frame(let frame):
            lastSeen = event.instant
            if frame.flaw == nil, let sent = sent.match(frame, at: event.instant), let number = sent.number {
                counted = TelegramCount(
                    stream: Int(sent.group), value: number % Self.modulus, modulus: Self.modulus)
            }
            if frame.flaw != nil, frame.acknowledge == 0xCC {
                told.damagedCount += 1
                if told.damaged.count < Self.longestList { told.damaged.append(event.instant) }
            }
        case .gap(let gap):
            told.gapCount += 1
            if told.gaps.count < Self.longestList { told.gaps.append(gap) }
        default: break
        }
        proof.observe(event, counted: counted)
    }

    private mutating func miss(_ unheard: [SentTelegram]) {
        guard !unheard.isEmpty else { return }
        told.unheardCount += unheard.count
        told.unheard += unheard.prefix(max(0, Self.longestList - told.unheard.count))
        let start = begun ?? Instant(nanoseconds: 0)
        news += unheard.map { "not heard: \($0.text(since: start))" }
    }
}
