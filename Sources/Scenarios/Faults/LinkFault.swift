import Catalogue
import Events
import Platform
import Systems

/// The link to a service is in trouble for a while, at the rig's gate in it: cut, half open, late, slow, or damaging what passes.
final class LinkFault: CommandedFault {
    private let gate: String
    private let trouble: LinkTrouble
    private let seed: UInt64
    private let duration: Instant.Span
    private let phase: Instant.Span
    let commanded = Commanded()

    /// - Parameter seed: where octets are damaged.
    init(gate: String, trouble: LinkTrouble, seed: UInt64, duration: Instant.Span, phase: Instant.Span) {
        self.gate = gate
        self.trouble = trouble
        self.seed = seed
        self.duration = duration
        self.phase = phase
    }

    var announcement: String {
        "the link to the \(gate): \(trouble.text) for \(duration.wholeMilliseconds / 1000) s"
    }
    var healing: String { "mending the link to the \(gate)" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        let made = try bench.trouble(
            trouble, seed: seed, gate: gate, purpose: "fault", due: MonotonicClock.now() + .milliseconds(100) + phase)
        commanded.set(made.commanded)
    }

    func heal(_ bench: Bench) throws(Interruption) {
        _ = try bench.trouble(nil, seed: seed, gate: gate, purpose: "heal", due: bench.healing(healDue(bench)))
    }

    func healDue(_ bench: Bench) -> Instant { began(bench) + duration }
}

extension Bench {
    /// Gives the link through a gate a trouble, or takes it away, and puts the actuation into the evidence.
    func trouble(
        _ trouble: LinkTrouble?, seed: UInt64, gate: String, purpose: String, due: Instant
    ) throws(Interruption) -> Event.Actuation {
        let actuation = try withSystem { system throws(SystemFault) in
            try system.trouble(trouble, seed: seed, gate: gate, purpose: purpose, due: due)
        }
        record(actuation)
        return actuation
    }
}

extension LinkTrouble {
    init(_ trouble: Scenario.LinkTrouble) {
        self =
            switch trouble {
            case .cut: .cut
            case .halfOpen: .halfOpen
            case .delayed(let nanoseconds): .delayed(nanoseconds: nanoseconds)
            case .throttled(let octetsPerSecond): .throttled(octetsPerSecond: octetsPerSecond)
            case .corrupting(let every): .corrupting(every: every)
            case .cuttingInFrame: .cuttingInFrame
            case .cuttingInServiceFrame: .cuttingInServiceFrame
            }
    }
}
