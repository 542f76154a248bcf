import Bus
public import Checkers
public import Events
import KNX
import Twin

/// One witness of a rehearsal: what was kept from it, and what it proved.
public struct WitnessTrial: Sendable {
    /// Telegrams that were kept from a witness, one after another.
    public struct Loss: Hashable, Sendable {
        public var telegrams: Int
        /// End of the last telegram before that it saw.
        public var after: Instant
        /// Start of the first behind.
        public var before: Instant
    }

    public let name: String
    public private(set) var losses: [Loss] = []
    public private(set) var conclusion = LossConclusion()
    private var plan: SeededLosses
    private var proof: LossProof
    private var lastSeen: Instant?
    private var lost = 0
    /// Whether the telegram on the line is being kept from it.
    private(set) var isLosing: Bool

    init(name: String, plan: SeededLosses, parameters: LossProof.Parameters) {
        self.name = name
        self.plan = plan
        isLosing = self.plan.isLost(0)
        proof = LossProof(parameters) { octets in
            RandomTraffic.count(of: octets).map {
                TelegramCount(stream: $0.sender, value: $0.count, modulus: RandomTraffic.countModulus)
            }
        }
    }

    mutating func observe(_ event: Event) { proof.observe(event) }

    /// Telegram `index` of the line is over.
    mutating func passed(_ frame: LineRecord.Frame, index: Int) {
        if isLosing {
            lost += 1
        } else {
            if lost > 0, let lastSeen {
                losses.append(Loss(telegrams: lost, after: lastSeen, before: frame.began))
            }
            lost = 0
            lastSeen = frame.ended
        }
        isLosing = plan.isLost(index + 1)
    }

    mutating func finish() { conclusion = proof.conclude() }

    // MARK: What came out

    /// How far a place may be from where the loss truly was.
    private static let tolerance = Instant.Span.milliseconds(1)

    private static func isAt(_ finding: LossFinding, _ loss: Loss) -> Bool {
        let after = (finding.after - loss.after).nanoseconds.magnitude
        let before = (finding.before - loss.before).nanoseconds.magnitude
        return max(after, before) <= UInt64(tolerance.nanoseconds)
    }

    /// Losses that were named at their place with their number.
    public var named: Int {
        losses.count { loss in
            conclusion.missing.contains { Self.isAt($0, loss) && $0.frames == loss.telegrams...loss.telegrams }
        }
    }

    /// Losses that no finding names at their place, whatever number it gives.
    public var unnoticed: [Loss] {
        losses.filter { loss in !conclusion.missing.contains { Self.isAt($0, loss) } }
    }

    /// Findings of any kind where nothing was kept from it.
    public var invented: [LossFinding] {
        (conclusion.missing + conclusion.disagreements + conclusion.unproven).filter { finding in
            !losses.contains { Self.isAt(finding, $0) && finding.kind == .missing }
        }
    }

    /// Every loss has been named, exactly, and nothing else.
    public var isRight: Bool {
        named == losses.count && invented.isEmpty
            && conclusion.standing == (losses.isEmpty ? .nothingMissing : .missing)
    }
}
