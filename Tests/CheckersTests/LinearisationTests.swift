import Events
import Platform
import Testing

@testable import Checkers

/// Whether some order of requests explains what they were answered, for one id of a registry.
@Suite struct LinearisationTests {
    typealias Act = RegistryEntry.Act
    typealias Order = Linearisation<RegistryEntry>
    typealias Claim = Event.Operation.Claim

    private static func instant(_ at: Int) -> Instant { Instant(nanoseconds: Int64(at)) }

    private static func request(
        _ asked: Int, _ answered: Int?, _ verb: Act.Verb, _ claim: Claim? = .done, text: String = "t",
        key: String = "k",
        found: [String: String]? = nil
    ) -> Order.Request {
        let act = Act(
            verb: verb, text: text, key: key, claim: claim, found: found.map { .init(text: nil, values: $0) })
        return Order.Request(act: act, asked: instant(asked), answered: answered.map(instant))
    }

    static let cases: [(name: String, requests: [Order.Request], unexplained: Int?)] = [
        ("nothing was asked", [], nil),
        (
            "two creations at once, one of them refused", [request(0, 9, .create), request(1, 8, .create, .conflict)],
            nil
        ),
        ("two creations at once with success", [request(0, 9, .create), request(1, 8, .create)], 0),
        (
            "a deletion can lie between two creations",
            [request(0, 9, .create), request(1, 8, .create), request(2, 7, .delete)], nil
        ),
        (
            "a deletion that had ended before cannot lie between two creations",
            [request(0, 2, .create), request(3, 4, .delete), request(5, 9, .create), request(6, 8, .create)], 2
        ),
        (
            "a change of what had been deleted",
            [request(0, 1, .create), request(2, 3, .delete), request(4, 5, .change), request(6, 7, .create)], 2
        ),
        (
            "a change that was asked before the deletion had ended",
            [request(0, 1, .create), request(2, 5, .delete), request(4, 6, .change)], nil
        ),
        (
            "two deletions with success of what was created once",
            [request(0, 1, .create), request(2, 9, .delete), request(3, 8, .delete)], 1
        ),
        ("nothing is there that was created", [request(0, 1, .create), request(2, 3, .get, .absent)], 1),
        (
            "a change that was lost",
            [
                request(0, 1, .create), request(2, 9, .change, key: "a"), request(3, 8, .change, key: "b"),
                request(10, 11, .get, found: ["b": "t"]),
            ], 3
        ),
        (
            "a value of a former life",
            [
                request(0, 1, .create), request(2, 3, .change), request(4, 5, .delete), request(6, 7, .create),
                request(8, 9, .get, found: ["k": "t"]),
            ], 4
        ),
        (
            "a deletion that was never answered may have taken effect late",
            [
                request(0, 1, .create), request(2, nil, .delete, nil), request(3, 4, .get, found: [:]),
                request(5, 6, .get, .absent),
            ], nil
        ),
        (
            "and it takes effect once",
            [
                request(0, 1, .create), request(2, nil, .delete, nil), request(3, 4, .get, .absent),
                request(5, 6, .create), request(7, 8, .get, .absent),
            ], 4
        ),
        ("what was declined did nothing", [request(0, 1, .create, .declined), request(2, 3, .get, .absent)], nil),
        ("everything is refused as if it were there", [request(0, 1, .create, .conflict)], 0),
        (
            "at one instant nobody knows which came first",
            [request(0, 1, .create), request(2, 5, .delete), request(5, 6, .change)], nil
        ),
    ]

    @Test(arguments: cases)
    func ordersAreFoundWhereThereAreAny(name: String, requests: [Order.Request], unexplained: Int?) {
        switch Order.explain(requests, from: RegistryEntry(content: nil)) {
        case .explained(let ends): #expect(unexplained == nil && !ends.isEmpty, "\(name)")
        case .unexplained(let index, let before): #expect(index == unexplained && !before.isEmpty, "\(name)")
        case .undecided: Issue.record("\(name)")
        }
    }

    /// What was done one after the other, each within its interval, is explained, and the order comes to what was there in the end.
    @Test(arguments: [UInt64](1...200))
    func whatWasDoneInAnOrderIsExplained(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (requests, end) = Self.honest(Int.random(in: 1...60, using: &random), width: 400, &random)
        guard case .explained(let ends) = Order.explain(requests, from: RegistryEntry(content: nil)) else {
            Issue.record("seed \(seed): \(requests)")
            return
        }
        #expect(ends.contains(end), "seed \(seed)")
    }

    /// On few requests with any answers it finds an order just where trying all of them does.
    @Test(arguments: [UInt64](1...400))
    func itFindsWhatTryingEveryOrderFinds(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var (requests, _) = Self.honest(Int.random(in: 1...6, using: &random), width: 4000, &random)
        for index in requests.indices where Int.random(in: 0..<4, using: &random) == 0 {
            switch Int.random(in: 0..<3, using: &random) {
            case 0: requests[index].act.claim = [.done, .conflict, .absent].randomElement(using: &random)
            case 1: (requests[index].act.claim, requests[index].answered) = (nil, nil)
            default: requests[index].act.found = .init(text: nil, values: ["k0": "0"])
            }
        }
        let ends = Self.tryAll(requests, RegistryEntry(content: nil), left: Set(requests.indices))
        switch Order.explain(requests, from: RegistryEntry(content: nil)) {
        case .explained(let found): #expect(found == ends, "seed \(seed): \(requests)")
        case .unexplained: #expect(ends.isEmpty, "seed \(seed): \(requests)")
        case .undecided: Issue.record("seed \(seed)")
        }
    }

    /// Fewer orders than that are too many for a test, and more than can be followed.
    @Test func tooMuchAtOnceIsNotDecided() {
        let requests = (0..<40).map { Self.request(0, 100, .change, text: "\($0)", key: "k\($0)") }
        guard
            case .undecided = Order.explain(
                [Self.request(-2, -1, .create)] + requests, from: RegistryEntry(content: nil))
        else {
            Issue.record("it was decided")
            return
        }
    }

    /// Requests to something that does one after the other, each at a moment of its own within its interval.
    private static func honest(
        _ count: Int, width: Int, _ random: inout SeededGenerator
    ) -> (requests: [Order.Request], end: RegistryEntry) {
        let verbs: [Act.Verb] = [.create, .change, .change, .get, .delete]
        var drafts = (0..<count).map { number in
            let act = Act(
                verb: verbs.randomElement(using: &random) ?? .get, text: "\(number)",
                key: "k\(Int.random(in: 0..<3, using: &random))")
            // Distinct moments: nothing else says which is first.
            let moment = number * 100
            return (
                moment: moment,
                request: Order.Request(
                    act: act, asked: instant(moment - Int.random(in: 1...width, using: &random)),
                    answered: instant(moment + Int.random(in: 1...width, using: &random)))
            )
        }
        var state = RegistryEntry(content: nil)
        for index in drafts.indices {
            var act = drafts[index].request.act
            switch (act.verb, state.content) {
            case (.create, .some): act.claim = .conflict
            case (.create, nil), (.change, .some), (.delete, .some): act.claim = .done
            case (.get, let content?): (act.claim, act.found) = (.done, content)
            case (_, nil): act.claim = .absent
            }
            state = state.after(act).first ?? state
            drafts[index].request.act = act
        }
        return (drafts.map(\.request).shuffled(using: &random), state)
    }

    /// All states that any order comes to, by trying them all.
    private static func tryAll(_ requests: [Order.Request], _ state: RegistryEntry, left: Set<Int>) -> Set<
        RegistryEntry
    > {
        var ends: Set<RegistryEntry> = left.allSatisfy { requests[$0].answered == nil } ? [state] : []
        for index in left {
            let isTooEarly = left.contains { other in
                requests[other].answered.map { $0 < requests[index].asked } ?? false
            }
            guard !isTooEarly else { continue }
            for next in state.after(requests[index].act) {
                ends.formUnion(tryAll(requests, next, left: left.subtracting([index])))
            }
        }
        return ends
    }
}
