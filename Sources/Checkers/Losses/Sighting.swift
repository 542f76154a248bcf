import Events
import KNX

/// What a telegram says about how many went before it: a counter in the payload.
public struct TelegramCount: Hashable, Sendable {
    /// Whose telegrams are counted: one stream counts on by one with each of its telegrams, whether or not that telegram says so.
    public var stream: Int
    /// How many of the stream went before; nil in a telegram of the stream that carries no count.
    public var value: Int?
    /// The count begins anew after this many.
    public var modulus: Int

    public init(stream: Int, value: Int?, modulus: Int) {
        precondition(modulus > 1, "a count of less than two tells nothing")
        self.stream = stream
        self.value = value
        self.modulus = modulus
    }
}

/// One frame as a witness saw it, as far as the proof of its losses needs it.
struct Sighting {
    let began: Instant
    let ended: Instant
    /// The line was free again: the acknowledge, where there was one, was over.
    let over: Instant
    /// Bit times that this frame and what answered it occupy, its idle time before it included.
    let cycleBits: Int
    /// Idle bits that must go before it.
    let idleBits: Int
    let octets: Int
    let isAcknowledged: Bool
    /// It is a repetition, or will be repeated: not every frame is a telegram of its own here.
    let isOfRepetitions: Bool
    let isDamaged: Bool
    /// 0…7 of the frame, and how many indications it came in: its acknowledge has one of its own.
    let sequence: Int?
    let indications: Int
    let uncertaintyNanoseconds: Int64

    init(_ frame: Event.Frame, ended: Instant, uncertaintyNanoseconds: Int64) {
        let acknowledge = frame.acknowledge.flatMap(Acknowledge.init)
        let control = frame.octets.first ?? 0
        let isRepetition = TP1.isDataControl(control) && control & 0x20 == 0
        began = frame.began
        self.ended = ended
        isAcknowledged = frame.acknowledge != nil
        let answerBits = isAcknowledged ? BusTiming.acknowledgeDelayBits + BusTiming.characterBits : 0
        over = ended + Instant.Span(nanoseconds: BusTiming.nanoseconds(bits: Int64(answerBits)))
        cycleBits = BusLoad.cycleBits(frame.octets, isAcknowledged: isAcknowledged)
        idleBits = cycleBits - BusTiming.frameBits(octets: max(frame.octets.count, 1)) - answerBits
        octets = frame.octets.count
        let isAccepted = acknowledge.map { !$0.isBusy && !$0.isNotAcknowledge } ?? false
        isOfRepetitions = isRepetition || !isAccepted
        isDamaged = frame.flaw != nil
        sequence = frame.sequence.map { $0 & 7 }
        indications = isAcknowledged ? 2 : 1
        self.uncertaintyNanoseconds = uncertaintyNanoseconds
    }
}
