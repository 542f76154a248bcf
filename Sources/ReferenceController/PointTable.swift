import Synchronization

/// The last known value of a point.
struct PointState: Sendable {
    let octets: [UInt8]
    /// As in `Datapoint.value(of:)`.
    let value: JSON
    /// Who sent it.
    let source: IndividualAddress
    /// Counts the telegrams that this point took, from 1. It goes on after a restart from what the database had.
    let sequence: Int64
    let updatedAtMilliseconds: Int64
}

/// The configured points and their last values. Any thread may read it; one thread, that of the KNX connection, writes.
final class PointTable: Sendable {
    private struct Content {
        var states: [GroupAddress: PointState] = [:]
        var unsaved: Set<GroupAddress> = []
        var history: [HistoryEntry] = []

        mutating func remember(_ entries: [HistoryEntry]) {
            history += entries
            history.removeFirst(max(0, history.count - greatestHistory))
        }
    }

    /// Rows of the history that wait for a database; beyond these the oldest are forgotten.
    private static let greatestHistory = 4096

    let declarations: [GroupAddress: Configuration.PointDeclaration]
    private let keepsRepeats: Bool
    private let content = Mutex(Content())

    /// - Parameter keepsRepeats: Values that equal the one before are rows of the history too.
    init(_ points: [Configuration.PointDeclaration], keepsRepeats: Bool) {
        self.keepsRepeats = keepsRepeats
        declarations = Dictionary(uniqueKeysWithValues: points.map { ($0.group, $0) })
    }

    enum Outcome {
        case unknownGroup
        case malformed(String)
        case taken(PointState, changed: Bool)
    }

    /// Takes a value from the bus. Its sequence grows also when the octets are the ones the point already has.
    func take(_ group: GroupAddress, _ value: GroupValue, from source: IndividualAddress) -> Outcome {
        guard let declaration = declarations[group] else { return .unknownGroup }
        if let objection = declaration.type.objection(to: value) { return .malformed(objection) }
        return content.withLock { content in
            let previous = content.states[group]
            let state = PointState(
                octets: value.octets, value: declaration.type.value(of: value.octets), source: source,
                sequence: (previous?.sequence ?? 0) + 1, updatedAtMilliseconds: wallMilliseconds())
            content.states[group] = state
            content.unsaved.insert(group)
            let isChanged = previous?.octets != value.octets
            if isChanged || keepsRepeats {
                content.remember([HistoryEntry(group: group, octets: value.octets, milliseconds: wallMilliseconds())])
            }
            return .taken(state, changed: isChanged)
        }
    }

    subscript(group: GroupAddress) -> PointState? {
        content.withLock { $0.states[group] }
    }

    /// All points that have a value, in order of address.
    var all: [(group: GroupAddress, state: PointState)] {
        content.withLock { $0.states.map { (group: $0.key, state: $0.value) } }.sorted { $0.group < $1.group }
    }

    /// The points that changed since the last call, for the database.
    func takeUnsaved() -> [(group: GroupAddress, state: PointState)] {
        content.withLock { content in
            defer { content.unsaved.removeAll(keepingCapacity: true) }
            return content.unsaved.compactMap { group in content.states[group].map { (group: group, state: $0) } }
        }
    }

    /// The rows of the history since the last call, for the database.
    func takeHistory() -> [HistoryEntry] {
        content.withLock { content in
            defer { content.history.removeAll(keepingCapacity: true) }
            return content.history
        }
    }

    /// Gives back what could not be saved, for the next attempt.
    func returnUnsaved(_ groups: [GroupAddress], _ history: [HistoryEntry]) {
        content.withLock { content in
            content.unsaved.formUnion(groups)
            let newer = content.history
            content.history = []
            content.remember(history + newer)
        }
    }

    /// Sets a value that the database had, before anything else runs.
    func restore(_ group: GroupAddress, _ state: PointState) {
        content.withLock { $0.states[group] = state }
    }
}

extension PointState {
    /// What `GET /state` says of a point.
    var brief: JSON {
        ["raw": .string(octets.hexadecimal), "value": value, "sequence": JSON(sequence)]
    }

    /// What the state topic says of a point.
    func message(_ group: GroupAddress) -> JSON {
        [
            "group": .string("\(group)"), "raw": .string(octets.hexadecimal), "value": value,
            "source": .string("\(source)"), "sequence": JSON(sequence),
        ]
    }
}
