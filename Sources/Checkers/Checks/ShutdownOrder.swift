import Events

/// In which order a system that was asked to end wrote the last rows of its time series, told the broker, and closed its database. Each is known with its
/// uncertainty; where two overlap, no order is known to be wrong.
struct ShutdownOrder {
    /// Something that lies between two instants.
    private struct Event {
        var what: String
        var earliest: Instant
        var latest: Instant
    }

    /// When the offline message was seen; nil when it was not.
    let offline: Instant?
    /// What came before what it should have come after; nil where no order is known to be wrong.
    private(set) var wrong: String?
    /// What nobody has seen although it should have been looked at.
    private(set) var unseen: [Finding] = []
    private(set) var notes: [String] = []

    /// A broker and a probe that nobody has seen at work may be as late as a live view ever is.
    private static let unknownLateness = Instant.Span.milliseconds(250)
    /// After the end of the process, when the broker may tell of it in the system's name.
    private static let ofBroker = Instant.Span.seconds(1)

    init(_ world: World, fault: Instant, exit: Instant) {
        let message = Self.message(world, fault, exit)
        offline = message?.seen
        guard let kept = world.plan.kept else { return }
        let rows = kept.rows ? Self.lastRows(world, exit) : nil
        let told = message.map {
            Event(what: "the broker was told that the system goes offline", earliest: $0.earliest, latest: $0.latest)
        }
        let closed = kept.database ? closing(world, fault) : nil
        let saysStatus = world.plan.streaming.contains {
            world.timeline.samples[$0.id]?["status"]?.isEmpty == false
        }
        let lacking = [
            kept.rows ? nil : "'rows' of a time series", saysStatus ? nil : "'status' of a view",
            kept.database ? nil : "view of a database",
        ].compactMap(\.self)
        if !lacking.isEmpty {
            notes.append(
                "shutdown: the order of the end was not judged in full: the system profile has no \(lacking.joined(separator: ", no "))"
            )
        }
        let events = [rows, told, closed].compactMap(\.self)
        guard events.count > 1 else { return }
        for (index, first) in events.enumerated() {
            for second in events[(index + 1)...] where second.latest < first.earliest && wrong == nil {
                wrong =
                    "\(second.what) at least \(Text.duration(first.earliest - second.latest)) before \(first.what); the order is time series, "
                    + "offline message, database"
            }
        }
        notes.append(
            "shutdown: "
                + events.map { event in
                    "\(event.what) \(Text.duration(event.earliest - fault)) to \(Text.duration(event.latest - fault)) after the request"
                }.joined(separator: ", "))
    }

    /// The last write of rows that the time-series database took before the end.
    private static func lastRows(_ world: World, _ exit: Instant) -> Event? {
        var begun: [Int64: Instant] = [:]
        var last: Event?
        for operation in world.timeline.operations
        where operation.content.name == RowTrace.operation && operation.instant <= exit {
            let uncertainty = Instant.Span(nanoseconds: 2 * operation.uncertainty)
            if operation.content.action == .invoke {
                begun[operation.content.id] = operation.instant - uncertainty
            } else if operation.content.action == .ok, let began = begun[operation.content.id] {
                // Taken somewhere between the last octet and the answer.
                last = Event(
                    what: "the last rows of the time series were written", earliest: began,
                    latest: operation.instant + uncertainty)
            }
        }
        return last
    }

    private static func message(
        _ world: World, _ fault: Instant, _ exit: Instant
    ) -> (seen: Instant, earliest: Instant, latest: Instant)? {
        var first: (seen: Instant, earliest: Instant, latest: Instant)?
        for view in world.plan.streaming {
            let seen = world.timeline.samples[view.id]?["status"]?.first {
                $0.instant >= fault && $0.instant <= exit + ofBroker && $0.content.reading == "offline"
            }
            guard let seen, first.map({ seen.instant < $0.seen }) ?? true else { continue }
            let uncertainty = Instant.Span(nanoseconds: 2 * seen.uncertainty)
            first = (
                seen.instant, seen.instant - uncertainty - lateness(world, view.id, fault), seen.instant + uncertainty
            )
        }
        return first
    }

    /// How late the broker and the rig's own probe may have been: no later than the slowest telegram before, which came through them too, and a slip of the
    /// rig's own that is forgiven.
    private static func lateness(_ world: World, _ view: String, _ fault: Instant) -> Instant.Span {
        let delays = world.deliveries.filter { $0.view.id == view }.flatMap { _, delivery in
            delivery.entries.compactMap { entry -> Instant.Span? in
                guard let began = world.judgedFrom, entry.instant >= began, entry.instant < fault,
                    case .delivered(let at, _) = entry.fate
                else { return nil }
                return at - entry.instant
            }
        }
        return max(delays.max() ?? unknownLateness, .zero) + world.plan.slip
    }

    /// When the database was closed: the last descriptor that could write it gone, its write-ahead log removed.
    private mutating func closing(_ world: World, _ fault: Instant) -> Event? {
        let marks = world.timeline.samples["shutdown"] ?? [:]
        guard marks["watched"]?.last?.content.reading == "yes" else {
            unseen.append(
                Finding(
                    checker: "shutdown", outcome: .inconclusive,
                    sentence: "nobody saw when the database was closed", at: fault, hop: "database"))
            return nil
        }
        // One that was left open was never closed by the system.
        guard marks["write_ahead_log"]?.last?.content.reading != "left" else { return nil }
        let seen = ["log_removed", "database_closed"].compactMap { marks[$0]?.last { $0.instant >= fault } }
        guard let last = seen.max(by: { $0.instant < $1.instant }) else {
            notes.append("shutdown: nobody had the database open when the system was asked to end")
            return nil
        }
        let uncertainty = Instant.Span(nanoseconds: 2 * last.uncertainty)
        return Event(
            what: "the database was closed", earliest: last.instant - uncertainty, latest: last.instant + uncertainty)
    }
}
