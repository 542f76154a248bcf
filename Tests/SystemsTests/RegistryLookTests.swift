import CSQLite
import Events
import Platform
import Testing

@testable import Systems

/// What the rig finds in a registry by itself: in a database that it may read, and in answers.
@Suite struct RegistryLookTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path + "/state.db" }

    init() throws { directory = try TemporaryDirectory(prefix: "registry-look") }

    private func make(_ statements: String) throws {
        var database: OpaquePointer?
        defer { unsafe sqlite3_close(database) }
        guard unsafe sqlite3_open(path, &database) == SQLITE_OK,
            unsafe sqlite3_exec(database, statements, nil, nil, nil) == SQLITE_OK
        else { throw SystemFault(unsafe String(cString: sqlite3_errmsg(database))) }
    }

    private static func registry() throws -> SystemProfile.Registry {
        try #require(try SystemProfile.load(Repository.path("rigs/systems/reference-controller.yaml")).registry)
    }

    private static func tables(declared: Bool) -> String {
        func reference(_ table: String) -> String { declared ? " REFERENCES \(table)(id)" : "" }
        return """
            CREATE TABLE areas(id TEXT PRIMARY KEY, name TEXT);
            CREATE TABLE rooms(id TEXT PRIMARY KEY, name TEXT, area TEXT\(reference("areas")));
            CREATE TABLE devices(id TEXT PRIMARY KEY, name TEXT, room TEXT\(reference("rooms")), attributes TEXT DEFAULT '{}');
            CREATE TABLE tiles(id TEXT PRIMARY KEY, name TEXT, device TEXT\(reference("devices")));
            INSERT INTO rooms VALUES('there', 'r', NULL);
            INSERT INTO devices VALUES('a', 'x', 'there', '{"k":"1"}'), ('b', 'x', 'gone', '{}'), ('c', 'x', NULL, '{}');
            """
    }

    @Test(arguments: [true, false])
    func whatRefersToNothingIsFoundWhetherOrNotTheSchemaDeclaresIt(declared: Bool) throws {
        defer { directory.remove() }
        try make(Self.tables(declared: declared))
        let found = try #require(RegistryLook(registry: try Self.registry()).database(path, parents: "rooms"))
        func reading(_ view: String, _ point: String) -> Value? {
            found.first { $0.view == view && $0.point == point }?.reading
        }
        #expect(
            reading("registry-references", "devices.room")
                == ["to": "rooms.id", "declared": .bool(declared), "rows": 1, "gone": ["gone"]])
        #expect(reading("registry-references", "tiles.device")?["rows"] == 0)
        #expect(reading("registry-parents", "there") == ["there": true, "dependants": 1])
        #expect(reading("registry-parents", "gone") == ["there": false, "dependants": 1])
        #expect(found.filter { $0.view == "registry-parents" }.count == 2)
        #expect(reading("registry-values", "a/k") == "1")
        #expect(reading("registry-rows", "c") == 1)
        #expect(reading("registry-looks", "database") == 3)
        // SQLite's own check is silent where nothing is declared.
        #expect(DatabaseLock.check(path) == (declared ? "a row refers to something that is not there" : "ok"))
    }

    @Test func whatCannotBeAskedIsNoAnswer() throws {
        defer { directory.remove() }
        let look = RegistryLook(registry: try Self.registry())
        #expect(look.database(path, parents: nil) == nil)
        // A column that is missing is no text of that name.
        try make("CREATE TABLE devices(id TEXT, attributes TEXT DEFAULT '{}')")
        #expect(look.database(path, parents: nil) == nil)
    }

    @Test func answersAreReadByTheProfile() throws {
        defer { directory.remove() }
        let look = RegistryLook(registry: try Self.registry())
        let entry: Value = ["id": "d", "name": "lamp", "room": .null, "attributes": ["k": "1"]]
        #expect(look.found(entry) == ["text": "lamp", "values": ["k": "1"]])
        let found = try #require(look.interface(["devices": ["d": entry]]))
        #expect(found.map(\.view) == ["registry-ids", "registry", "registry-looks"])
        #expect(found.map(\.point) == ["d", "d/k", "interface"])
        #expect(found.map(\.reading) == ["lamp", "1", 1])
        #expect(look.interface(["other": [:]]) == nil)
        #expect(look.interface(nil) == nil)
    }

    @Test(
        arguments: [
            (200, Event.Operation.Claim.done), (409, .conflict), (404, .absent), (429, .declined), (500, nil),
            (400, nil),
        ] as [(Int, Event.Operation.Claim?)])
    func aStatusClaimsWhatTheProfileSays(status: Int, claim: Event.Operation.Claim?) throws {
        defer { directory.remove() }
        let registry = try Self.registry()
        let call = try #require(registry.call("delete_parent", of: "areas"))
        #expect(try call.path.filled(by: Substitution(["id": "x", "http_port": "1"])) == "/areas/x")
        #expect(registry.claim(of: status, to: call) == claim)
        #expect(registry.call("delete_parent", of: "") == nil)
        #expect(registry.call("delete", of: "")?.method == "DELETE")
    }
}
