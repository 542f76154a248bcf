import Systems

/// The requests of a storm: rounds that come one after the other, each a set of lanes at once, each lane requests one after the other.
extension RegistryStorm {
    typealias Request = RegistryRequests.Request
    typealias Round = [[Request]]

    private static let ids = 10
    private static let atOnce = 4
    private static let parents = 5
    private static let keys = 40
    private static let changesPerKey = 25
    private static let lives = 4
    private static let roundsOfLives = 25
    private static let roundsOfOrphans = 20

    static func rounds(_ kind: Kind) -> [Round] {
        switch kind {
        case .duplicates: duplicates
        case .orphans(let parents): orphans(parents)
        case .changes: changes
        case .lives: livesAtOnce
        }
    }

    /// The requests that it is made of, each once.
    static func verbs(_ kind: Kind) -> [Request.Verb] {
        Set(rounds(kind).joined().joined().map(\.verb)).sorted { $0.rawValue < $1.rawValue }
    }

    static func count(_ kind: Kind) -> Int { rounds(kind).joined().joined().count }

    private static var duplicates: [Round] {
        let oneByOne = (0..<ids).map { number in
            [
                Request(.create, id: "twice-\(number)", text: "first"),
                Request(.create, id: "twice-\(number)", text: "second"),
            ]
        }
        let together = (0..<ids).map { number in
            (0..<atOnce).map { lane in [Request(.create, id: "at-once-\(number)", text: "lane \(lane)")] }
        }
        return oneByOne.map { [$0] } + together
    }

    /// First parents that are in use; then parents that are deleted while others come to refer to them.
    private static func orphans(_ parents: String) -> [Round] {
        func create(_ parent: String) -> Request {
            Request(.createParent, id: parent, text: parent, relation: parents)
        }
        func child(_ name: String, _ parent: String) -> Request {
            Request(.createChild, id: "\(parent)-\(name)", text: parent, parent: parent, relation: parents)
        }
        func delete(_ parent: String) -> Request { Request(.deleteParent, id: parent, relation: parents) }
        let inUse = (0..<Self.parents).map { number in
            let parent = "\(parents)-\(number)"
            return [[create(parent), child("a", parent), child("b", parent), delete(parent)]]
        }
        let atOnce = (0..<roundsOfOrphans).flatMap { number in
            let parent = "\(parents)-at-once-\(number)"
            return [
                [[create(parent)]],
                [[child("a", parent)], [delete(parent)], [child("b", parent)], [delete(parent)], [child("c", parent)]],
            ]
        }
        return inUse + atOnce
    }

    private static var changes: [Round] {
        let create = [[Request(.create, id: "busy", text: "busy")]]
        let lanes = (0..<keys).map { key in
            (1...changesPerKey).map { round in
                Request(.change, id: "busy", text: "\(key).\(round)", key: "k\(key)")
            }
        }
        return [create, lanes]
    }

    /// Each id has one undisturbed life, and then four clients in each round; after a round everything is looked at.
    private static var livesAtOnce: [Round] {
        let ids = (0..<lives).map { "life-\($0)" }
        let first = ids.map { id in
            [
                Request(.create, id: id, text: "first"), Request(.change, id: id, text: "first", key: "k0"),
                Request(.get, id: id), Request(.delete, id: id),
            ]
        }
        return [first]
            + (1...roundsOfLives).flatMap { round in
                [ids.flatMap { lanes(of: $0, round) }, ids.map { [Request(.get, id: $0)] }]
            }
    }

    private static func lanes(of id: String, _ round: Int) -> Round {
        func create(_ lane: Int) -> Request { Request(.create, id: id, text: "\(round).\(lane)") }
        func change(_ lane: Int, _ turn: Int) -> Request {
            Request(.change, id: id, text: "\(round).\(turn)", key: "k\(lane)")
        }
        let (delete, get) = (Request(.delete, id: id), Request(.get, id: id))
        return [
            [create(0), change(0, 1), delete],
            [create(1), change(1, 1), get],
            [change(2, 1), delete, create(2)],
            [change(3, 1), get, change(3, 2)],
        ]
    }
}
