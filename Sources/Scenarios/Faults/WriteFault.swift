import Catalogue
import Events
import Platform
import Systems

/// Writes to a database are damaged on their way, at the rig's gate before it: cut in the middle, refused, or not answered.
final class WriteFault: CommandedFault {
    private let gate: String
    private let damage: WriteDamage
    private let duration: Instant.Span
    private let phase: Instant.Span
    let commanded = Commanded()

    init(gate: String, damage: WriteDamage, duration: Instant.Span, phase: Instant.Span) {
        self.gate = gate
        self.damage = damage
        self.duration = duration
        self.phase = phase
    }

    var announcement: String {
        let what =
            switch damage {
            case .cut: "cutting writes to the \(gate) in the middle"
            case .refuse: "refusing writes to the \(gate)"
            case .swallow: "letting nobody answer writes to the \(gate)"
            }
        return "\(what) for \(duration.wholeMilliseconds / 1000) s"
    }
    var healing: String { "letting writes pass again" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        let made = try bench.damageWrites(
            damage, through: gate, purpose: "fault", due: MonotonicClock.now() + .milliseconds(100) + phase)
        commanded.set(made.commanded)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        _ = try bench.damageWrites(nil, through: gate, purpose: "heal", due: bench.healing(healDue(bench)))
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}
