import Events
import Platform
import Systems

/// Requests to the system's registry that contradict each other.
final class RegistryStorm: CommandedFault {
    enum Kind: Sendable {
        case duplicates, orphans, changes
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
        case .orphans: "deleting rooms that have devices"
        case .changes: "changing keys of one device at once"
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
        try bench.readBackRegistry()
    }

    func sentinelsDue(_ bench: Bench) -> Instant { began(bench) + .seconds(2) }

    func healDue(_ bench: Bench) -> Instant { began(bench) + .seconds(4) }

    private static let ids = 10
    private static let atOnce = 4
    private static let parents = 5
    private static let keys = 40
    private static let changesPerKey = 25

    /// One after the other; each a set of lanes at once.
    static func rounds(_ kind: Kind) -> [[[RegistryRequests.Request]]] {
        switch kind {
        case .duplicates:
            let oneByOne = (0..<ids).map { number in
                [
                    RegistryRequests.Request(.create, id: "twice-\(number)", text: "first"),
                    RegistryRequests.Request(.create, id: "twice-\(number)", text: "second"),
                ]
            }
            let together = (0..<ids).map { number in
                (0..<atOnce).map { lane in
                    [RegistryRequests.Request(.create, id: "at-once-\(number)", text: "lane \(lane)")]
                }
            }
            return oneByOne.map { [$0] } + together
        case .orphans:
            return (0..<parents).map { number in
                let parent = "room-\(number)"
                return [
                    [
                        RegistryRequests.Request(.createParent, id: parent, text: parent),
                        RegistryRequests.Request(.createChild, id: "\(parent)-lamp", text: "lamp", parent: parent),
                        RegistryRequests.Request(.createChild, id: "\(parent)-blind", text: "blind", parent: parent),
                        RegistryRequests.Request(.deleteParent, id: parent),
                    ]
                ]
            }
        case .changes:
            let create = [[RegistryRequests.Request(.create, id: "busy", text: "busy")]]
            let lanes = (0..<keys).map { key in
                (1...changesPerKey).map { round in
                    RegistryRequests.Request(.change, id: "busy", text: "\(key).\(round)", key: "k\(key)")
                }
            }
            return [create, lanes]
        }
    }

    /// The requests that it is made of, each once.
    static func verbs(_ kind: Kind) -> [RegistryRequests.Request.Verb] {
        Set(rounds(kind).joined().joined().map(\.verb)).sorted { $0.rawValue < $1.rawValue }
    }

    static func count(_ kind: Kind) -> Int { rounds(kind).joined().joined().count }
}
