import CSQLite
import Synchronization

/// The devices of the building, in the database: made, renamed and removed through the interface. A change is answered when it is committed to the
/// write-ahead log, so that what was answered outlives the process.
///
/// One thread does it all, with a connection of its own; what waits for it is bounded, in number and in time: a request that meets a locked database, or
/// stands behind one that does, is done or refused within 3 s of its coming.
@safe final class Registry: Sendable {
    enum Request: Sendable {
        case put(id: String, name: String)
        case createDevice(id: String, name: String, room: String?)
        case createRoom(id: String, name: String)
        case patch(id: String, attributes: [JSON.Member])
        /// The second half of a change that was read before: what a registry does that lets others come between.
        case store(id: String, attributes: JSON)
        case delete(id: String)
        case deleteRoom(id: String)
        case list
    }

    /// The tables of the registry.
    static func schema(_ protections: Set<Protection>) -> String {
        let key = protections.contains(.databaseUnique) ? " PRIMARY KEY" : ""
        return """
            CREATE TABLE rooms(id TEXT PRIMARY KEY, name TEXT NOT NULL);
            CREATE TABLE devices(
                id TEXT\(key), name TEXT NOT NULL, room TEXT REFERENCES rooms(id), attributes TEXT NOT NULL DEFAULT '{}')
            """
    }

    private struct Pending: Sendable {
        let request: Request
        let came: Int64
        let answer: @Sendable (HttpResponse) -> Void
    }

    private struct Content {
        var pending: [Pending] = []
        var stopping = false
        var closes = true
    }

    static let greatestPending = 64
    static let greatestIDLength = 64
    private static let greatestNameLength = 200
    /// From a request's coming until it is refused because the database is locked.
    private static let busyTimeoutMilliseconds: Int64 = 3000
    /// What a registry waits that forgets who waits for it.
    private static let unboundTimeoutMilliseconds: Int32 = 60_000
    /// Without the protection changes are answered at once and gathered for so long.
    private static let gatherMilliseconds = 5000

    private let protections: Set<Protection>
    private let content = Mutex(Content())
    private let wakeup = Wakeup()
    /// Used by the thread of `run()` alone.
    nonisolated(unsafe) private let database: OpaquePointer
    /// Answered and not written yet: what a registry has that does not wait for its database.
    nonisolated(unsafe) private var gathered: [String: String] = [:]
    /// When the request came that is being served.
    nonisolated(unsafe) private var came: Int64 = 0

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

    /// Why an id is refused; nil for a good one. Ids stand in paths and topics.
    static func objection(toID id: String) -> String? {
        let isPlain = id.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return id.isEmpty || id.utf8.count > greatestIDLength || !isPlain
            ? "an id is 1 to \(greatestIDLength) of a-z, A-Z, 0-9, - and _" : nil
    }

    static func objection(toName name: String) -> String? {
        name.isEmpty || name.utf8.count > greatestNameLength ? "a name has 1 to \(greatestNameLength) octets" : nil
    }

    /// Hands a request over; `answer` is called once, from another thread.
    /// - Returns: False when too much waits already; `answer` is then not called.
    func submit(_ request: Request, answer: @escaping @Sendable (HttpResponse) -> Void) -> Bool {
        let taken = content.withLock { content in
            guard !content.stopping, content.pending.count < Self.greatestPending else { return false }
            content.pending.append(Pending(request: request, came: monotonicNanoseconds(), answer: answer))
            return true
        }
        if taken { wakeup.signal() }
        return taken
    }

    /// The loop of the registry's thread; it returns after `stop()`, with everything answered.
    func run() {
        let isWritten = protections.contains(.databaseCommitBeforeAnswer)
        var gatheredSince: Int64?
        while true {
            let wait = gatheredSince.map {
                Int(max(0, $0 + Int64(Self.gatherMilliseconds) * 1_000_000 - monotonicNanoseconds()) / 1_000_000) + 1
            }
            wakeup.wait(milliseconds: wait ?? -1)
            let (pending, stopping) = content.withLock { content in
                defer { content.pending.removeAll() }
                return (content.pending, content.stopping)
            }
            for pending in pending { serve(pending, isWritten: isWritten, gatheredSince: &gatheredSince) }
            if let since = gatheredSince,
                stopping || monotonicNanoseconds() >= since + Int64(Self.gatherMilliseconds) * 1_000_000
            {
                unsafe came = monotonicNanoseconds()
                for (id, name) in unsafe gathered { _ = perform(.put(id: id, name: name)) }
                unsafe gathered.removeAll()
                gatheredSince = nil
            }
            if stopping { break }
        }
        if content.withLock({ $0.closes }) { unsafe sqlite3_close(database) }
    }

    private func serve(_ pending: Pending, isWritten: Bool, gatheredSince: inout Int64?) {
        unsafe came = pending.came
        if !isWritten, case .put(let id, let name) = pending.request {
            unsafe gathered[id] = name
            gatheredSince = gatheredSince ?? monotonicNanoseconds()
            return pending.answer(Self.done(id, name))
        }
        guard case .patch(let id, let members) = pending.request else {
            return pending.answer(told(pending.request, perform(pending.request)))
        }
        switch merged(id, members) {
        case .failure(let refusal): pending.answer(refusal.response)
        case .success(let attributes):
            let store = Request.store(id: id, attributes: attributes)
            if protections.contains(.apiSerialise) { return pending.answer(perform(store)) }
            // Whoever waits already comes first, and reads what is about to be overwritten.
            content.withLock {
                $0.pending.append(Pending(request: store, came: pending.came, answer: pending.answer))
            }
            wakeup.signal()
        }
    }

    /// What is answered to a request of which this came.
    private func told(_ request: Request, _ outcome: HttpResponse) -> HttpResponse {
        guard outcome.status >= 500, case .put(let id, let name) = request,
            !protections.contains(.apiErrorsTold)
        else { return outcome }
        Log.error("device not stored", ["id": .string(id)])
        return Self.done(id, name)
    }

    /// Lets the next statement wait for a locked database for what is left of the request's time.
    private func allowWaiting() {
        let deadline = unsafe came + Self.busyTimeoutMilliseconds * 1_000_000
        let left = (deadline - monotonicNanoseconds()) / 1_000_000
        let bounded = protections.contains(.apiBusyBound) ? Int32(max(0, left)) : Self.unboundTimeoutMilliseconds
        unsafe sqlite3_busy_timeout(database, protections.contains(.apiBusyWait) ? bounded : 0)
    }

    private struct Refusal: Error {
        let response: HttpResponse
    }

    /// The attributes of a device with changes put into them.
    private func merged(_ id: String, _ members: [JSON.Member]) -> Result<JSON, Refusal> {
        guard let statement = unsafe prepare("SELECT attributes FROM devices WHERE id=?1", id) else {
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

    /// - Parameter closes: whether the database is closed, or left to the end of the process.
    func stop(closes: Bool) {
        content.withLock { content in
            content.stopping = true
            content.closes = closes
        }
        wakeup.signal()
    }

    private static func done(_ id: String, _ name: String) -> HttpResponse {
        HttpResponse(status: 200, body: ["id": .string(id), "name": .string(name)])
    }

    private func perform(_ request: Request) -> HttpResponse {
        switch request {
        case .put(let id, let name):
            if let error = execute("UPDATE devices SET name=?2 WHERE id=?1", id, name) { return error }
            if unsafe sqlite3_changes(database) == 0,
                let error = execute("INSERT INTO devices(id, name) VALUES(?1, ?2)", id, name)
            {
                return error
            }
            return Self.done(id, name)
        case .createDevice(let id, let name, let room):
            let error =
                room.map { execute("INSERT INTO devices(id, name, room) VALUES(?1, ?2, ?3)", id, name, $0) }
                ?? execute("INSERT INTO devices(id, name) VALUES(?1, ?2)", id, name)
            return error ?? HttpResponse(status: 201, body: ["id": .string(id)])
        case .createRoom(let id, let name):
            return execute("INSERT INTO rooms VALUES(?1, ?2)", id, name)
                ?? HttpResponse(status: 201, body: ["id": .string(id)])
        case .store(let id, let attributes):
            return execute("UPDATE devices SET attributes=?2 WHERE id=?1", id, attributes.text)
                ?? HttpResponse(status: 200, body: ["id": .string(id), "attributes": attributes])
        case .patch: preconditionFailure("a change is merged before it is stored")
        case .delete(let id): return delete("DELETE FROM devices WHERE id=?1", id)
        case .deleteRoom(let id): return delete("DELETE FROM rooms WHERE id=?1", id)
        case .list: return list()
        }
    }

    private func delete(_ sql: String, _ id: String) -> HttpResponse {
        if let error = execute(sql, id) { return error }
        return unsafe sqlite3_changes(database) == 0
            ? .error(404, "there is no \(id)") : HttpResponse(status: 200, body: ["id": .string(id)])
    }

    private func list() -> HttpResponse {
        guard let statement = unsafe prepare("SELECT id, name, room, attributes FROM devices ORDER BY id") else {
            return failure
        }
        defer { unsafe sqlite3_finalize(statement) }
        var devices: [JSON.Member] = []
        func text(_ column: Int32) -> String? {
            unsafe sqlite3_column_text(statement, column).map { unsafe String(cString: $0) }
        }
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW:
                let id = text(0) ?? ""
                let attributes = (try? JSONParser.parse(Array((text(3) ?? "{}").utf8))) ?? .object([])
                devices.append(
                    JSON.Member(
                        name: id,
                        value: [
                            "name": .string(unsafe gathered[id] ?? text(1) ?? ""),
                            "room": text(2).map(JSON.string) ?? .null,
                            "attributes": attributes,
                        ]))
            case SQLITE_DONE: return HttpResponse(status: 200, body: ["devices": .object(devices)])
            default: return failure
            }
        }
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
    private func execute(_ sql: String, _ texts: String...) -> HttpResponse? {
        guard let statement = unsafe prepare(sql, texts) else { return failure }
        defer { unsafe sqlite3_finalize(statement) }
        return unsafe sqlite3_step(statement) == SQLITE_DONE ? nil : failure
    }

    private func prepare(_ sql: String, _ texts: String...) -> OpaquePointer? { unsafe prepare(sql, texts) }

    private func prepare(_ sql: String, _ texts: [String]) -> OpaquePointer? {
        allowWaiting()
        var statement: OpaquePointer?
        guard unsafe sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else { return nil }
        // SQLITE_TRANSIENT: SQLite copies the text.
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        for (index, text) in texts.enumerated() {
            unsafe sqlite3_bind_text(statement, Int32(index + 1), text, -1, transient)
        }
        return unsafe statement
    }
}
