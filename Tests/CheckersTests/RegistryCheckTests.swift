import Checkers
import Events
import Testing

/// Requests that contradict each other: what a clean registry answers, and each way to get it wrong.
@Suite struct RegistryCheckTests {
    private static let fault = ScriptedRun.faultAt

    private static func request(
        _ id: Int64, _ name: String, text: String = "", _ action: Event.Operation.Action? = .ok, status: Int64? = 201,
        detail: String? = nil
    ) -> [Event] {
        let at = fault + 100 + Int(id) * 10
        var operation = Event.Operation(id: id, name: "request", action: .invoke, key: name, text: text)
        let invoke = ScriptedRun.event(at, "requests", .operation(operation))
        guard let action else { return [invoke] }
        operation.action = action
        operation.status = status
        operation.detail = detail
        return [invoke, ScriptedRun.event(at + 5, "requests", .operation(operation))]
    }

    private static func read(_ view: String, _ point: String, _ reading: Value) -> Event {
        ScriptedRun.reading(QuietRun.healAt + 50, view, point, reading)
    }

    private static let clean =
        request(1, "create d") + request(2, "create d", .failed, status: 409)
        + request(3, "change d/k", text: "1", status: 200) + request(4, "change d/k", text: "2", status: 200)
        + [read("registry-rows", "d", 1), read("registry", "d/k", "2")]

    private static func replaced(_ id: Int64, _ events: [Event]) -> [Event] {
        clean.without { event in
            if case .operation(let operation) = event.payload { operation.id == id } else { false }
        } + events
    }

    static let cases: [(events: [Event], outcome: Outcome, sentence: String)] = [
        (clean, .pass, ""),
        (replaced(2, request(2, "create d")), .fail, "duplicate id: 'create d' was answered with success 2 times"),
        (clean + [read("registry-rows", "d", 2)], .fail, "the database has 2 rows of 'd'"),
        (clean.without { $0.isSample("registry-rows") }, .fail, "the database has no row of it"),
        (clean.without { $0.isSample("registry") }, .inconclusive, "nobody has read back"),
        (clean + [read("registry", "d/k", "1")], .fail, "lost update: 1 of 1 keys"),
        (
            replaced(2, request(2, "create d", .failed, status: 500, detail: "boom")), .fail,
            "'create d', with status 500: boom"
        ),
        (
            replaced(2, request(2, "create d", .unknown, status: nil, detail: "cut off")), .fail,
            "'create d', by no answer: cut off"
        ),
        (replaced(2, request(2, "create d", nil)), .fail, "'create d', never"),
        (replaced(4, request(4, "change d/k", text: "2", .failed, status: 409)), .fail, "which is 2 and not 1"),
        (replaced(4, []), .invalid, "3 of 4 requests were made"),
    ]

    @Test(arguments: cases)
    func whatIsAnsweredIsWhatIsThere(events: [Event], outcome: Outcome, sentence: String) throws {
        var run = QuietRun(kind: "duplicate-ids", target: "api:registry", checkers: ["registry"])
        run.fault = [("requests", 4)]
        let verdict = try run.events.with(events).verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome != .pass { #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)") }
    }
}
