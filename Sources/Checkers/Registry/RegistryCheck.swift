import Events

/// A registry under requests that contradict each other: each is answered cleanly, an id is taken once, no change that was answered with success is lost, and
/// where things are deleted too, some order of the requests explains all that was answered and found.
enum RegistryCheck {
    struct Asked {
        /// `create d1`, `change d1/k3`.
        var name: String
        var text: String
        var instant: Instant
        var answer: Timeline.Stamped<Event.Operation>?

        var verb: Substring { name.prefix { $0 != " " } }
        var id: String { String(name.dropFirst(verb.count + 1).prefix { $0 != "/" }) }
        var key: String { name.firstIndex(of: "/").map { String(name[name.index(after: $0)...]) } ?? "" }
    }

    static func judge(_ world: World, into verdict: inout RunVerdict) {
        guard !world.plan.isNullRun else { return }
        let asked = asked(world)
        let isOfLives = asked.contains { $0.verb == "delete" }
        var findings = [unclean(asked)]
        if isOfLives {
            findings += [RegistryLives.unexplained(asked, world), RegistryLives.untouched(asked)]
        } else {
            findings += [twice(asked, world), refused(asked, world), lost(asked, world)]
        }
        findings += RegistryParents.findings(asked, world)
        findings.append(RegistryLives.differs(asked, world))
        verdict.findings += findings.compactMap(\.self)
        // Of a look that says what it looked at; older evidence has none of these.
        let looks = world.timeline.samples["registry-looks"] ?? [:]
        if !looks.isEmpty, looks["values"] == nil, asked.contains(where: { $0.verb == "change" }) {
            verdict.notes.append(
                "the system profile has no 'values' of 'registry': what the database has of a change was not compared with the interface"
            )
        }
    }

    private static func asked(_ world: World) -> [Asked] {
        var asked: [Asked] = []
        var open: [Int64: Int] = [:]
        for operation in RequestsProof.requests(world.timeline) {
            if operation.content.action == .invoke {
                open[operation.content.id] = asked.count
                asked.append(
                    Asked(
                        name: operation.content.key ?? "", text: operation.content.text ?? "",
                        instant: operation.instant))
            } else if let index = open.removeValue(forKey: operation.content.id) {
                asked[index].answer = operation
            }
        }
        return asked
    }

    static func finding(_ sentence: String, _ outcome: Outcome = .fail, at instant: Instant? = nil) -> Finding {
        Finding(checker: "registry", outcome: outcome, sentence: sentence, at: instant, hop: "controller → database")
    }

    /// A request that was answered with neither success nor a refusal for what is there.
    private static func unclean(_ asked: [Asked]) -> Finding? {
        guard let first = asked.first(where: { $0.answer == nil || $0.answer?.content.detail != nil }) else {
            return nil
        }
        let count = asked.count { $0.answer == nil || $0.answer?.content.detail != nil }
        let how =
            first.answer.map { answer in
                answer.content.status.map { "with status \($0)" } ?? "by no answer"
            } ?? "never"
        return finding(
            "api: \(count) of \(asked.count) requests were not answered cleanly, the first, '\(first.name)', \(how)"
                + (first.answer?.content.detail.map { ": \($0)" } ?? ""), at: first.answer?.instant)
    }

    private static func twice(_ asked: [Asked], _ world: World) -> Finding? {
        var successes: [String: Int] = [:]
        for request in asked where request.name.hasPrefix("create ") && request.answer?.content.action == .ok {
            successes[request.name, default: 0] += 1
        }
        if let (name, count) = successes.sorted(by: { $0.key < $1.key }).first(where: { $0.value > 1 }) {
            return finding("duplicate id: '\(name)' was answered with success \(count) times")
        }
        let rows = world.timeline.samples["registry-rows"] ?? [:]
        for name in successes.keys.sorted() {
            let id = String(name.dropFirst("create ".count))
            guard let sample = rows[id]?.last else {
                return finding("registry: '\(id)' was created with success, and the database has no row of it")
            }
            if let count = sample.content.reading?.integer, count != 1 {
                return finding("duplicate id: the database has \(count) rows of '\(id)'", at: sample.instant)
            }
        }
        return nil
    }

    /// An id that nobody has taken is free, and one that is taken was created: a system that refuses everything keeps no id twice, and none at all.
    private static func refused(_ asked: [Asked], _ world: World) -> Finding? {
        let creations = Dictionary(grouping: asked.filter { $0.verb == "create" }, by: \.id)
        let never = creations.filter { !$0.value.contains { $0.answer?.content.action == .ok } }.keys.sorted()
        guard let id = never.first else { return nil }
        let looks = world.timeline.samples["registry-rows"]?[id]
        let isThere = looks?.last?.content.reading?.integer ?? 0 > 0
        let isDeclined = creations[id, default: []].contains { $0.answer?.content.claim == .declined }
        let how = "\(never.count) of \(creations.count) ids were never created with success, the first '\(id)'"
        return isThere || isDeclined
            ? finding(
                "nothing was tested: \(how), which \(isThere ? "is there" : "the system had no time for")",
                .inconclusive)
            : finding("api: \(how), which nobody had taken")
    }

    /// Changes of one key come one after the other; so the last that was answered with success is what must be there.
    private static func lost(_ asked: [Asked], _ world: World) -> Finding? {
        var last: [String: (text: String, instant: Instant)] = [:]
        for request in asked where request.name.hasPrefix("change ") {
            guard let answer = request.answer, answer.content.action == .ok else { continue }
            let key = String(request.name.dropFirst("change ".count))
            if last[key].map({ $0.instant < answer.instant }) ?? true { last[key] = (request.text, answer.instant) }
        }
        guard !last.isEmpty else { return nil }
        guard let read = world.timeline.samples["registry"], !read.isEmpty else {
            return finding("nobody has read back what was changed", .inconclusive)
        }
        let wrong = last.keys.sorted().filter { read[$0]?.last?.content.reading?.text != last[$0]?.text }
        guard let first = wrong.first, let wanted = last[first] else { return nil }
        return finding(
            "lost update: \(wrong.count) of \(last.count) keys do not have what was answered with success, the first \(first), which is "
                + "\(read[first]?.last?.content.reading?.text ?? "not there") and not \(wanted.text)",
            at: wanted.instant)
    }
}
