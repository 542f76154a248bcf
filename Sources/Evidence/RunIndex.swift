import CSQLite
import Events
import Glibc
import Platform

/// Remembers what was read of runs, in an SQLite file beside them: reading the evidence of a thousand runs takes a minute, looking them up a
/// moment. The runs are the truth: an entry counts only while its evidence and verdict have the size and time they had, and a file that is missing, damaged or
/// somebody else's costs nothing but time.
///
/// Used by one thread.
@safe public final class RunIndex {
    /// `knxrig` and the version of the table.
    private static let application: Int32 = 0x6B_6E_78_72
    private static let version: Int32 = 2

    private var database: OpaquePointer?

    /// - Parameter path: the file; made when it is not there.
    /// - Returns: nil when it cannot be used: not writable, or not ours.
    public init?(path: String) {
        guard unsafe sqlite3_open(path, &database) == SQLITE_OK else {
            // `deinit` closes what was opened of it.
            return nil
        }
        unsafe sqlite3_busy_timeout(database, 2000)
        let isNew = number("SELECT count(*) FROM sqlite_master") == 0
        let isOurs = number("PRAGMA application_id") == Int64(Self.application)
        guard isNew || isOurs else { return nil }
        if isOurs, number("PRAGMA user_version") != Int64(Self.version) { _ = execute("DROP TABLE IF EXISTS runs") }
        guard
            execute("PRAGMA application_id=\(Self.application)"), execute("PRAGMA user_version=\(Self.version)"),
            execute(
                "CREATE TABLE IF NOT EXISTS runs(path TEXT PRIMARY KEY, stamp TEXT NOT NULL, summary TEXT NOT NULL)")
        else { return nil }
    }

    deinit {
        unsafe sqlite3_close(database)
    }

    /// The summary of a run, from the index when its files are as they were, otherwise read and remembered.
    func summary(of run: RunDirectory, isReplaced: Bool) throws(SystemFailure) -> RunSummary {
        let stamp = Self.stamp(run.evidencePath) + " " + Self.stamp(run.verdictPath)
        if let known = remembered(run.path, stamp), let value = try? JSON.parse(known),
            let summary = try? RunSummary(value, directory: run.path, isReplaced: isReplaced)
        {
            return summary
        }
        let summary = try RunSummary(run, isReplaced: isReplaced)
        remember(run.path, stamp, JSON.text(summary.value))
        return summary
    }

    /// Size, change and file of a path, as one text.
    private static func stamp(_ path: String) -> String {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return "-" }
        return "\(status.st_ino)/\(status.st_size)/\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    }

    private func remembered(_ path: String, _ stamp: String) -> String? {
        guard let statement = unsafe prepare("SELECT summary FROM runs WHERE path=?1 AND stamp=?2") else { return nil }
        defer { unsafe sqlite3_finalize(statement) }
        unsafe bind(statement, [path, stamp])
        guard unsafe sqlite3_step(statement) == SQLITE_ROW, let text = unsafe sqlite3_column_text(statement, 0) else {
            return nil
        }
        return unsafe String(cString: text)
    }

    private func remember(_ path: String, _ stamp: String, _ summary: String) {
        guard let statement = unsafe prepare("INSERT OR REPLACE INTO runs VALUES(?1, ?2, ?3)") else { return }
        defer { unsafe sqlite3_finalize(statement) }
        unsafe bind(statement, [path, stamp, summary])
        unsafe sqlite3_step(statement)
    }

    private func prepare(_ sql: String) -> OpaquePointer? {
        var statement: OpaquePointer?
        guard unsafe sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else { return nil }
        return unsafe statement
    }

    private func bind(_ statement: OpaquePointer, _ texts: [String]) {
        // SQLITE_TRANSIENT: SQLite makes a copy, since the text is ours only during the call.
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        for (index, text) in texts.enumerated() {
            unsafe sqlite3_bind_text(statement, Int32(index + 1), text, -1, transient)
        }
    }

    private func execute(_ sql: String) -> Bool {
        unsafe sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK
    }

    private func number(_ sql: String) -> Int64? {
        guard let statement = unsafe prepare(sql) else { return nil }
        defer { unsafe sqlite3_finalize(statement) }
        return unsafe sqlite3_step(statement) == SQLITE_ROW ? unsafe sqlite3_column_int64(statement, 0) : nil
    }
}
