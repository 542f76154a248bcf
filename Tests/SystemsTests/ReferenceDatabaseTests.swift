import CSQLite
import Events
import Foundation
import Glibc
import Platform
import Testing

@testable import Systems

/// The reference controller and a database that another version of it made.
@Suite(.enabled(if: Repository.program("reference-controller") != nil, "needs the built reference-controller"))
struct ReferenceDatabaseTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path + "/data/state.db" }

    /// What version 1 made, with a point in it.
    private static let first = """
        CREATE TABLE points(
            group_address TEXT PRIMARY KEY, raw TEXT NOT NULL, value TEXT, source TEXT, sequence INTEGER,
            updated_at_ms INTEGER);
        INSERT INTO points VALUES('1/1/5', '0c33', '21.5', '1.1.10', 123, 1700000000000);
        PRAGMA user_version=1;
        """

    init() throws {
        directory = try TemporaryDirectory(prefix: "reference-database")
        try Files.makeDirectories(directory.path + "/data")
    }

    private func execute(_ statements: String) throws {
        var database: OpaquePointer?
        defer { unsafe sqlite3_close(database) }
        guard unsafe sqlite3_open(path, &database) == SQLITE_OK,
            unsafe sqlite3_exec(database, statements, nil, nil, nil) == SQLITE_OK
        else { throw SystemFault(unsafe String(cString: sqlite3_errmsg(database))) }
    }

    /// The first column of what is found.
    private func find(_ query: String) throws -> [String] {
        var database: OpaquePointer?
        defer { unsafe sqlite3_close(database) }
        var statement: OpaquePointer?
        defer { unsafe sqlite3_finalize(statement) }
        guard unsafe sqlite3_open(path, &database) == SQLITE_OK,
            unsafe sqlite3_prepare_v2(database, query, -1, &statement, nil) == SQLITE_OK
        else { throw SystemFault(unsafe String(cString: sqlite3_errmsg(database))) }
        var found: [String] = []
        while unsafe sqlite3_step(statement) == SQLITE_ROW {
            found.append(unsafe sqlite3_column_text(statement, 0).map { unsafe String(cString: $0) } ?? "")
        }
        return found
    }

    /// Without knxd and without a broker, which it does not need for this.
    private func controller(port: UInt16) throws -> (process: ChildProcess, output: String, error: String) {
        let configuration = """
            {"data": "\(directory.path)/data", "http": {"host": "127.0.0.1", "port": \(port)},
             "mqtt": {"host": "127.0.0.1", "port": 9, "client_id": "c", "prefix": "p"},
             "knxd": {"binary": "/nonexistent", "device": "/nonexistent", "address": "1.1.200",
                      "client_addresses": "1.1.201:8", "restart_delay_ms": 1000},
             "points": [{"groups": "1/1/0-1/1/7", "type": "9.001", "reread": false}]}
            """
        try Files.write(Array(configuration.utf8), to: directory.path + "/controller.json")
        func file(_ name: String) -> (path: String, descriptor: Descriptor) {
            let path = directory.path + "/" + name
            return (path, Descriptor(owning: unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)))
        }
        let (output, error) = (file("output"), file("error"))
        var request = ChildProcess.Request(
            path: try #require(Repository.program("reference-controller")),
            arguments: ["--config", directory.path + "/controller.json"])
        request.standardOutput = output.descriptor
        request.standardError = error.descriptor
        request.newSession = true
        return (try ChildProcess.spawn(request), output.path, error.path)
    }

    private func text(_ path: String) -> String {
        String(decoding: (try? Files.read(path)) ?? [], as: UTF8.self)
    }

    private func freePort() throws -> UInt16 { try Socket.listenTCP().port }

    @Test func aDatabaseOfVersionOneIsBroughtUpToDateWithWhatIsInIt() throws {
        defer { directory.remove() }
        try execute(Self.first)
        let port = try freePort()
        let controller = try controller(port: port)
        var shown = ""
        _ = eventually {
            var client = HTTPClient(port: port)
            let answer = try? client.request("GET", "/state", until: MonotonicClock.now() + .seconds(1))
            shown = String(decoding: answer?.body ?? [], as: UTF8.self)
            return answer != nil
        }
        controller.process.send(signal: SIGTERM)
        let end = controller.process.wait(until: MonotonicClock.now() + .seconds(10))
        if end == nil { controller.process.send(signal: SIGKILL) }
        #expect(end == .status(0), "\(text(controller.error))")
        #expect(shown.contains("1/1/5") && shown.contains("0c33"), "\(shown)")
        let said = text(controller.output)
        #expect(said.contains(#""message":"database migrated","version":2"#), "\(said)")
        #expect(said.contains(#""message":"database migrated","version":3"#))
        #expect(said.contains(#""message":"database migrated","version":4"#))
        #expect(!said.contains(#""message":"database migrated","version":1"#))
        #expect(try find("PRAGMA user_version") == ["4"])
        #expect(try find("SELECT raw FROM points WHERE group_address='1/1/5'") == ["0c33"])
        let tables = try find("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")
        #expect(Set(tables).isSuperset(of: ["areas", "devices", "history", "points", "rooms", "tiles"]), "\(tables)")
    }

    @Test(arguments: [
        ("PRAGMA user_version=9", "its schema version is 9, this program knows 4; move it away", "9"),
        // The step to version 2 makes rooms, and then meets what it did not make.
        ("CREATE TABLE devices(id TEXT)", "table devices already exists", "1"),
    ])
    func whatCannotBeBroughtUpToDateIsRefusedAndStaysAsItWas(made: String, line: String, version: String) throws {
        defer { directory.remove() }
        try execute(Self.first)
        try execute(made)
        let controller = try controller(port: try freePort())
        let end = controller.process.wait(until: MonotonicClock.now() + .seconds(10))
        if end == nil { controller.process.send(signal: SIGKILL) }
        #expect(end == .status(1))
        #expect(text(controller.error) == "reference-controller: state.db: \(line)\n")
        #expect(try find("PRAGMA user_version") == [version])
        #expect(try find("SELECT raw FROM points") == ["0c33"])
        #expect(try find("SELECT count(*) FROM sqlite_master WHERE name='rooms'") == ["0"])
    }

    /// What version 3 made, with a room and a device in it.
    private static let third = """
        CREATE TABLE points(
            group_address TEXT PRIMARY KEY, raw TEXT NOT NULL, value TEXT, source TEXT, sequence INTEGER,
            updated_at_ms INTEGER);
        CREATE TABLE rooms(id TEXT PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE devices(
            id TEXT PRIMARY KEY, name TEXT NOT NULL, room TEXT REFERENCES rooms(id), attributes TEXT NOT NULL DEFAULT '{}');
        CREATE TABLE history(id INTEGER PRIMARY KEY, group_address TEXT NOT NULL, raw TEXT NOT NULL, at_ms INTEGER NOT NULL);
        INSERT INTO rooms VALUES('hall', 'Hall');
        INSERT INTO devices(id, name, room) VALUES('lamp', 'Lamp', 'hall');
        PRAGMA user_version=3;
        """

    /// Method, path, body and what is answered, in this order.
    private static let requests: [(method: String, path: String, body: String?, status: Int, shows: String)] = [
        ("GET", "/rooms/hall", nil, 200, #"{"id":"hall","name":"Hall","area":null}"#),
        ("GET", "/devices/lamp", nil, 200, #"{"id":"lamp","name":"Lamp","room":"hall","attributes":{}}"#),
        ("DELETE", "/rooms/hall", nil, 409, "FOREIGN KEY"),
        ("POST", "/areas", #"{"id":"east","name":"East"}"#, 201, #"{"id":"east"}"#),
        ("POST", "/areas", #"{"id":"east","name":"East"}"#, 409, "UNIQUE"),
        ("POST", "/areas", #"{"id":"west","name":"West","area":"east"}"#, 400, "the body must be"),
        ("PATCH", "/rooms/hall", #"{"area":"east"}"#, 200, #"{"id":"hall"}"#),
        ("PATCH", "/rooms/hall", #"{"area":"west"}"#, 409, "FOREIGN KEY"),
        ("PATCH", "/rooms/hall", #"{"room":"east"}"#, 400, "with name or area"),
        ("PATCH", "/rooms/cellar", #"{"name":"Cellar"}"#, 404, "there is no cellar"),
        ("PATCH", "/areas/east", #"{"name":"Eastern"}"#, 200, #"{"id":"east"}"#),
        ("GET", "/areas", nil, 200, #"{"areas":{"east":{"name":"Eastern"}}}"#),
        ("GET", "/rooms", nil, 200, #"{"rooms":{"hall":{"name":"Hall","area":"east"}}}"#),
        ("DELETE", "/areas/east", nil, 409, "FOREIGN KEY"),
        ("POST", "/tiles", #"{"id":"one","name":"One","device":"lamp"}"#, 201, #"{"id":"one"}"#),
        ("POST", "/tiles", #"{"id":"two","name":"Two","device":"none"}"#, 409, "FOREIGN KEY"),
        ("DELETE", "/devices/lamp", nil, 409, "FOREIGN KEY"),
        ("PUT", "/tiles/one", #"{"name":"1"}"#, 405, "GET, PATCH, DELETE is"),
        ("DELETE", "/tiles/one", nil, 200, #"{"id":"one"}"#),
        ("GET", "/tiles/one", nil, 404, "there is no one"),
        ("DELETE", "/devices/lamp", nil, 200, #"{"id":"lamp"}"#),
        ("GET", "/devices/lamp", nil, 404, "there is no lamp"),
        ("DELETE", "/rooms/hall", nil, 200, #"{"id":"hall"}"#),
        ("DELETE", "/areas/east", nil, 200, #"{"id":"east"}"#),
        ("DELETE", "/areas/east", nil, 404, "there is no east"),
    ]

    @Test func aDatabaseOfVersionThreeComesToKnowWhatRefersToWhat() throws {
        defer { directory.remove() }
        try execute(Self.third)
        let port = try freePort()
        let controller = try controller(port: port)
        var client = HTTPClient(port: port, keepsAlive: true)
        _ = eventually { (try? client.request("GET", "/state", until: MonotonicClock.now() + .seconds(1))) != nil }
        for request in Self.requests {
            let answer = try client.request(
                request.method, request.path, body: request.body.map { Array($0.utf8) },
                until: MonotonicClock.now() + .seconds(5))
            let said = String(decoding: answer.body, as: UTF8.self)
            #expect(answer.status == request.status, "\(request.method) \(request.path): \(said)")
            #expect(said.contains(request.shows), "\(request.method) \(request.path): \(said)")
        }
        controller.process.send(signal: SIGTERM)
        let end = controller.process.wait(until: MonotonicClock.now() + .seconds(10))
        if end == nil { controller.process.send(signal: SIGKILL) }
        #expect(end == .status(0), "\(text(controller.error))")
        #expect(try find("PRAGMA user_version") == ["4"])
        #expect(try find("SELECT count(*) FROM areas") == ["0"])
    }
}
