import Checkers
import Events
import Testing

/// Commands by MQTT after the broker was away: every second command of the run goes that way, all of them to one address.
@Suite struct SubscriptionTests {
    private static let group = ScriptedRun.commandGroups[1]

    private static let run = {
        var run = ScriptedRun(fault: .brokerDown)
        run.alsoExpects = ["subscription"]
        return run
    }()

    /// - Parameter action: What becomes of a command by MQTT that is answered after the fault.
    private static func events(_ action: Event.Operation.Action = .ok) -> [Event] {
        run.events.changed { event in
            guard case .operation(var operation) = event.payload, operation.name == "command",
                operation.group == group
            else { return }
            operation.way = "mqtt"
            if operation.action != .invoke, event.milliseconds > run.brokenAt { operation.action = action }
            event.payload = .operation(operation)
        }
    }

    private static func withoutTelegrams(_ events: [Event]) -> [Event] {
        let telegrams = Set(
            (0..<60).flatMap { second in
                [[UInt8](), [0], [1]].map {
                    ScriptedRun.frame(second * 1_000 + 30, group, $0, sender: ScriptedRun.system).payload
                }
            }.map { "\($0)" })
        return events.without { $0.milliseconds > run.brokenAt && telegrams.contains("\($0.payload)") }
    }

    @Test func aCommandThatIsOnTheLineAgainPasses() throws {
        let verdict = try Self.events().verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.notes.contains { $0.contains("the first command over MQTT that was on the line") })
    }

    @Test func aSystemThatDoesNotSubscribeAgainIsNamed() throws {
        let verdict = try Self.withoutTelegrams(Self.events(.unknown)).verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.sentence.hasPrefix("subscription: of "), "\(verdict.sentence)")
        #expect(verdict.sentence.hasSuffix("the controller does not take commands over MQTT again"))
    }

    @Test func anAnswerWithoutATelegramIsNoSubscription() throws {
        let verdict = try Self.withoutTelegrams(Self.events()).verdict()
        let failed = Set(verdict.findings.filter { $0.outcome == .fail }.map(\.checker))
        #expect(failed == ["subscription", "commands"], "\(verdict.findings)")
    }

    @Test func aTelegramWithoutAnAnswerIsNoSubscription() throws {
        let verdict = try Self.events(.unknown).verdict()
        #expect(verdict.findings.contains { $0.checker == "subscription" && $0.outcome == .fail })
    }

    @Test func withoutACommandNobodyKnows() throws {
        let verdict = try Self.run.events.verdict()
        #expect(verdict.outcome == .inconclusive)
        #expect(verdict.sentence.hasPrefix("subscription: no command was published"), "\(verdict.sentence)")
    }
}
