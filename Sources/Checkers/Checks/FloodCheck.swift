import Events

/// An interface under more requests than anybody needs: each is answered in time, if only to refuse it; bodies that are too large are refused; and whoever watches
/// the system's health is answered as before.
enum FloodCheck {
    /// 95 of 100 requests of a kind are answered within this.
    private static let answered = Instant.Span.seconds(1)
    /// Health is asked several times a second and answered as often.
    private static let healthy = Instant.Span.milliseconds(1_200)

    private struct Asked {
        var kind: String
        var invoked: Instant
        var answer: Timeline.Stamped<Event.Operation>?
    }

    static func judge(_ world: World, fault: Instant, healed: Instant, into verdict: inout RunVerdict) {
        guard !world.plan.isNullRun else { return }
        let asked = asked(world)
        verdict.findings += [unrefused(asked)].compactMap(\.self)
        for kind in ["read", "command"] { judge(kind, asked, into: &verdict) }
        let counts = Dictionary(grouping: asked) { request in
            request.answer.map { $0.content.status.map { "\($0)" } ?? "none" } ?? "none"
        }.sorted { $0.key < $1.key }.map { "\($0.value.count) × \($0.key)" }
        verdict.notes.append("the flood was \(asked.count) requests, answered with \(counts.joined(separator: ", "))")
        if let finding = health(world, fault, healed) { verdict.findings.append(finding) }
    }

    private static func asked(_ world: World) -> [Asked] {
        var asked: [Asked] = []
        var open: [Int64: Int] = [:]
        for operation in RequestsProof.requests(world.timeline) {
            if operation.content.action == .invoke {
                open[operation.content.id] = asked.count
                let kind = operation.content.name == "command" ? "command" : operation.content.key ?? ""
                asked.append(Asked(kind: kind, invoked: operation.instant))
            } else if let index = open.removeValue(forKey: operation.content.id) {
                asked[index].answer = operation
            }
        }
        return asked
    }

    private static func unrefused(_ asked: [Asked]) -> Finding? {
        let large = asked.filter { $0.kind == "oversize" }
        guard let first = large.first(where: { $0.answer?.content.action != .failed }) else {
            return large.isEmpty
                ? finding("nobody has sent a body that is too large", .inconclusive, at: nil) : nil
        }
        let count = large.count { $0.answer?.content.action != .failed }
        let how =
            first.answer.map { answer in
                answer.content.status.map { "with \($0)" }
                    ?? "by nothing (\(answer.content.detail ?? "no reason given"))"
            } ?? "never"
        return finding(
            "api: \(count) of \(large.count) bodies that are too large were not refused, the first was answered \(how)",
            at: first.answer?.instant)
    }

    private static func judge(_ kind: String, _ asked: [Asked], into verdict: inout RunVerdict) {
        let times = asked.filter { $0.kind == kind }.map { request in
            request.answer.flatMap { $0.content.action == .unknown ? nil : $0.instant - request.invoked }
                ?? Instant.Span.seconds(3600)
        }.sorted()
        guard !times.isEmpty else { return }
        let measured = times[min(times.count - 1, times.count * 95 / 100)]
        let isFine = measured <= answered
        verdict.measured.append(
            Measured(
                name: "answer_p95_\(kind)", valueNanoseconds: measured.nanoseconds, uncertaintyNanoseconds: 2_000_000,
                limitNanoseconds: answered.nanoseconds, outcome: isFine ? .pass : .fail))
        guard !isFine else { return }
        let late = times.count { $0 > answered }
        verdict.findings.append(
            finding(
                "api: \(late) of \(times.count) requests (\(kind)) of the flood were not answered within \(Text.seconds(answered))",
                at: nil))
    }

    private static func health(_ world: World, _ fault: Instant, _ healed: Instant) -> Finding? {
        guard world.plan.saysHealth else { return nil }
        let samples = (world.timeline.samples["health"]?["status"] ?? []).filter {
            $0.instant >= fault && $0.instant <= healed
        }
        if let missed = samples.first(where: { $0.content.reading == "unreachable" }) {
            return finding(
                "api: health was not answered \(Text.relative(missed.instant, to: fault))", at: missed.instant)
        }
        var last = fault
        for instant in samples.map(\.instant) + [healed] {
            if instant - last > healthy {
                return finding(
                    "api: health was not answered for \(Text.seconds(instant - last)), "
                        + Text.relative(last, to: fault), at: last)
            }
            last = instant
        }
        return nil
    }

    private static func finding(_ sentence: String, _ outcome: Outcome = .fail, at instant: Instant?) -> Finding {
        Finding(checker: "flood", outcome: outcome, sentence: sentence, at: instant, hop: "controller → api")
    }
}
