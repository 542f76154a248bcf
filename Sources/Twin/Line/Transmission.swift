import KNX

/// One telegram that a participant wants on the line.
public struct Transmission: Hashable, Sendable {
    /// The sender's own number for it; comes back with the outcome.
    public var number: Int
    /// The whole LPDU with its check octet, as it is sent the first time.
    public var octets: [UInt8]
    /// Repetitions after NAK or missing acknowledge, 0…7; 3 unless the host says otherwise (NCN51xx and TP-UART2 manuals).
    public var repetitions: Int
    /// Repetitions after BUSY, 0…7; 3 unless the host says otherwise.
    public var busyRepetitions: Int
    /// Its sender falls silent behind the last octet, which is no check octet: what was on the line is no frame, nobody acknowledges it, and it is not
    /// repeated.
    public var isAbandoned: Bool

    public init(
        number: Int, octets: [UInt8], repetitions: Int = 3, busyRepetitions: Int = 3, isAbandoned: Bool = false
    ) {
        precondition(!octets.isEmpty && octets.count <= 263, "a TP1 frame has 1 to 263 octets")
        self.number = number
        self.octets = octets
        self.repetitions = repetitions
        self.busyRepetitions = busyRepetitions
        self.isAbandoned = isAbandoned
    }

    var priority: Priority { Priority(rawValue: octets[0] >> 2 & 3) ?? .low }
}

/// What a receiver says in the acknowledge slot.
public enum Acknowledgement: UInt8, Hashable, Sendable, CaseIterable {
    case acknowledge = 0xCC
    case notAcknowledge = 0x0C
    case busy = 0xC0
}

/// A transmission as it waits in its sender's queue.
struct PendingTransmission: Sendable {
    let number: Int
    var octets: [UInt8]
    let priority: Priority
    var repetitionsLeft: Int
    var busyRepetitionsLeft: Int
    let isAbandoned: Bool
    var isRepetition = false
    /// The first bit at which the sender may want it on the line, idle time apart.
    var ready: BitTime

    init(_ transmission: Transmission, ready: BitTime) {
        number = transmission.number
        octets = transmission.octets
        priority = transmission.priority
        repetitionsLeft = transmission.repetitions
        busyRepetitionsLeft = transmission.busyRepetitions
        isAbandoned = transmission.isAbandoned
        self.ready = ready
    }

    var idleBits: BitTime { BitTime(BusTiming.idleBits(priority: priority, isRepetition: isRepetition)) }

    /// Lower goes first within one sender: a telegram once begun, then system, urgent, normal, low.
    var rank: Int {
        if isRepetition { return -1 }
        return switch priority {
        case .system: 0
        case .urgent: 1
        case .normal: 2
        case .low: 3
        }
    }

    /// Makes it the repetition of itself: R = 0 and the check octet that fits.
    mutating func becomeRepetition(ready: BitTime) {
        isRepetition = true
        self.ready = ready
        octets[0] &= ~0x20
        octets[octets.count - 1] = TP1.checkOctet(octets.dropLast())
    }
}
