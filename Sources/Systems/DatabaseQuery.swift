import CSQLite
import Platform

/// One look of the rig's into a system's database, by queries whose columns are texts.
@safe struct DatabaseQuery {
    private let database: OpaquePointer

    /// Calls `look` with an open database; nil when it cannot be opened.
    static func look<Result>(_ path: String, _ look: (DatabaseQuery) -> Result?) -> Result? {
        var database: OpaquePointer?
        defer { unsafe sqlite3_close(database) }
        guard Files.exists(path), unsafe sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, nil) == SQLITE_OK,
            let opened = unsafe database
        else { return nil }
        unsafe sqlite3_busy_timeout(opened, 1000)
        return look(unsafe DatabaseQuery(database: opened))
    }

    /// Every row that a query finds, NULL as nil; nil when it cannot be asked.
    func rows(_ query: String) -> [[String?]]? {
        var statement: OpaquePointer?
        defer { unsafe sqlite3_finalize(statement) }
        guard unsafe sqlite3_prepare_v2(database, query, -1, &statement, nil) == SQLITE_OK else { return nil }
        let columns = unsafe sqlite3_column_count(statement)
        var rows: [[String?]] = []
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW:
                rows.append(
                    (0..<columns).map { column in
                        unsafe sqlite3_column_text(statement, column).map { unsafe String(cString: $0) }
                    })
            case SQLITE_DONE: return rows
            default: return nil
            }
        }
    }
}
