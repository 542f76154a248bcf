import Checkers
import Events
import Testing

/// A line that is full of telegrams that win against the system's, from 6 s to 26 s.
@Suite struct StarvedTests {
    static let from = 6_000
    static let to = 26_000

    /// - Parameters:
    ///   - reached: the part of the line's capacity that the rig gets onto it, percent.
    ///   - speaksAt: when the system gets a telegram onto the line all the same.
    static func standing(reached: Double = 100, speaksAt: Int? = nil, commands: Int = 19, isNull: Bool = false) throws
        -> Standing
    {
        let plan = ScriptedRun().plan
        let fault: Value = [
            "do": "starve-line", "kind": "line-starved", "target": "line:main", "cuts": ["line"], "witness": [],
        ]
        let judge = (plan["judge"] ?? .null)
        let fields = [("fault", fault), ("null_run", .bool(isNull))]
        let changed = fields.reduce(judge) { record, field in
            guard case .record(let own) = record else { return record }
            return .record(own.filter { $0.key != field.0 } + [Value.Field(field.0, field.1)])
        }
        var judged = try Judge(plan: ["judge": changed])
        var events: [Event] = []
        var at = Double(from)
        var count = 0
        while at < Double(to) {
            let raw: [UInt8] = [UInt8(0x40 + count / 256), UInt8(count % 256)]
            events.append(ScriptedRun.frame(Int(at), ScriptedRun.tracers[count % 6], raw))
            count += 1
            at += 22.9167 * 100 / reached
        }
        for number in 0..<commands {
            let operation = Event.Operation(id: Int64(number), name: "command", action: .invoke, group: 4096, raw: [1])
            events.append(ScriptedRun.event(from + 500 + number * 1_000, "commands", .operation(operation)))
        }
        if let speaksAt { events.append(ScriptedRun.frame(speaksAt, 4096, [1], sender: ScriptedRun.system)) }
        events.append(ScriptedRun.event(from - 100, "rig", .phase(.init(.inject, .begin))))
        events.append(ScriptedRun.event(from + 10, "rig", .phase(.init(.inject, .end))))
        events.append(ScriptedRun.event(to - 10, "rig", .phase(.init(.heal, .begin))))
        if !isNull {
            events.append(QuietRun.actuation(from, "line:main", "starved", "fault"))
            events.append(QuietRun.actuation(to, "line:main", "given back", "heal"))
        }
        for event in events.byInstant { judged.observe(event) }
        return judged.faultWitnessed(at: ScriptedRun.instant(to + 1_000))
    }

    @Test func aFullLineWithoutTheSystemIsProven() throws {
        #expect(try Self.standing() == .holds)
        // What was under way when it was filled says nothing against it, nor does one turn when a stimulus was late.
        #expect(try Self.standing(speaksAt: Self.from + 400) == .holds)
        #expect(try Self.standing(speaksAt: Self.from + 4_000) == .holds)
    }

    @Test func aSystemThatGetsItsTurnIsNotStarved() throws {
        #expect(
            try Self.standing(speaksAt: Self.from + 10_500)
                == .broken("the system had a turn at least every 9.48 s while the line was full: it was not starved"))
    }

    @Test func aLineThatIsNotFullStarvesNobody() throws {
        guard case .broken(let reason) = try Self.standing(reached: 90) else {
            Issue.record("a line at 90 % was taken for a full one")
            return
        }
        #expect(reason.contains("it was not saturated"), "\(reason)")
    }

    @Test func aSystemThatHadNothingToSayWasNotTested() throws {
        #expect(
            try Self.standing(commands: 2) == .pending("1 of 3 commands were given while the line was full"))
    }

    @Test func aNullRunWithAFullLineIsAnAlarm() throws {
        guard case .broken(let reason) = try Self.standing(isNull: true) else {
            Issue.record("a full line in a null run was no alarm")
            return
        }
        #expect(reason.contains("of its capacity though nothing was done"), "\(reason)")
    }
}
