import Checkers
import Events
import KNX

/// A line written down bit by bit, for the proof of losses: telegrams follow each other as closely as may be, and a witness sees those that are not lost.
struct LineScript {
    struct Telegram {
        var octets: [UInt8]
        var acknowledge: UInt8? = 0xCC
        var isLost = false
        var flaw: String?
        /// Bits beyond the idle time that must be, before it.
        var pause = 0
    }

    /// Counted telegrams of stream 0, 1, 2 … carry their count modulo 256 in the ninth octet; source 15.15.x belongs to nobody.
    static let modulus = 256
    var telegrams: [Telegram] = []
    var hasSequence = false
    private var counts: [Int: Int] = [:]

    /// Adds telegrams of `streams`, one after another, `octets` long.
    mutating func add(_ count: Int, streams: [Int] = [0, 1, 2], octets: [Int] = [10, 11, 13, 23]) {
        for number in 0..<count {
            let stream = streams[number % streams.count]
            telegrams.append(Telegram(octets: next(stream: stream, octets: octets[number % octets.count])))
        }
    }

    /// Adds one of nobody's.
    mutating func addForeign() {
        telegrams.append(Telegram(octets: Self.frame(source: 0xFFF0, value: UInt8(telegrams.count & 0xFF), octets: 10)))
    }

    mutating func lose(_ range: Range<Int>) {
        for index in range { telegrams[index].isLost = true }
    }

    /// Makes the telegram refused, and its repetition follow.
    mutating func refuse(_ index: Int) {
        var repetition = telegrams[index]
        repetition.octets[0] &= ~0x20
        repetition.octets[repetition.octets.count - 1] ^= 0x20
        telegrams[index].acknowledge = 0x0C
        telegrams.insert(repetition, at: index + 1)
    }

    /// A sender that counts without sending.
    mutating func skipCount(stream: Int, by count: Int = 1) { counts[stream, default: 0] += count }

    private mutating func next(stream: Int, octets: Int) -> [UInt8] {
        let count = counts[stream, default: 0]
        counts[stream] = count + 1
        return Self.frame(source: 0x1100 + UInt16(stream), value: UInt8(count % Self.modulus), octets: octets)
    }

    private static func frame(source: UInt16, value: UInt8, octets: Int) -> [UInt8] {
        TP1Frame(
            source: IndividualAddress(raw: source), destination: .group(GroupAddress(raw: 1)),
            transportUnit: [0x00, 0x80, value] + Array(repeating: 0, count: octets - 10)
        ).octets
    }

    static func count(_ octets: [UInt8]) -> TelegramCount? {
        guard octets.count >= 10, octets[1] == 0x11 else { return nil }
        return TelegramCount(stream: Int(octets[2]), value: Int(octets[8]), modulus: modulus)
    }

    /// What the witness tells, and where each telegram truly began and ended.
    var told: (events: [Event], spans: [(began: Instant, ended: Instant)]) {
        var events: [Event] = []
        var spans: [(Instant, Instant)] = []
        var free: Int64 = 0
        var sequence = 0
        let instant = { (bit: Int64) in Instant(nanoseconds: 5_000_000_000 + BusTiming.nanoseconds(bits: bit)) }
        for telegram in telegrams {
            let isRepetition = telegram.octets[0] & 0x20 == 0
            let began = free + Int64(BusTiming.idleBits(priority: .low, isRepetition: isRepetition) + telegram.pause)
            let ended = began + Int64(BusTiming.frameBits(octets: telegram.octets.count))
            free = ended + (telegram.acknowledge == nil ? 0 : 26)
            spans.append((instant(began), instant(ended)))
            defer { sequence = (sequence + (telegram.acknowledge == nil ? 1 : 2)) & 7 }
            guard !telegram.isLost else { continue }
            events.append(
                Event(
                    at: instant(ended), uncertaintyNanoseconds: 300_000, source: "witness",
                    .frame(
                        Event.Frame(
                            line: "main", octets: telegram.octets, acknowledge: telegram.acknowledge,
                            began: instant(began), flaw: telegram.flaw, sequence: hasSequence ? sequence : nil))))
        }
        return (events, spans)
    }

    /// Folds it. `isLoaded`: the load is known to be full.
    func prove(
        isLoaded: Bool = true, isEveryTelegramCounted: Bool = true, isCounted: Bool = true, extra: [Event] = [],
        patience: Instant.Span = .seconds(60)
    ) -> LossConclusion {
        var proof = LossProof(
            LossProof.Parameters(
                source: "witness", octets: 9...23, longestPauseBits: isLoaded ? 0 : nil,
                isEveryTelegramCounted: isEveryTelegramCounted, patience: patience)
        ) { isCounted ? Self.count($0) : nil }
        for event in (told.events + extra).sorted(by: { $0.instant < $1.instant }) { proof.observe(event) }
        return proof.conclude()
    }
}
