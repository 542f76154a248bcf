import Events

/// Changes of what the system stores, asked for through its interface while its store takes no writes: either nobody there feels it, or each is answered
/// in its time, be it with an error, and after the fault all are done again.
enum Changes {
    enum Demand {
        /// Each is done in its time.
        case done
        /// Each is answered in its time, and from the limit of the recovery on done.
        case answered
    }

    private struct Change {
        var invoked: Instant
        var key: String
        var end: Timeline.Stamped<Event.Operation>?

        func isDone(within: Instant.Span) -> Bool { end?.content.action == .ok && isInTime(within: within) }

        func isInTime(within: Instant.Span) -> Bool { end.map { $0.instant - invoked <= within } ?? false }
    }

    private static let checker = "changes"
    private static let hop = "interface → database"
    /// Between the rig's own deadline for an answer and the event that says it passed.
    private static let tolerance = Instant.Span.milliseconds(200)

    static func findings(_ world: World, _ demand: Demand, fault: Instant, healed: Instant) -> [Finding] {
        guard let limit = world.plan.changesWithin else { return [] }
        let within = limit + tolerance
        // Of one that was asked for just before the end nobody knows yet.
        let changes = changes(world).filter {
            ($0.end?.instant ?? $0.invoked + within) > fault && ($0.end != nil || $0.invoked + within <= world.end)
        }
        guard changes.contains(where: { $0.invoked <= healed }) else {
            return [undecided("no change was asked for through the interface while the fault lasted")]
        }
        let due = healed + world.plan.recover
        switch demand {
        case .done:
            if let bad = changes.first(where: { !$0.isDone(within: within) }) {
                return [fail(bad, "which this fault is no reason for", limit, fault)]
            }
        case .answered:
            if let bad = changes.first(where: { !isClean($0, within) }) {
                return [fail(bad, "and an error in time would have been right", limit, fault)]
            }
            if let bad = changes.first(where: { $0.invoked > due && !$0.isDone(within: within) }) {
                return [fail(bad, "when all was to work", limit, fault)]
            }
        }
        let isDoneAgain = changes.contains { change in
            change.invoked >= healed && change.isDone(within: within) && change.end.map { $0.instant <= due } ?? false
        }
        if isDoneAgain { return [] }
        return changes.contains(where: { $0.invoked >= healed })
            ? [
                Finding(
                    checker: checker, outcome: .fail,
                    sentence: "no change was done within \(Text.seconds(world.plan.recover)) after the fault was over",
                    at: due, hop: hop)
            ] : [undecided("no change was asked for through the interface after the fault")]
    }

    /// Done, or refused with a status that says so.
    private static func isClean(_ change: Change, _ within: Instant.Span) -> Bool {
        guard let end = change.end?.content, change.isInTime(within: within) else { return false }
        return end.action == .ok || end.action == .failed && (end.status ?? 0) >= 400
    }

    private static func changes(_ world: World) -> [Change] {
        var places: [Int64: Int] = [:]
        var changes: [Change] = []
        for operation in world.timeline.operations
        where operation.content.name == "mutation" && operation.instant <= world.end {
            if operation.content.action == .invoke {
                places[operation.content.id] = changes.count
                changes.append(Change(invoked: operation.instant, key: operation.content.key ?? "?"))
            } else if let place = places.removeValue(forKey: operation.content.id) {
                changes[place].end = operation
            }
        }
        return changes
    }

    private static func fail(_ change: Change, _ why: String, _ limit: Instant.Span, _ fault: Instant) -> Finding {
        let when = "\(change.key), asked for \(Text.relative(change.invoked, to: fault)),"
        let what: String
        switch change.end?.content.action {
        case .failed:
            let status = change.end?.content.status.map { "with status \($0)" } ?? "without an answer"
            what = "a change failed: \(when) \(status), \(why): \(change.end?.content.detail ?? "no reason given")"
        case .ok: what = "a change was late: \(when) was done only after more than \(Text.seconds(limit)), \(why)"
        case .invoke, .unknown, nil: what = "a change was not answered: \(when) within \(Text.seconds(limit)), \(why)"
        }
        return Finding(
            checker: checker, outcome: .fail, sentence: what, at: change.end?.instant ?? change.invoked, hop: hop)
    }

    private static func undecided(_ sentence: String) -> Finding {
        Finding(checker: checker, outcome: .inconclusive, sentence: sentence, hop: hop)
    }
}
