import CSQLite
import Events
import Glibc
import Platform
import Synchronization

/// The lock of a system's database in the hands of somebody else: a connection of ours that holds `BEGIN EXCLUSIVE`. It goes with this process.
@safe public final class DatabaseLock: Sendable {
    private let path: String
    /// Used under the lock.
    private let connection = Mutex<Connection?>(nil)

    @safe private struct Connection: @unchecked Sendable {
        // A connection opened with SQLITE_OPEN_FULLMUTEX may be used from any thread, and this one is only used under a lock.
        let handle: OpaquePointer
    }

    public init(path: String) {
        self.path = path
    }

    /// Takes the lock; waits up to two seconds for a writer that has it.
    ///
    /// - Throws: why it could not be had.
    public func take() throws(SystemFault) {
        let handle = unsafe try Self.open(path, waiting: 2000)
        guard unsafe sqlite3_exec(handle, "BEGIN EXCLUSIVE", nil, nil, nil) == SQLITE_OK else {
            let reason = unsafe String(cString: sqlite3_errmsg(handle))
            unsafe sqlite3_close(handle)
            throw SystemFault("the lock of \(path) could not be taken: \(reason)")
        }
        connection.withLock { unsafe $0 = Connection(handle: handle) }
    }

    /// Gives it back; nothing was changed under it.
    public func release() {
        connection.withLock { connection in
            guard let held = connection else { return }
            unsafe sqlite3_exec(held.handle, "ROLLBACK", nil, nil, nil)
            unsafe sqlite3_close(held.handle)
            connection = nil
        }
    }

    /// Whoever writes has the lock for a moment: what is busy still is so after this.
    private static let again = Instant.Span.milliseconds(50)

    /// Whether somebody could write now: `ok`, `busy`, or what SQLite says. Begins a transaction and drops it; tries twice, so that a
    /// system that is just writing is not taken for one whose lock is held.
    public static func attempt(_ path: String) -> String {
        let said = attemptOnce(path)
        guard said == "busy" else { return said }
        MonotonicClock.sleep(for: again)
        return attemptOnce(path)
    }

    private static func attemptOnce(_ path: String) -> String {
        let handle: OpaquePointer
        do throws(SystemFault) { unsafe handle = try unsafe open(path, waiting: 0) } catch { return error.description }
        defer { unsafe sqlite3_close(handle) }
        let result = unsafe sqlite3_exec(handle, "BEGIN IMMEDIATE; ROLLBACK", nil, nil, nil)
        if result == SQLITE_OK { return "ok" }
        return result & 0xFF == SQLITE_BUSY ? "busy" : unsafe String(cString: sqlite3_errmsg(handle))
    }

    /// SQLite's own checks of the whole database: `ok`, or the first thing that is wrong.
    public static func check(_ path: String) -> String {
        let handle: OpaquePointer
        do throws(SystemFault) { unsafe handle = try unsafe open(path, waiting: 1000) } catch {
            return error.description
        }
        defer { unsafe sqlite3_close(handle) }
        for pragma in ["integrity_check", "foreign_key_check"] {
            var statement: OpaquePointer?
            defer { unsafe sqlite3_finalize(statement) }
            guard unsafe sqlite3_prepare_v2(handle, "PRAGMA \(pragma)", -1, &statement, nil) == SQLITE_OK else {
                return unsafe String(cString: sqlite3_errmsg(handle))
            }
            let step = unsafe sqlite3_step(statement)
            if pragma == "foreign_key_check" {
                if step == SQLITE_ROW { return "a row refers to something that is not there" }
                if step != SQLITE_DONE { return unsafe String(cString: sqlite3_errmsg(handle)) }
            } else {
                guard step == SQLITE_ROW, let text = unsafe sqlite3_column_text(statement, 0) else {
                    return unsafe String(cString: sqlite3_errmsg(handle))
                }
                let said = unsafe String(cString: text)
                if said != "ok" { return said }
            }
        }
        return "ok"
    }

    private static func open(_ path: String, waiting milliseconds: Int32) throws(SystemFault) -> OpaquePointer {
        guard Files.exists(path) else { throw SystemFault("there is no database \(path)") }
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX
        guard unsafe sqlite3_open_v2(path, &handle, flags, nil) == SQLITE_OK, let opened = unsafe handle else {
            unsafe sqlite3_close(handle)
            throw SystemFault("the database \(path) could not be opened")
        }
        unsafe sqlite3_busy_timeout(opened, milliseconds)
        return unsafe opened
    }
}
