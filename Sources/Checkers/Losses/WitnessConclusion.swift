public import Events

/// What a witness's account came to: what is missing, by time and place, and which ledgers could speak.
public struct WitnessConclusion: Hashable, Sendable {
    /// What the three ledgers prove.
    public var losses = LossConclusion()
    /// Telegrams of the rig's own that were acknowledged on the line.
    public var sent = 0
    /// Those among them that the witness did not tell: the first, and all of them.
    public var unheard: [SentTelegram] = []
    public var unheardCount = 0
    /// Frames that reached us damaged although they were acknowledged (ACK) on the line, by their ends: the first, and all of them. They were lost
    /// between the line and us.
    public var damaged: [Instant] = []
    public var damagedCount = 0
    /// What the witness told itself: when it could not see.
    public var gaps: [Event.Gap] = []
    public var gapCount = 0
    /// Nobody but the rig's stimuli is on the line.
    public var isEveryTelegramCounted = false
    /// The first event of the account.
    public var begun: Instant?

    public init() {}

    /// Nothing is known to be missing, and no ledger contradicts another.
    public var isWhole: Bool {
        unheardCount == 0 && losses.missing.isEmpty && losses.disagreements.isEmpty && damagedCount == 0
    }

    /// Where nobody but the rig's stimuli is on the line, that every acknowledged telegram was heard proves that none is missing; else the three ledgers
    /// say what is proven. Of a witness whose losses are known nothing else is.
    public var standing: LossConclusion.Standing {
        guard isWhole else { return .missing }
        return isEveryTelegramCounted && sent > 0 ? .nothingMissing : losses.standing
    }

    /// What it does not prove, in sentences.
    public var limits: [String] {
        guard standing == .nothingMissing, losses.standing != .nothingMissing else { return losses.limits }
        return [
            "nothing is proven before the first frame seen and after the last",
            "of telegrams that nobody acknowledged nothing is known",
        ]
    }

    /// Telegrams that are proven to be missing, at least.
    public var lost: Int {
        let places = losses.missing.reduce(0) { $0 + ($1.frames?.lowerBound ?? 0) }
        let elsewhere = unheard.count { sent in !losses.missing.contains { Self.holds($0, sent) } }
        let unnamed = unheardCount - unheard.count
        return max(places + elsewhere + unnamed, damagedCount)
    }

    /// From the end of a telegram to the word of its chip that it was acknowledged, at most, on a computer that is not too busy.
    private static let confirmation = Instant.Span.milliseconds(50)

    private static func holds(_ place: LossFinding, _ sent: SentTelegram) -> Bool {
        sent.instant >= place.after && sent.instant <= place.before + confirmation
    }

    /// The ledgers that could speak, each with how much it has to say.
    public var ledgers: [String] {
        var ledgers: [String] = []
        if losses.hasSequence { ledgers.append("the numbers of its indications, modulo 8") }
        if sent > 0 { ledgers.append("\(sent) telegrams that the rig itself had acknowledged on the line") }
        if losses.sightings > 1 { ledgers.append("the bus time between \(losses.sightings) frames") }
        return ledgers
    }

    /// One sentence for a person.
    public var sentence: String {
        let spoke = ledgers.isEmpty ? "no ledger could speak" : "by " + ledgers.joined(separator: ", ")
        switch standing {
        case .nothingMissing: return "nothing was lost between the first frame and the last: \(spoke)"
        case .missing where lost == 0: return "the ledgers contradict each other: \(spoke)"
        case .missing: return "\(lost) \(lost == 1 ? "telegram" : "telegrams") lost at least: \(spoke)"
        case .unproven:
            if losses.hasSequence || sent > 0 {
                return "no loss was found: \(spoke); whether any other frame is missing is not proven"
            }
            return "whether anything was lost is not proven: \(spoke)"
        }
    }

    /// Every loss by time and place, as far as they are kept by name; instants as seconds after `start`.
    public func places(since start: Instant) -> [String] {
        (losses.missing + losses.disagreements).map { $0.text(since: start) }
            + unheard.map { "not heard: \($0.text(since: start))" }
            + damaged.map {
                "damaged on the way here, though acknowledged on the line, at \(Text.microseconds($0 - start))"
            }
    }
}

extension WitnessConclusion {
    /// As the summary of a capture has it; instants as Unix time, nanoseconds.
    ///
    /// - Parameter unixOffset: Unix time minus the rig's clock, nanoseconds.
    public func value(unixOffset: Int64) -> Value {
        let start = begun ?? Instant(nanoseconds: 0)
        func unix(_ instant: Instant) -> Value { .integer(instant.nanoseconds &+ unixOffset) }
        func place(_ finding: LossFinding) -> Value {
            .record(present: [
                ("after_unix_ns", unix(finding.after)), ("before_unix_ns", unix(finding.before)),
                ("at_least", finding.frames.map { .integer(Int64($0.lowerBound)) }),
                ("at_most", finding.frames.map { .integer(Int64($0.upperBound)) }),
                ("told_by_witness", .bool(finding.isToldByWitness)), ("text", .text(finding.text(since: start))),
            ])
        }
        return [
            "standing": .text(standing.rawValue), "sentence": .text(sentence), "lost_at_least": .integer(Int64(lost)),
            "frames": .integer(Int64(losses.sightings)), "sent": .integer(Int64(sent)),
            "ledgers": .list(ledgers.map(Value.text)), "limits": .list(limits.map(Value.text)),
            "missing": .list(losses.missing.map(place)), "disagreements": .list(losses.disagreements.map(place)),
            "unheard": .list(
                unheard.map {
                    [
                        "unix_ns": unix($0.instant), "group": .text(Text.group($0.group)), "raw": .octets($0.raw),
                        "stimulus": .text($0.stimulus),
                    ]
                }),
            "damaged_unix_ns": .list(damaged.map(unix)),
            "gaps": .list(
                gaps.map {
                    ["from_unix_ns": unix($0.from), "to_unix_ns": unix($0.to), "reason": .text($0.reason)]
                }),
        ]
    }
}
