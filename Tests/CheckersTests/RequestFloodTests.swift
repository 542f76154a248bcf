import Checkers
import Events
import Testing

/// More requests than anybody needs: each is answered in time, large bodies are refused, and health is answered as before.
@Suite struct RequestFloodTests {
    private static let fault = ScriptedRun.faultAt
    private static let heal = QuietRun.healAt

    private static func request(
        _ id: Int64, at: Int, _ key: String, after: Int = 3, _ action: Event.Operation.Action? = .ok,
        status: Int64? = 200
    ) -> [Event] {
        var operation = Event.Operation(
            id: id, name: key == "command" ? "command" : "flood", action: .invoke,
            key: key == "command" ? "flood" : key)
        let invoke = ScriptedRun.event(at, "requests", .operation(operation))
        guard let action else { return [invoke] }
        operation.action = action
        operation.status = status
        if action == .unknown { operation.detail = "cut off" }
        return [invoke, ScriptedRun.event(at + after, "requests", .operation(operation))]
    }

    private static let reads: [Event] = (0..<20).flatMap { request(Int64($0) + 1, at: fault + 10 + $0 * 20, "read") }
    private static let commands: [Event] = (0..<20).flatMap {
        request(Int64($0) + 100, at: fault + 15 + $0 * 20, "command", .failed, status: 429)
    }
    private static let large = request(200, at: fault + 30, "oversize", .failed, status: 413)
    private static let clean = reads + commands + large

    static let cases: [(events: [Event], outcome: Outcome, sentence: String)] = [
        (clean, .pass, ""),
        (reads + commands, .inconclusive, "nobody has sent a body that is too large"),
        (
            reads + commands + request(200, at: fault + 30, "oversize"), .fail,
            "1 of 1 bodies that are too large were not refused, the first was answered with 200"
        ),
        (
            reads + commands + request(200, at: fault + 30, "oversize", .unknown, status: nil), .fail,
            "the first was answered by nothing (cut off)"
        ),
        (reads + commands + request(200, at: fault + 30, "oversize", nil), .fail, "the first was answered never"),
        (
            clean + request(300, at: fault + 40, "read", after: 1_500)
                + request(301, at: fault + 41, "read", .unknown, status: nil), .fail,
            "api: 2 of 22 requests (read) of the flood were not answered within 1.00 s"
        ),
        (
            clean + request(310, at: fault + 40, "command", nil) + request(311, at: fault + 41, "command", nil), .fail,
            "api: 2 of 22 requests (command) of the flood were not answered"
        ),
        (reads, .invalid, "20 of 30 requests were made"),
    ]

    private static func script() -> [Event] {
        var run = QuietRun(kind: "requests-flooded", target: "api:requests", checkers: ["flood", "commands"])
        run.fault = [("requests", 30)]
        return run.events
    }

    @Test(arguments: cases)
    func aFloodIsAnsweredOrRefused(events: [Event], outcome: Outcome, sentence: String) throws {
        let verdict = try Self.script().with(events).verdict()
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome != .pass { #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)") }
    }

    @Test func healthThatIsNotAnsweredMeanwhileIsNamed() throws {
        let unreachable = ScriptedRun.reading(Self.fault + 500, "health", "status", "unreachable")
        let refused = try Self.script().with(Self.clean).with(unreachable).verdict()
        #expect(
            refused.sentence.hasPrefix("api: health was not answered 0.49 s after the fault"), "\(refused.sentence)")
        let silent = try Self.script().with(Self.clean).without {
            $0.isSample("health") && (Self.fault..<Self.fault + 2_000).contains($0.milliseconds)
        }.verdict()
        let end = try Self.script().with(Self.clean).without {
            $0.isSample("health") && (Self.heal - 2_000..<Self.heal + 100).contains($0.milliseconds)
        }.verdict()
        #expect(end.sentence.hasPrefix("api: health was not answered for "), "\(end.sentence)")
        #expect(
            silent.sentence.hasPrefix("api: health was not answered for 1.99 s, 0.00 s after the fault"),
            "\(silent.sentence)")
    }

    /// Two equal commands under way at once are both answered when the first has its effect, and the other's telegram follows; one that a refused command follows has
    /// its whole time.
    @Test(arguments: [(60, true), (nil, false)])
    func eachOfTwoEqualCommandsNeedsATelegramOfItsOwn(second: Int?, isKept: Bool) throws {
        let group = ScriptedRun.commandGroups[0]
        func command(_ id: Int64, _ at: Int, after: Int, _ action: Event.Operation.Action) -> [Event] {
            var operation = Event.Operation(
                id: id, name: "command", action: .invoke, group: group, raw: [9], key: "flood")
            let invoke = ScriptedRun.event(at, "requests", .operation(operation))
            operation.action = action
            return [invoke, ScriptedRun.event(at + after, "requests", .operation(operation))]
        }
        let at = Self.fault + 1_000
        var events =
            command(400, at, after: 40, .ok) + command(401, at + 1, after: 39, .ok)
            + command(402, at + 50, after: 2, .failed)
        events.append(ScriptedRun.frame(at + 30, group, [9], sender: ScriptedRun.system))
        if let second { events.append(ScriptedRun.frame(at + second, group, [9], sender: ScriptedRun.system)) }
        let verdict = try Self.script().with(Self.clean + events).verdict()
        #expect(
            verdict.findings.contains { $0.sentence.contains("false acknowledgement: the command 2/0/0 = 09") }
                != isKept,
            "\(verdict.sentence)")
    }
}
