import Events
import KNX
import Platform

/// Telegrams that are not as they should be, each followed by a good one to the same address.
final class MalformedTelegrams: CommandedFault {
    /// One malformed telegram with its good one.
    struct Pair: Sendable, Hashable {
        var malformed: TP1Frame
        var good: TP1Frame
        var goodValue: [UInt8]
    }

    /// knxd 0.14.54 glues what follows a frame that it could not finish within a second (measured): the good one waits longer.
    private static let apart = Instant.Span.milliseconds(1600)

    private let pairs: [Pair]
    private let phase: Instant.Span
    let commanded = Commanded()

    init(pairs: [Pair], phase: Instant.Span) {
        self.pairs = pairs
        self.phase = phase
    }

    var announcement: String { "sending \(pairs.count) malformed telegrams, each followed by a good one" }
    var healing: String { "nothing heals them but the system itself" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: MonotonicClock.now() + .milliseconds(100) + phase)
        commanded.set(MonotonicClock.now())
        bench.recordLine("malformed", purpose: "fault")
        bench.send(pairs[0].malformed)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        for (index, pair) in pairs.enumerated() {
            if index > 0 { bench.send(pair.malformed) }
            try bench.sleep(until: MonotonicClock.now() + Self.apart)
            bench.send(pair.good)
            try bench.sleep(until: MonotonicClock.now() + .milliseconds(100))
        }
        bench.recordLine("good", purpose: "heal")
    }

    /// While the first of them is being digested.
    func sentinelsDue(_ bench: Bench) -> Instant { began(bench) + .milliseconds(800) }

    func healDue(_ bench: Bench) -> Instant { began(bench) }
}
