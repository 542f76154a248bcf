import Checkers
import Events
import Testing

/// Things that are created, changed and deleted at once, and what others refer to: what a registry that does one after the other leaves, and each way not to.
@Suite struct RegistryLivesTests {
    typealias Claim = Event.Operation.Claim

    /// Asked at a number of milliseconds, answered five later.
    private static func request(
        _ at: Int, _ name: String, text: String = "", _ claim: Claim? = .done, status: Int64 = 200, lasts: Int = 5,
        found: Value? = nil
    ) -> [Event] {
        var operation = Event.Operation(id: Int64(at), name: "request", action: .invoke, key: name, text: text)
        let invoke = ScriptedRun.event(ScriptedRun.faultAt + 100 + at, "requests", .operation(operation))
        operation.action = claim == .done ? .ok : .failed
        operation.claim = claim
        operation.status = status
        operation.found = found
        operation.detail = claim == nil ? "boom" : nil
        return [invoke, ScriptedRun.event(ScriptedRun.faultAt + 100 + at + lasts, "requests", .operation(operation))]
    }

    private static func read(_ view: String, _ point: String, _ reading: Value) -> Event {
        ScriptedRun.reading(QuietRun.healAt + 50, view, point, reading)
    }

    private static func looks(_ names: String...) -> [Event] { names.map { read("registry-looks", $0, 1) } }

    private static func found(_ text: String, _ values: (String, Value)...) -> Value {
        ["text": .text(text), "values": .record(values.map { Value.Field($0.0, $0.1) })]
    }

    /// A life that ends, and a second one of which something is left.
    private static let life =
        request(0, "create d", text: "one") + request(10, "change d/k", text: "1")
        + request(20, "get d", found: found("one", ("k", "1"))) + request(30, "delete d")
        + request(40, "create d", text: "two", lasts: 20)
        + request(45, "create d", text: "three", .conflict, status: 409)
        + request(70, "change d/k", text: "2") + request(80, "get d", found: found("two", ("k", "2")))
    private static let lifeRead =
        looks("interface", "database", "values") + [
            read("registry-ids", "d", "two"), read("registry", "d/k", "2"), read("registry-rows", "d", 1),
            read("registry-values", "d/k", "2"),
        ]

    static let lives: [(events: [Event], outcome: Outcome, sentence: String)] = [
        (life + lifeRead, .pass, ""),
        // Numbers and texts may stand for the same.
        (life + lifeRead + [read("registry-values", "d/k", 2)], .pass, ""),
        (life + request(90, "change d/k", text: "3", .declined, status: 429) + lifeRead, .pass, ""),
        (
            life + request(90, "create d", text: "four") + lifeRead, .fail,
            "not serialised: no order of the 9 requests to 'd' explains the answer to 'create d', status 200: it can have been \"two\" with k=2"
        ),
        (
            life + request(90, "get d", found: found("two", ("k", "1"))) + lifeRead, .fail,
            "the answer to 'get d', status 200 and \"two\" with k=1: it can have been \"two\" with k=2"
        ),
        (
            life + request(90, "delete d", .absent, status: 404) + lifeRead, .fail,
            "the answer to 'delete d', status 404"
        ),
        (
            life + request(90, "delete d", nil, status: 500) + lifeRead, .fail,
            "1 of 9 requests were not answered cleanly, the first, 'delete d', with status 500: boom"
        ),
        (
            life + request(90, "delete d") + lifeRead, .fail,
            "explains what was read back of it, \"two\" with k=2: it can have been not there"
        ),
        (life + lifeRead + [read("registry-ids", "d", "three")], .fail, "what was read back of it, \"three\" with k=2"),
        (
            life + lifeRead.without { $0.isSample("registry-ids") || $0.isSample("registry") }, .fail,
            "what was read back of it, not there"
        ),
        (
            life + lifeRead + [read("registry-rows", "d", 0)], .fail,
            "the interface and the database differ: 'd' is in the interface's list and has no row"
        ),
        (
            life + request(90, "delete d")
                + lifeRead.without {
                    $0.isSample("registry-ids") || $0.isSample("registry") || $0.isSample("registry-values")
                },
            .fail, "'d' is in the database and not in the interface's list"
        ),
        (
            life + lifeRead + [read("registry-values", "d/k", "1")], .fail,
            "differ: k of 'd' is 2 in the interface and 1 in the database"
        ),
        (life, .inconclusive, "nobody has read back"),
        (
            request(0, "create d", text: "one") + request(10, "delete d") + looks("interface", "database"),
            .inconclusive,
            "nothing was tested: 'd' was never changed with success"
        ),
    ]

    @Test(arguments: lives)
    func livesAreExplainedByAnOrder(events: [Event], outcome: Outcome, sentence: String) throws {
        try Self.expect(outcome, sentence, of: events, kind: "concurrent-changes")
    }

    /// An error says nothing of when, or whether: nobody is blamed for what came of it.
    @Test func whatEndedInAnErrorMayTakeEffectLater() throws {
        let events =
            Self.life + Self.request(90, "delete d", nil, status: 500)
            + Self.request(100, "get d", found: Self.found("two", ("k", "2")))
            + Self.request(110, "get d", .absent, status: 404)
            + Self.looks("interface", "database", "values") + [Self.read("registry-rows", "d", 0)]
        let findings = try Self.verdict(events, "concurrent-changes").findings.filter { $0.checker == "registry" }
        #expect(findings.map(\.sentence).count == 1, "\(findings)")
        #expect(findings.first?.sentence.contains("were not answered cleanly") == true)
    }

    @Test func whatWasNotComparedIsSaid() throws {
        let without = Self.life + Self.lifeRead.without { $0.isSample("registry-looks", "values") }
        #expect(
            try Self.verdict(without, "concurrent-changes").notes.contains { $0.contains("no 'values' of 'registry'") })
        #expect(
            try Self.verdict(Self.life + Self.lifeRead, "concurrent-changes").notes.allSatisfy {
                !$0.contains("values")
            })
    }

    // MARK: what refers to what

    /// One that is in use and not deleted, one that goes before anything refers to it.
    private static let parents =
        request(0, "create_parent p", text: "p") + request(10, "create_child a", text: "p")
        + request(20, "delete_parent p", .conflict, status: 409)
        + request(30, "create_parent q", text: "q") + request(40, "delete_parent q", lasts: 20)
        + request(45, "create_child b", text: "q", .conflict, status: 409)
    private static func references(rows: Int64 = 0, declared: Bool = true) -> Event {
        read(
            "registry-references", "devices.room",
            ["to": "rooms.id", "declared": .bool(declared), "rows": .integer(rows), "gone": rows == 0 ? [] : ["q"]])
    }
    private static func parent(_ id: String, _ isThere: Bool, _ dependants: Int64) -> Event {
        read("registry-parents", id, ["there": .bool(isThere), "dependants": .integer(dependants)])
    }
    private static let parentsRead = looks("interface", "database", "parents") + [references(), parent("p", true, 1)]

    static let relations: [(events: [Event], outcome: Outcome, sentence: String)] = [
        (parents + parentsRead, .pass, ""),
        // Cleaned up: what referred to it went along, or refers to nothing.
        (
            parents + request(90, "delete_parent p")
                + looks("interface", "database", "parents") + [references()], .pass, ""
        ),
        (
            parents + parentsRead + [references(rows: 2)], .fail,
            "orphaned reference: 2 rows of devices.room refer to something that is not in rooms.id, the first to 'q'; the schema declares the reference, and nobody enforces it"
        ),
        (
            parents + parentsRead + [references(rows: 1, declared: false)], .fail,
            "1 row of devices.room refers to something that is not in rooms.id, the first to 'q'; the schema does not declare the reference"
        ),
        (
            parents + request(90, "create_child c", text: "q", status: 201) + parentsRead, .fail,
            "no order of the 4 requests to 'q' explains the answer to 'create_child c', status 201"
        ),
        (
            parents + request(90, "delete_parent r", .conflict, status: 409) + parentsRead, .fail,
            "the answer to 'delete_parent r', status 409"
        ),
        // Nothing refers to it: there is nothing to refuse its deletion for.
        (
            parents + request(90, "create_parent r", text: "r")
                + request(100, "delete_parent r", .conflict, status: 409) + parentsRead + [parent("r", true, 0)], .fail,
            "no order of the 2 requests to 'r' explains the answer to 'delete_parent r', status 409"
        ),
        (
            parents + parentsRead + [parent("p", true, 0)], .fail,
            "explains what the database has: it is there, and 0 rows refer to it"
        ),
        (parents + parentsRead + [parent("q", true, 0)], .fail, "what the database has: it is there"),
        (parents + parentsRead.without { $0.isSample("registry-references") }, .inconclusive, "nobody has looked"),
        (parents, .inconclusive, "nobody has looked"),
        (
            request(0, "create_parent p", text: "p") + request(10, "delete_parent p") + parentsRead
                + [parent("p", false, 0)], .inconclusive, "nothing was tested: nothing came to refer to another"
        ),
    ]

    @Test(arguments: relations)
    func nothingRefersToWhatIsGone(events: [Event], outcome: Outcome, sentence: String) throws {
        try Self.expect(outcome, sentence, of: events, kind: "orphaned-references")
    }

    // MARK: creations that are all refused

    private static let refused =
        request(0, "create d", text: "one", .conflict, status: 409)
        + request(10, "create d", text: "two", .conflict, status: 409)

    static let refusals: [(events: [Event], outcome: Outcome, sentence: String)] = [
        (refused, .fail, "1 of 1 ids were never created with success, the first 'd', which nobody had taken"),
        (refused + [read("registry-rows", "d", 1)], .inconclusive, "nothing was tested"),
        (
            request(0, "create d", text: "one", .declined, status: 429), .inconclusive,
            "nothing was tested: 1 of 1 ids were never created with success, the first 'd', which the system had no time for"
        ),
    ]

    @Test(arguments: refusals)
    func whoRefusesEverythingHasShownNothing(events: [Event], outcome: Outcome, sentence: String) throws {
        try Self.expect(outcome, sentence, of: events, kind: "duplicate-ids")
    }

    private static func expect(_ outcome: Outcome, _ sentence: String, of events: [Event], kind: String) throws {
        let verdict = try verdict(events, kind)
        #expect(verdict.outcome == outcome, "\(verdict.sentence)")
        if outcome != .pass { #expect(verdict.sentence.contains(sentence), "\(verdict.sentence)") }
    }

    private static func verdict(_ events: [Event], _ kind: String) throws -> RunVerdict {
        var run = QuietRun(kind: kind, target: "api:registry", checkers: ["registry"])
        run.fault = [("requests", 1)]
        return try run.events.with(events).verdict()
    }
}
