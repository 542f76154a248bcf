import Checkers
import Events
import Testing

/// Plans that could not fail, or that this build cannot judge, are refused with the key that is wrong.
@Suite struct JudgePlanTests {
    static func changed(_ plan: Value, _ path: [String], _ value: Value?) -> Value {
        guard let key = path.first, let fields = plan.fields else { return value ?? .null }
        var changed: [Value.Field] = []
        for field in fields {
            guard field.key == key else {
                changed.append(field)
                continue
            }
            if path.count == 1 {
                if let value { changed.append(Value.Field(key, value)) }
            } else {
                changed.append(Value.Field(key, Self.changed(field.value, Array(path.dropFirst()), value)))
            }
        }
        return .record(changed)
    }

    @Test(
        arguments: [
            (["judge"], nil, "'judge' should be a record of what judges the run"),
            (["judge", "line"], nil, "'line' should be a text"),
            (
                ["judge", "fault", "kind"], "flood",
                "'fault.kind' should be one of 'bus-cut', 'broker-down', 'interface-unplugged'"
            ),
            (["judge", "fault", "witness"], [:], "at least two chips that fall silent"),
            (["judge", "fault", "witness", "chips_silent"], 1, "at least two chips that fall silent"),
            (["judge", "fault", "witness", "chips"], ["witness"], "at least two chips that fall silent"),
            (["judge", "fault", "contact"], ["closing": -1], "'closing' should be 0 to"),
            (["judge", "expect"], [], "'expect' should be at least one checker"),
            (["judge", "expect"], [["checker": "luck"]], "checkers of this build, and 'luck' is none"),
            (["judge", "expect"], [["checker": "state"]], "'expect.sentinels' should be 'reread' or 'write'"),
            (["judge", "limits", "recover"], nil, "'recover' should be a whole number"),
            (["judge", "limits", "hold"], -1, "'hold' should be 0 to 86400000000000"),
            (["judge", "limits", "recover"], .integer(.max), "'recover' should be 0 to"),
            (["judge", "limits", "per_read_address"], .integer(.max), "'per_read_address' should be 0 to"),
            (["judge", "limits", "descriptors"], .integer(.max), "'descriptors' should be 0 to"),
            (["judge", "tracers"], [], "'tracers' should be at least one group address"),
            (
                ["judge", "views"], [["id": "http", "streaming": false, "limit": 1]],
                "'views' should be at least one that streams"
            ),
            (["judge", "views"], [["id": "mqtt", "streaming": true, "limit": -1]], "'limit' should be 0 to"),
            (["judge", "sentinels"], [], "'sentinels' should be at least one, since the state is judged"),
        ] as [([String], Value?, String)])
    func whatCannotBeJudgedIsRefused(path: [String], value: Value?, message: String) {
        let plan = Self.changed(ScriptedRun().plan, path, value)
        let failure = #expect(throws: RecordFailure.self) { try Judge(plan: plan) }
        #expect(failure?.description.contains(message) == true, "\(String(describing: failure))")
    }

    @Test func aBrokersOutageNeedsItsGate() {
        let plan = Self.changed(ScriptedRun(fault: .brokerDown).plan, ["judge", "fault", "witness"], [:])
        let failure = #expect(throws: RecordFailure.self) { try Judge(plan: plan) }
        #expect(failure?.key == "fault.witness.refused")
    }

    @Test(arguments: [(["judge", "commands"], Value.list([]), "commands"), (["judge", "health"], false, "health")])
    func whatASystemDoesNotHaveIsNotMissed(path: [String], value: Value, source: String) throws {
        let run = ScriptedRun()
        var events = run.events.without { $0.source == source }
        events[0].payload = .plan(Self.changed(run.plan, path, value))
        let verdict = try events.verdict()
        #expect(verdict.outcome == .pass, "\(verdict.sentence)")
    }

    /// A key that is not read for one kind of run may be missing; nothing else, and nothing traps.
    @Test func aPlanWithAnythingMissingIsReadOrRefused() {
        let whole = ScriptedRun().plan
        for section in whole["judge"]?.fields ?? [] {
            _ = try? Judge(plan: Self.changed(whole, ["judge", section.key], nil))
            for value in [Value.null, 7, "x", [], [7, "x", nil], [:], .integer(.min)] as [Value] {
                _ = try? Judge(plan: Self.changed(whole, ["judge", section.key], value))
                for inner in section.value.fields ?? [] {
                    _ = try? Judge(plan: Self.changed(whole, ["judge", section.key, inner.key], value))
                }
            }
        }
    }
}
