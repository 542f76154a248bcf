import CSQLite

/// The registry's own connection to the database, and what each request does to it. Used by the registry's thread alone.
@safe final class RegistryDatabase {
    /// A request that cannot be done, with what is answered to it.
    struct Refusal: Error {
        let response: HttpResponse
    }

    /// From a request's coming until it is refused because the database is locked.
    private static let busyTimeoutMilliseconds: Int64 = 3000
    /// What a registry waits that forgets who waits for it.
    private static let unboundTimeoutMilliseconds: Int32 = 60_000

    private let database: OpaquePointer
    private let protections: Set<Protection>
    /// When the request came that is being served.
    var came: Int64 = 0
    /// Answered and not written yet: what a registry has that does not wait for its database.
    var gathered: [String: String] = [:]

    /// - Parameter path: of a database whose schema is there.
    init(_ path: String, protections: Set<Protection>) throws(StateStore.OpenError) {
        self.protections = protections
        var handle: OpaquePointer?
        guard unsafe sqlite3_open(path, &handle) == SQLITE_OK, let opened = unsafe handle else {
            unsafe sqlite3_close(handle)
            throw StateStore.OpenError(message: "\(path): the registry cannot open it")
        }
        if protections.contains(.databaseForeignKeys) {
            unsafe sqlite3_exec(opened, "PRAGMA foreign_keys=ON", nil, nil, nil)
        }
        unsafe database = unsafe opened
    }

    func close() {
        unsafe sqlite3_close(database)
    }

    func perform(_ request: Registry.Request) -> HttpResponse {
        switch request {
        case .put(let id, let name):
            if let error = execute("UPDATE devices SET name=?2 WHERE id=?1", id, name) { return error }
            if unsafe sqlite3_changes(database) == 0,
                let error = execute("INSERT INTO devices(id, name) VALUES(?1, ?2)", id, name)
            {
                return error
            }
            return HttpResponse(status: 200, body: ["id": .string(id), "name": .string(name)])
        case .create(let table, let id, let name, let parent):
            let error =
                table.reference.map {
                    execute("INSERT INTO \(table)(id, name, \($0)) VALUES(?1, ?2, ?3)", id, name, parent)
                } ?? execute("INSERT INTO \(table)(id, name) VALUES(?1, ?2)", id, name)
            return error ?? HttpResponse(status: 201, body: ["id": .string(id)])
        case .change(let table, let id, let name, let parent):
            let reference = table.reference.map { ", \($0)=coalesce(?3, \($0))" } ?? ""
            let texts = [id, name] + (table.reference == nil ? [] : [parent])
            if let error = execute("UPDATE \(table) SET name=coalesce(?2, name)\(reference) WHERE id=?1", texts) {
                return error
            }
            return unsafe sqlite3_changes(database) == 0
                ? .error(404, "there is no \(id)") : HttpResponse(status: 200, body: ["id": .string(id)])
        case .store(let id, let attributes):
            return execute("UPDATE devices SET attributes=?2 WHERE id=?1", id, attributes.text)
                ?? HttpResponse(status: 200, body: ["id": .string(id), "attributes": attributes])
        case .patch: preconditionFailure("a change is merged before it is stored")
        case .delete(let table, let id):
            if let error = execute("DELETE FROM \(table) WHERE id=?1", id) { return error }
            return unsafe sqlite3_changes(database) == 0
                ? .error(404, "there is no \(id)") : HttpResponse(status: 200, body: ["id": .string(id)])
        case .list(let table): return list(table)
        case .get(let table, let id): return get(table, id)
        }
    }

    /// The attributes of a device with changes put into them.
    func merged(_ id: String, _ members: [JSON.Member]) -> Result<JSON, Refusal> {
        guard let statement = unsafe prepare("SELECT attributes FROM devices WHERE id=?1", [id]) else {
            return .failure(Refusal(response: failure))
        }
        defer { unsafe sqlite3_finalize(statement) }
        switch unsafe sqlite3_step(statement) {
        case SQLITE_ROW: break
        case SQLITE_DONE: return .failure(Refusal(response: .error(404, "there is no device \(id)")))
        default: return .failure(Refusal(response: failure))
        }
        let text = unsafe sqlite3_column_text(statement, 0).map { unsafe String(cString: $0) } ?? "{}"
        guard let document = try? JSONParser.parse(Array(text.utf8)), case .object(var attributes) = document else {
            return .failure(Refusal(response: .error(500, "the attributes of \(id) cannot be read")))
        }
        for member in members {
            attributes.removeAll { $0.name == member.name }
            attributes.append(member)
        }
        return .success(.object(attributes))
    }

    private func list(_ table: RegistryTable) -> HttpResponse {
        switch entries(table, of: nil) {
        case .failure(let refusal): refusal.response
        case .success(let entries):
            HttpResponse(status: 200, body: .object([JSON.Member(name: table.rawValue, value: .object(entries))]))
        }
    }

    private func get(_ table: RegistryTable, _ id: String) -> HttpResponse {
        switch entries(table, of: id) {
        case .failure(let refusal): return refusal.response
        case .success(let entries):
            guard let entry = entries.first, case .object(let members) = entry.value else {
                return .error(404, "there is no \(id)")
            }
            return HttpResponse(status: 200, body: .object([JSON.Member(name: "id", value: .string(id))] + members))
        }
    }

    /// What is in a table, keyed by id: all of it, or one.
    private func entries(_ table: RegistryTable, of id: String?) -> Result<[JSON.Member], Refusal> {
        let columns = ["id", "name"] + (table.reference.map { [$0] } ?? []) + (table == .devices ? ["attributes"] : [])
        guard
            let statement = unsafe prepare(
                "SELECT \(columns.joined(separator: ", ")) FROM \(table)\(id == nil ? "" : " WHERE id=?1") ORDER BY id",
                id.map { [$0] } ?? [])
        else { return .failure(Refusal(response: failure)) }
        defer { unsafe sqlite3_finalize(statement) }
        var entries: [JSON.Member] = []
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW: entries.append(unsafe entry(statement, table, columns))
            case SQLITE_DONE: return .success(entries)
            default: return .failure(Refusal(response: failure))
            }
        }
    }

    private func entry(_ statement: OpaquePointer, _ table: RegistryTable, _ columns: [String]) -> JSON.Member {
        let texts = columns.indices.map { column in
            unsafe sqlite3_column_text(statement, Int32(column)).map { unsafe String(cString: $0) }
        }
        let id = texts[0] ?? ""
        let members = zip(columns, texts).dropFirst().map { column, text in
            let value: JSON =
                switch column {
                case "name": .string((table == .devices ? gathered[id] : nil) ?? text ?? "")
                case "attributes": (try? JSONParser.parse(Array((text ?? "{}").utf8))) ?? .object([])
                default: text.map(JSON.string) ?? .null
                }
            return JSON.Member(name: column, value: value)
        }
        return JSON.Member(name: id, value: .object(members))
    }

    /// Lets the next statement wait for a locked database for what is left of the request's time.
    private func allowWaiting() {
        let deadline = came + Self.busyTimeoutMilliseconds * 1_000_000
        let left = (deadline - monotonicNanoseconds()) / 1_000_000
        let bounded = protections.contains(.apiBusyBound) ? Int32(max(0, left)) : Self.unboundTimeoutMilliseconds
        unsafe sqlite3_busy_timeout(database, protections.contains(.apiBusyWait) ? bounded : 0)
    }

    /// A database that is locked is no fault of whoever asks: they may ask again. What contradicts what is there is theirs.
    private var failure: HttpResponse {
        let status =
            switch unsafe sqlite3_errcode(database) {
            case SQLITE_BUSY: 503
            case SQLITE_CONSTRAINT: 409
            default: 500
            }
        return .error(status, unsafe String(cString: sqlite3_errmsg(database)))
    }

    /// Executes one statement; nil when that worked.
    private func execute(_ sql: String, _ texts: String?...) -> HttpResponse? { execute(sql, texts) }

    private func execute(_ sql: String, _ texts: [String?]) -> HttpResponse? {
        guard let statement = unsafe prepare(sql, texts) else { return failure }
        defer { unsafe sqlite3_finalize(statement) }
        return unsafe sqlite3_step(statement) == SQLITE_DONE ? nil : failure
    }

    private func prepare(_ sql: String, _ texts: [String?]) -> OpaquePointer? {
        allowWaiting()
        var statement: OpaquePointer?
        guard unsafe sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else { return nil }
        // SQLITE_TRANSIENT: SQLite copies the text.
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        for (index, text) in texts.enumerated() {
            if let text {
                unsafe sqlite3_bind_text(statement, Int32(index + 1), text, -1, transient)
            } else {
                unsafe sqlite3_bind_null(statement, Int32(index + 1))
            }
        }
        return unsafe statement
    }
}
