import Events

/// Things that are deleted while others refer to them: nothing refers to something that is gone, and some order of the requests explains the answers.
enum RegistryParents {
    private typealias Order = Linearisation<RegistryParent>

    static func findings(_ asked: [RegistryCheck.Asked], _ world: World) -> [Finding?] {
        let ofParents = asked.filter { RegistryParent.Verb(rawValue: String($0.verb)) != nil }
        // Older evidence has no look at references, and no answer that says what it claims.
        guard !ofParents.isEmpty, ofParents.contains(where: { $0.answer?.content.claim != nil }) else { return [] }
        guard let references = world.timeline.samples["registry-references"],
            world.timeline.samples["registry-looks"]?["parents"] != nil
        else {
            return [RegistryCheck.finding("nobody has looked what refers to something that is gone", .inconclusive)]
        }
        return [orphaned(references), unexplained(ofParents, world), untouched(ofParents)]
    }

    private static func orphaned(_ references: [String: [Timeline.Stamped<Event.Sample>]]) -> Finding? {
        for (column, samples) in references.sorted(by: { $0.key < $1.key }) {
            guard let sample = samples.last, let reading = sample.content.reading,
                let rows = reading["rows"]?.integer, rows > 0
            else { continue }
            let first = reading["gone"]?.list?.first?.text ?? "?"
            let why =
                reading["declared"] == true
                ? "the schema declares the reference, and nobody enforces it"
                : "the schema does not declare the reference"
            return RegistryCheck.finding(
                "orphaned reference: \(rows) \(rows == 1 ? "row" : "rows") of \(column) \(rows == 1 ? "refers" : "refer") to something that is not in "
                    + "\(reading["to"]?.text ?? "?"), the first to '\(first)'; \(why)", at: sample.instant)
        }
        return nil
    }

    private static func unexplained(_ asked: [RegistryCheck.Asked], _ world: World) -> Finding? {
        for (id, requests) in Dictionary(grouping: asked, by: parent).sorted(by: { $0.key < $1.key }) {
            let history = requests.map { request in
                let claim = request.answer?.content.claim
                return Order.Request(
                    act: .init(
                        verb: RegistryParent.Verb(rawValue: String(request.verb)) ?? .create, dependant: request.id,
                        claim: claim), asked: request.instant, answered: claim == nil ? nil : request.answer?.instant)
            }
            switch Order.explain(history, from: RegistryParent()) {
            case .undecided:
                return RegistryCheck.finding(
                    "too much was asked of '\(id)' at once to say whether an order of the requests explains the answers",
                    .inconclusive)
            case .unexplained(let index, _):
                let answer = requests[index].answer
                return RegistryCheck.finding(
                    "not serialised: no order of the \(history.count) requests to '\(id)' explains the answer to "
                        + "'\(requests[index].name)', status \(answer?.content.status ?? 0)", at: answer?.instant)
            case .explained(let ends):
                let found = world.timeline.samples["registry-parents"]?[id]?.last?.content.reading
                let (isThere, dependants) = (found?["there"] == true, Int(found?["dependants"]?.integer ?? 0))
                guard !ends.contains(where: { $0.isThere == isThere && $0.dependants.count == dependants }) else {
                    continue
                }
                return RegistryCheck.finding(
                    "not serialised: no order of the \(history.count) requests to '\(id)' explains what the database has: it is "
                        + "\(isThere ? "there" : "gone"), and \(dependants) \(dependants == 1 ? "row refers" : "rows refer") to it"
                )
            }
        }
        return nil
    }

    /// A system that makes nothing, or never deletes what is in use, has shown nothing.
    private static func untouched(_ asked: [RegistryCheck.Asked]) -> Finding? {
        for (verb, what) in [
            ("create_parent", "nothing was created"), ("create_child", "nothing came to refer to another"),
        ] where !asked.contains(where: { $0.verb == verb && $0.answer?.content.claim == .done }) {
            return RegistryCheck.finding("nothing was tested: \(what) with success", .inconclusive)
        }
        guard
            asked.contains(where: {
                $0.verb == "delete_parent" && [.done, .conflict].contains($0.answer?.content.claim)
            })
        else {
            return RegistryCheck.finding(
                "nothing was tested: what is in use was neither deleted nor refused", .inconclusive)
        }
        return nil
    }

    /// A child says in its text what it refers to.
    private static func parent(_ asked: RegistryCheck.Asked) -> String {
        asked.verb == RegistryParent.Verb.refer.rawValue ? asked.text : asked.id
    }
}
