import Events
import KNX
import Platform

/// Telegrams that are not as they should be, each followed by a good one to the same address.
final class MalformedTelegrams: CommandedFault {
    /// One malformed telegram with its good one.
    struct Pair: Sendable, Hashable {
        var malformed: Malformed
        var good: TP1Frame
        var goodValue: [UInt8]
    }

    enum Malformed: Sendable, Hashable {
        /// A frame that a chip sends.
        case frame(TP1Frame)
        /// What no chip sends, one behind the other with a silence between them.
        case pieces([Piece])

        /// What the witness is to see of it.
        var octets: [[UInt8]] {
            switch self {
            case .frame(let frame): [frame.octets]
            case .pieces(let pieces): pieces.map(\.octets)
            }
        }
    }

    struct Piece: Sendable, Hashable {
        var octets: [UInt8]
        /// Its sender falls silent behind the last octet, which is then no check octet.
        var isAbandoned: Bool
    }

    /// What sends frames.
    enum Sender: Sendable, Hashable {
        /// The first stimulus.
        case stimulus
        /// The chip that takes frames of any length.
        case longFrames
    }

    /// knxd 0.14.54 glues what follows a frame that it could not finish within a second (measured): the good one waits longer.
    private static let apart = Instant.Span.milliseconds(1600)
    /// Less than that second, and more than any computer stands still.
    private static let hole = Instant.Span.milliseconds(300)
    /// In this time whatever was asked of the system before is on the line, and answered.
    private static let settling = Instant.Span.milliseconds(500)

    private let pairs: [Pair]
    private let sender: Sender
    private let needsQuiet: Bool
    private let phase: Instant.Span
    let commanded = Commanded()

    /// - Parameter needsQuiet: nothing else is to be on the line: it would be taken for the rest of a telegram that has ended too early.
    init(pairs: [Pair], sender: Sender, needsQuiet: Bool, phase: Instant.Span) {
        self.pairs = pairs
        self.sender = sender
        self.needsQuiet = needsQuiet
        self.phase = phase
    }

    var announcement: String { "sending \(pairs.count) malformed telegrams, each followed by a good one" }
    var healing: String { "nothing heals them but the system itself" }
    var lineIsAlive: Bool { true }
    var preparation: Instant.Span { .milliseconds(100) + (needsQuiet ? Self.settling : .zero) }

    func inject(_ bench: Bench) throws(Interruption) {
        if needsQuiet {
            bench.quieten(true)
            try bench.sleep(until: MonotonicClock.now() + Self.settling)
        }
        try bench.sleep(until: MonotonicClock.now() + .milliseconds(100) + phase)
        commanded.set(MonotonicClock.now())
        bench.recordLine("malformed", purpose: "fault")
        try send(pairs[0].malformed, bench)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        for (index, pair) in pairs.enumerated() {
            if index > 0 { try send(pair.malformed, bench) }
            try bench.sleep(until: MonotonicClock.now() + Self.apart)
            bench.send(pair.good, through: sender)
            try bench.sleep(until: MonotonicClock.now() + .milliseconds(100))
        }
        if needsQuiet { bench.quieten(false) }
        bench.recordLine("good", purpose: "heal")
    }

    private func send(_ malformed: Malformed, _ bench: Bench) throws(Interruption) {
        switch malformed {
        case .frame(let frame): bench.send(frame, through: sender)
        case .pieces(let pieces):
            for (index, piece) in pieces.enumerated() {
                if index > 0 { try bench.sleep(until: MonotonicClock.now() + Self.hole) }
                try bench.inject(piece)
            }
        }
    }

    /// While the first of them is being digested; where it may swallow what follows, after that.
    func sentinelsDue(_ bench: Bench) -> Instant {
        began(bench) + (needsQuiet ? Self.apart + Self.hole : .milliseconds(800))
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) }
}
