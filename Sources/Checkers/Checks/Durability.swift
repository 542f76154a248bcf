import Catalogue
import Events

/// What was answered with success is there after a restart, or when the fault is over: the rig's own record of its changes against what it reads back, the
/// victim's word counts for nothing.
enum Durability {
    /// The view under which what was read back stands, by key.
    static let view = "mutations"
    /// Without an acknowledged change this shortly before the fault, nothing that could be lost was at stake.
    private static let fresh = Instant.Span.seconds(2)

    private struct Change {
        var invoked: Instant
        var answered: Instant?
        var isAcknowledged: Bool
        var text: String
    }

    static func findings(_ world: World) -> [Finding] {
        guard let fault = world.witness.fault?.instant, !world.plan.isNullRun else { return [] }
        let changes = changes(world)
        let isAtStake = changes.values.contains { list in
            list.contains { $0.isAcknowledged && ($0.answered.map { $0 <= fault && fault - $0 <= fresh } ?? false) }
        }
        guard isAtStake else {
            return [undecided("no change was answered with success within \(Text.seconds(fresh)) before the fault")]
        }
        let read = world.timeline.samples[view] ?? [:]
        guard read.values.contains(where: { $0.contains { $0.instant > fault } }) else {
            return [undecided("nobody has read back what was answered with success")]
        }
        return changes.keys.sorted().compactMap { key in
            (read[key] ?? []).filter { $0.instant > fault && $0.instant <= world.end }.lazy.compactMap { sample in
                lost(key, changes[key] ?? [], sample, world, fault)
            }.first
        }
    }

    private static func changes(_ world: World) -> [String: [Change]] {
        var changes: [String: [Change]] = [:]
        var open: [Int64: (key: String, index: Int)] = [:]
        for operation in world.timeline.operations where operation.content.name == "mutation" {
            if operation.content.action == .invoke {
                guard let key = operation.content.key, let text = operation.content.text else { continue }
                open[operation.content.id] = (key, changes[key]?.count ?? 0)
                changes[key, default: []].append(Change(invoked: operation.instant, isAcknowledged: false, text: text))
            } else if let place = open.removeValue(forKey: operation.content.id) {
                changes[place.key]?[place.index].answered = operation.instant
                changes[place.key]?[place.index].isAcknowledged = operation.content.action == .ok
            }
        }
        return changes
    }

    /// The last acknowledged change before the reading must be there, or one that came after it and of which nobody knows what became.
    private static func lost(
        _ key: String, _ changes: [Change], _ sample: Timeline.Stamped<Event.Sample>, _ world: World,
        _ fault: Instant
    ) -> Finding? {
        let before = changes.filter { $0.invoked < sample.instant }
        guard
            let last = before.lastIndex(where: {
                $0.isAcknowledged && ($0.answered.map { $0 <= sample.instant } ?? false)
            })
        else { return nil }
        let allowed = before[last...].map(\.text)
        let found = sample.content.reading?.text
        guard found.map({ !allowed.contains($0) }) ?? true else { return nil }
        let change = before[last]
        let isStarted = ![.databaseLocked, .diskFull].contains(world.plan.faultKind)
        return Finding(
            checker: "durability", outcome: .fail,
            sentence:
                "acknowledged write lost: \(key) = \(change.text), answered with success \(Text.relative(change.answered ?? change.invoked, to: fault)), and "
                + "after the \(isStarted ? "restart" : "fault") it is \(found ?? "not there")", at: sample.instant,
            hop: "database")
    }

    private static func undecided(_ sentence: String) -> Finding {
        Finding(checker: "durability", outcome: .inconclusive, sentence: sentence, hop: "database")
    }
}
