import Events

/// What had arrived before a system was asked to end, in each of its stores afterwards: the newest value of each point in a view that can be read while it
/// is down, and every telegram in stores that keep each of them.
struct ShutdownStores {
    struct Loss {
        /// What was missing first.
        var first: String
        /// What else was.
        var more = ""
        var hop: String

        var sentence: String { first + more }
    }

    private(set) var losses: [Loss] = []
    /// Stores that nobody has read.
    private(set) var unread: [Finding] = []
    private(set) var notes: [String] = []

    private let fault: Instant

    private static let namedAtMost = 20
    /// Rows stand in the order in which telegrams came, nearly.
    private static let shuffled = Instant.Span.milliseconds(500)

    init(_ world: World, fault: Instant, exit: Instant) {
        self.fault = fault
        losses = states(world, exit)
        guard let kept = world.plan.kept else {
            // Of a run from before stores were looked at one by one the first value that was missing was named, and no other.
            losses = losses.first.map { [Loss(first: $0.first, hop: "controller → database")] } ?? []
            return
        }
        if kept.rows, let rows = world.plan.rows {
            judge(
                RowTrace(kept: RowTrace.keptView, suppressesSame: suppresses(world, rows.view), world), rows.view, world
            )
        }
        if let bound = kept.historyBound { judgeHistory(bound, world) }
        let lacking = [
            kept.rows ? nil : "no 'rows' of a time series",
            kept.historyBound == nil ? "no 'entries' of a history" : nil,
        ].compactMap(\.self)
        if !lacking.isEmpty {
            notes.append(
                "shutdown: not every store was judged: the system profile has \(lacking.joined(separator: " and "))")
        }
    }

    private func suppresses(_ world: World, _ view: String) -> Bool {
        world.plan.views.first { $0.id == view }?.suppressesSame ?? false
    }

    // MARK: the newest value

    /// Points of which a store does not hold the last value that had arrived.
    private func states(_ world: World, _ exit: Instant) -> [Loss] {
        let until = world.witness.healing?.commanded ?? world.end
        return world.plan.views.compactMap { view -> Loss? in
            // Only a view that can be read while the system is down is a store.
            guard !view.isStreaming,
                world.timeline.samples[view.id]?["poll"]?.contains(where: {
                    $0.instant > exit && $0.instant < until && $0.content.reading == "ok"
                }) ?? false
            else { return nil }
            let lacking = world.plan.points.sorted().compactMap { stale(world, view, $0, until) }
            guard let first = lacking.first else { return nil }
            let more = lacking.dropFirst().prefix(Self.namedAtMost - 1).map {
                "\(Text.group($0.group)) = \(Text.raw($0.due.raw)), \(Text.relative($0.due.instant, to: fault))"
            }
            var further = ""
            let missing =
                "\(view.id) holds \(Text.group(first.group)) = \(first.shown.map(Text.raw) ?? "nothing") after the end, and "
                + "\(Text.raw(first.due.raw)) had arrived \(Text.relative(first.due.instant, to: fault))"
            let rest = lacking.count - 1 - more.count
            if !more.isEmpty { further += "; nor has it \(more.joined(separator: "; "))" }
            if rest > 0 { further += "; and \(rest) more" }
            return Loss(first: missing, more: further, hop: "controller → \(view.id)")
        }
    }

    private func stale(
        _ world: World, _ view: JudgePlan.View, _ group: UInt16, _ until: Instant
    ) -> (group: UInt16, due: LineTruth.Value, shown: [UInt8]?)? {
        let values = world.truth.values[group] ?? []
        guard let due = values.lastIndex(where: { $0.instant <= fault - Shutdown.underWay }) else { return nil }
        let allowed = values[due...].filter { $0.instant <= until }.map(\.raw)
        let shown = world.timeline.samples(of: view.id, group).last { $0.instant < until }?.content.raw
        if let shown, allowed.contains(shown) { return nil }
        return (group, values[due], shown)
    }

    // MARK: every telegram

    private mutating func judgeHistory(_ bound: Int, _ world: World) {
        let trace = RowTrace(kept: RowTrace.keptHistoryView, suppressesSame: true, world)
        let samples = world.timeline.samples[RowTrace.keptHistoryView] ?? [:]
        let held = samples.reduce(0) { $0 + ($1.key == "read" ? 0 : $1.value.count) }
        let ofPoints = world.plan.points.reduce(0) { $0 + (samples[Text.group($1)]?.count ?? 0) }
        let due = trace.entries.count { $0.fate != .suppressed }
        // A history that may have been full has given up its oldest rows.
        var from: Instant?
        if due + held - ofPoints >= bound || held >= bound {
            from = (trace.oldest ?? world.end) + Self.shuffled
        }
        judge(trace, "history", world, from: from)
    }

    private mutating func judge(_ trace: RowTrace, _ store: String, _ world: World, from: Instant? = nil) {
        guard let began = world.judgedFrom else { return }
        guard trace.read != nil else {
            unread.append(
                Finding(
                    checker: "shutdown", outcome: .inconclusive,
                    sentence: "nobody has read what \(store) holds while the system was down", at: world.end,
                    hop: "controller → \(store)"))
            return
        }
        let since = max(began, from ?? began)
        let arrived = trace.entries.filter { $0.instant >= since && $0.instant <= fault - Shutdown.underWay }
        let missing = arrived.filter { $0.fate == .missing }
        guard !missing.isEmpty else {
            let suppressed = arrived.count { $0.fate == .suppressed }
            guard !arrived.isEmpty else {
                unread.append(
                    Finding(
                        checker: "shutdown", outcome: .inconclusive,
                        sentence: "\(store) holds no row that any telegram before the end could be looked for among",
                        at: world.end, hop: "controller → \(store)"))
                return
            }
            notes.append(
                "shutdown: \(store) holds \(arrived.count - suppressed) telegrams that had arrived from \(Text.relative(since, to: fault)) on"
                    + (suppressed > 0 ? ", and \(suppressed) repeated the value before" : ""))
            return
        }
        let named = missing.prefix(Self.namedAtMost).map {
            "\(Text.group($0.group)) = \(Text.raw($0.raw)), \(Text.relative($0.instant, to: fault))"
        }
        let rest = missing.count - named.count
        losses.append(
            Loss(
                first:
                    "\(store) lacks \(missing.count) of \(arrived.count) telegrams that had arrived: \(named.joined(separator: "; "))"
                    + (rest > 0 ? "; and \(rest) more" : ""), hop: "controller → \(store)"))
    }
}
