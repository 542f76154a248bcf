import Checkers
import Events
import Testing

/// A look at a system that nothing is done to: what is not seen is said, each thing once.
@Suite struct InventoryTests {
    private static let events: [Event] = {
        var run = ScriptedRun(fault: .brokerDown)
        run.isNull = true
        return run.events.map { event in
            guard case .plan(let plan) = event.payload else { return event }
            var event = event
            event.payload = .plan(plan.replacing(["judge", "check"], true))
            return event
        }
    }()

    @Test func whereEverythingShowsItSaysSo() throws {
        let verdict = try Self.events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
        #expect(verdict.sentence.contains("10 points in mqtt, http, database"), "\(verdict.sentence)")
    }

    static let gaps: [(events: [Event], sentences: [String])] = [
        (
            events.without { $0.isSample("mqtt") && !$0.isSample("mqtt", "connection") },
            ["view mqtt: 10 of 10 points never showed, the first 1/1/0"]
        ),
        (
            events.without { $0.isSample("database") || $0.isSample("health") },
            ["view database has not been read yet", "health: nothing answers"]
        ),
        (
            events.changed { event in
                if event.isSample("http", "poll") {
                    event.payload = .sample(Event.Sample(view: "http", point: "poll", reading: "refused"))
                }
            }, ["view http: refused"]
        ),
        (
            events.changed { event in
                if case .sample(var sample) = event.payload, sample.view == "http", sample.raw != nil {
                    sample.raw = nil
                    sample.reading = "unreadable: x"
                    event.payload = .sample(sample)
                }
            }, ["view http: the value of 1/1/0 cannot be read: unreadable: x"]
        ),
        (
            events.changed { event in
                if case .operation(var operation) = event.payload, operation.action == .ok {
                    operation.action = .failed
                    operation.detail = "no"
                    event.payload = .operation(operation)
                }
            }, ["commands: none was answered with success, the last with: no"]
        ),
    ]

    @Test(arguments: gaps)
    func whatIsNotSeenIsSaid(events: [Event], sentences: [String]) throws {
        let verdict = try events.verdict()
        #expect(verdict.outcome == .fail)
        #expect(verdict.findings.map(\.sentence) == sentences)
        #expect(verdict.sentence == sentences[0])
    }

    @Test func aRigThatWasBlindCannotTell() throws {
        let gap = Event.Gap(
            blind: "mqtt", from: ScriptedRun.instant(3_000), to: ScriptedRun.instant(4_000), reason: "no subscription")
        let verdict = try Self.events.with(ScriptedRun.event(4_000, "mqtt", .gap(gap))).verdict()
        #expect(verdict.outcome == .invalid, "\(verdict.sentence)")
        #expect(verdict.isRigsOwnLateness, "it looks again")
    }
}
