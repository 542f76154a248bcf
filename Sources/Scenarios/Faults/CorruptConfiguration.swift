import Events
import Platform
import Systems

/// The system is started with configurations that are none, one after the other, and then with its own.
final class CorruptConfiguration: CommandedFault {
    private let seed: UInt64
    private let phase: Instant.Span
    let commanded = Commanded()

    init(seed: UInt64, phase: Instant.Span) {
        self.seed = seed
        self.phase = phase
    }

    var announcement: String {
        "starting the system with \(ConfigurationDamage.allCases.count) configurations that are none"
    }
    var healing: String { "starting it with its own" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: MonotonicClock.now() + .milliseconds(100) + phase)
        let stop = try bench.terminateSystem(purpose: "fault", due: MonotonicClock.now())
        commanded.set(stop.commanded)
        try bench.waitSystemEnded(until: stop.commanded + .seconds(15))
        var random = SeededGenerator(seed: seed)
        for (number, damage) in ConfigurationDamage.allCases.enumerated() {
            try bench.tryConfiguration(damage, number: number, randomness: random.next())
        }
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: MonotonicClock.now() + .seconds(1))
        try bench.startSystem(purpose: "heal")
    }

    /// After the last of them, before the system is started with its own.
    func sentinelsDue(_ bench: Bench) -> Instant { MonotonicClock.now() }

    func healDue(_ bench: Bench) -> Instant { began(bench) }
}
