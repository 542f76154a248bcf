import CSQLite
import Synchronization

/// The devices of the building, in the database: made, renamed and removed through the interface. A change is answered when it is committed to the
/// write-ahead log, so that what was answered outlives the process.
///
/// One thread does it all, with a connection of its own; what waits for it is bounded.
@safe final class Registry: Sendable {
    enum Request: Sendable {
        case put(id: String, name: String)
        case delete(id: String)
        case list
    }

    private struct Pending: Sendable {
        let request: Request
        let answer: @Sendable (HttpResponse) -> Void
    }

    private struct Content {
        var pending: [Pending] = []
        var stopping = false
    }

    static let greatestPending = 64
    static let greatestIDLength = 64
    private static let greatestNameLength = 200
    private static let busyTimeoutMilliseconds: Int32 = 2000
    /// Without the write-ahead log changes are gathered for so long.
    private static let gatherMilliseconds = 5000

    private let protections: Set<Protection>
    private let content = Mutex(Content())
    private let wakeup = Wakeup()
    /// Used by the thread of `run()` alone.
    nonisolated(unsafe) private let database: OpaquePointer
    /// Answered and not written yet: what a registry has that does not wait for its database.
    nonisolated(unsafe) private var gathered: [String: String] = [:]

    /// - Parameter path: of a database whose schema is there.
    init(_ path: String, protections: Set<Protection>) throws(StateStore.OpenError) {
        self.protections = protections
        var handle: OpaquePointer?
        guard unsafe sqlite3_open(path, &handle) == SQLITE_OK, let opened = unsafe handle else {
            unsafe sqlite3_close(handle)
            throw StateStore.OpenError(message: "\(path): the registry cannot open it")
        }
        unsafe sqlite3_busy_timeout(opened, Self.busyTimeoutMilliseconds)
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
            content.pending.append(Pending(request: request, answer: answer))
            return true
        }
        if taken { wakeup.signal() }
        return taken
    }

    /// The loop of the registry's thread; it returns after `stop()`, with everything answered.
    func run() {
        let isWritten = protections.contains(.databaseWAL)
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
            for pending in pending {
                if !isWritten, case .put(let id, let name) = pending.request {
                    unsafe gathered[id] = name
                    gatheredSince = gatheredSince ?? monotonicNanoseconds()
                    pending.answer(Self.done(id, name))
                } else {
                    pending.answer(perform(pending.request))
                }
            }
            if let since = gatheredSince,
                stopping || monotonicNanoseconds() >= since + Int64(Self.gatherMilliseconds) * 1_000_000
            {
                for (id, name) in unsafe gathered { _ = perform(.put(id: id, name: name)) }
                unsafe gathered.removeAll()
                gatheredSince = nil
            }
            if stopping { break }
        }
        unsafe sqlite3_close(database)
    }

    func stop() {
        content.withLock { $0.stopping = true }
        wakeup.signal()
    }

    private static func done(_ id: String, _ name: String) -> HttpResponse {
        HttpResponse(status: 200, body: ["id": .string(id), "name": .string(name)])
    }

    private func perform(_ request: Request) -> HttpResponse {
        switch request {
        case .put(let id, let name):
            if let error = execute("INSERT OR REPLACE INTO devices VALUES(?1, ?2)", id, name) { return error }
            return Self.done(id, name)
        case .delete(let id):
            if let error = execute("DELETE FROM devices WHERE id=?1", id) { return error }
            return unsafe sqlite3_changes(database) == 0
                ? .error(404, "there is no device \(id)") : HttpResponse(status: 200, body: ["id": .string(id)])
        case .list: return list()
        }
    }

    private func list() -> HttpResponse {
        guard let statement = unsafe prepare("SELECT id, name FROM devices ORDER BY id") else { return failure }
        defer { unsafe sqlite3_finalize(statement) }
        var devices: [JSON.Member] = []
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW:
                let id = unsafe sqlite3_column_text(statement, 0).map { unsafe String(cString: $0) } ?? ""
                let name = unsafe sqlite3_column_text(statement, 1).map { unsafe String(cString: $0) } ?? ""
                devices.append(JSON.Member(name: id, value: ["name": .string(unsafe gathered[id] ?? name)]))
            case SQLITE_DONE: return HttpResponse(status: 200, body: ["devices": .object(devices)])
            default: return failure
            }
        }
    }

    /// A database that is locked is no fault of whoever asks: they may ask again.
    private var failure: HttpResponse {
        .error(
            unsafe sqlite3_errcode(database) == SQLITE_BUSY ? 503 : 500,
            unsafe String(cString: sqlite3_errmsg(database)))
    }

    /// Executes one statement; nil when that worked.
    private func execute(_ sql: String, _ texts: String...) -> HttpResponse? {
        guard let statement = unsafe prepare(sql) else { return failure }
        defer { unsafe sqlite3_finalize(statement) }
        // SQLITE_TRANSIENT: SQLite copies the text.
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        for (index, text) in texts.enumerated() {
            unsafe sqlite3_bind_text(statement, Int32(index + 1), text, -1, transient)
        }
        return unsafe sqlite3_step(statement) == SQLITE_DONE ? nil : failure
    }

    private func prepare(_ sql: String) -> OpaquePointer? {
        var statement: OpaquePointer?
        guard unsafe sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else { return nil }
        return unsafe statement
    }
}
