import Events

/// Things that are created, changed, looked at and deleted by several clients at once: whether the requests to each can have been done one after the other.
enum RegistryLives {
    private typealias Order = Linearisation<RegistryEntry>

    /// An id whose answers no order explains, or where nothing that an order comes to is what was read back.
    static func unexplained(_ asked: [RegistryCheck.Asked], _ world: World) -> Finding? {
        guard world.timeline.samples["registry-looks"] != nil else {
            return RegistryCheck.finding("nobody has read back what was created, changed and deleted", .inconclusive)
        }
        for (id, requests) in lives(asked) {
            let history = requests.compactMap(request)
            switch Order.explain(history.map(\.request), from: RegistryEntry(content: nil)) {
            case .undecided:
                return RegistryCheck.finding(
                    "too much was asked of '\(id)' at once to say whether an order of the requests explains the answers",
                    .inconclusive)
            case .unexplained(let index, let before):
                let answer = history[index].asked.answer
                return RegistryCheck.finding(
                    "not serialised: no order of the \(history.count) requests to '\(id)' explains the answer to "
                        + "'\(history[index].asked.name)', \(told(answer)): \(words(before))", at: answer?.instant)
            case .explained(let ends):
                let found = readBack(id, world)
                guard !ends.contains(where: { $0.shows(found.content) }) else { continue }
                return RegistryCheck.finding(
                    "not serialised: no order of the \(history.count) requests to '\(id)' explains what was read back of it, "
                        + "\(found.description): \(words(ends))")
            }
        }
        return nil
    }

    /// Answers that claim nothing prove nothing: each id was created, changed and deleted with success at least once.
    static func untouched(_ asked: [RegistryCheck.Asked]) -> Finding? {
        for (id, requests) in lives(asked) {
            for (verb, done) in [("create", "created"), ("change", "changed"), ("delete", "deleted")]
            where !requests.contains(where: { $0.verb == verb && $0.answer?.content.claim == .done }) {
                return RegistryCheck.finding(
                    "nothing was tested: '\(id)' was never \(done) with success", .inconclusive)
            }
        }
        return nil
    }

    /// What the interface shows of what was asked for, and what the database has.
    static func differs(_ asked: [RegistryCheck.Asked], _ world: World) -> Finding? {
        let samples = world.timeline.samples
        guard let looks = samples["registry-looks"], looks["interface"] != nil, looks["database"] != nil else {
            return nil
        }
        for (id, _) in lives(asked) {
            let shown = samples["registry-ids"]?[id] != nil
            let stored = samples["registry-rows"]?[id]?.last?.content.reading?.integer ?? 0 > 0
            guard shown == stored else {
                return RegistryCheck.finding(
                    "the interface and the database differ: '\(id)' is in the \(shown ? "interface's list and has no row" : "database and not in the interface's list")"
                )
            }
            guard looks["values"] != nil else { continue }
            let (interface, database) = (values("registry", id, world), values("registry-values", id, world))
            let keys = Set(interface.keys).union(database.keys).sorted()
            if let key = keys.first(where: { interface[$0] != database[$0] }) {
                return RegistryCheck.finding(
                    "the interface and the database differ: \(key) of '\(id)' is \(interface[key] ?? "not there") in the interface and "
                        + "\(database[key] ?? "not there") in the database")
            }
        }
        return nil
    }

    /// The requests to each id of what is created, in the order of the ids.
    private static func lives(_ asked: [RegistryCheck.Asked]) -> [(id: String, requests: [RegistryCheck.Asked])] {
        Dictionary(grouping: asked.filter { RegistryEntry.Act.Verb(rawValue: String($0.verb)) != nil }, by: \.id)
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func request(
        _ asked: RegistryCheck.Asked
    ) -> (request: Order.Request, asked: RegistryCheck.Asked)? {
        guard let verb = RegistryEntry.Act.Verb(rawValue: String(asked.verb)) else { return nil }
        let answer = asked.answer?.content
        let act = RegistryEntry.Act(
            verb: verb, text: asked.text, key: asked.key, claim: answer?.claim,
            found: answer?.found.map(RegistryEntry.Content.init))
        // One that was answered with neither may still take effect later.
        return (
            Order.Request(act: act, asked: asked.instant, answered: act.claim == nil ? nil : asked.answer?.instant),
            asked
        )
    }

    private static func readBack(_ id: String, _ world: World) -> RegistryEntry {
        guard let entry = world.timeline.samples["registry-ids"]?[id]?.last?.content.reading else {
            return RegistryEntry(content: nil)
        }
        let text = entry.text.flatMap { $0.isEmpty ? nil : $0 }
        return RegistryEntry(content: .init(text: text, values: values("registry", id, world)))
    }

    private static func values(_ view: String, _ id: String, _ world: World) -> [String: String] {
        var values: [String: String] = [:]
        for (point, samples) in world.timeline.samples[view] ?? [:] where point.hasPrefix("\(id)/") {
            values[String(point.dropFirst(id.count + 1))] = samples.last?.content.reading?.said
        }
        return values
    }

    private static func told(_ answer: Timeline.Stamped<Event.Operation>?) -> String {
        let status = answer?.content.status.map { "status \($0)" } ?? "no status"
        guard let found = answer?.content.found else { return status }
        return "\(status) and \(RegistryEntry(content: .init(found)).description)"
    }

    private static func words(_ states: Set<RegistryEntry>) -> String {
        let words = states.map(\.description).sorted()
        return "it can have been " + words.prefix(2).joined(separator: ", or ")
            + (words.count > 2 ? ", or \(words.count - 2) others" : "")
    }
}
