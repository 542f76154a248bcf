import Events
import Platform
import Systems

/// Requests to the system's registry that contradict each other.
final class RegistryStorm: CommandedFault {
    enum Kind: Sendable {
        case duplicates
        /// Of the things that the profile's relations call so.
        case orphans(parents: String)
        case changes
        /// The same ids are created, changed and deleted.
        case lives
    }

    private let kind: Kind
    private let phase: Instant.Span
    let commanded = Commanded()

    init(kind: Kind, phase: Instant.Span) {
        self.kind = kind
        self.phase = phase
    }

    var announcement: String {
        switch kind {
        case .duplicates: "creating devices with one id twice, and at once"
        case .orphans(let parents): "deleting \(parents) that others refer to"
        case .changes: "changing keys of one device at once"
        case .lives: "creating, changing and deleting the same devices at once"
        }
    }
    var healing: String { "the requests are over" }
    var lineIsAlive: Bool { true }

    func inject(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: MonotonicClock.now() + .milliseconds(100) + phase)
        commanded.set(MonotonicClock.now())
        bench.recordRequests(purpose: "fault")
        for round in Self.rounds(kind) { try bench.makeRequests(round) }
    }

    func heal(_ bench: Bench) throws(Interruption) {
        try bench.sleep(until: began(bench) + .seconds(4))
        bench.recordRequests(purpose: "heal")
        if case .orphans(let parents) = kind {
            try bench.readBackRegistry(parents: parents)
        } else {
            try bench.readBackRegistry()
        }
    }

    func sentinelsDue(_ bench: Bench) -> Instant { began(bench) + .seconds(2) }

    func healDue(_ bench: Bench) -> Instant { began(bench) + .seconds(4) }
}
