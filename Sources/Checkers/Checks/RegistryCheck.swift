import Events

/// A registry under requests that contradict each other: each is answered cleanly, an id is taken once, and no change that was answered with success is lost.
enum RegistryCheck {
    private struct Asked {
        /// `create d1`, `change d1/k3`.
        var name: String
        var text: String
        var answer: Timeline.Stamped<Event.Operation>?
    }

    static func findings(_ world: World) -> [Finding] {
        guard !world.plan.isNullRun else { return [] }
        let asked = asked(world)
        return [unclean(asked), twice(asked, world), lost(asked, world)].compactMap(\.self)
    }

    private static func asked(_ world: World) -> [Asked] {
        var asked: [Asked] = []
        var open: [Int64: Int] = [:]
        for operation in RequestsProof.requests(world.timeline) {
            if operation.content.action == .invoke {
                open[operation.content.id] = asked.count
                asked.append(Asked(name: operation.content.key ?? "", text: operation.content.text ?? ""))
            } else if let index = open.removeValue(forKey: operation.content.id) {
                asked[index].answer = operation
            }
        }
        return asked
    }

    private static func finding(_ sentence: String, _ outcome: Outcome = .fail, at instant: Instant? = nil) -> Finding {
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
