import CSQLite
import Documents
public import Events
import Platform

/// The rig's own look at the history that a system keeps: how many rows, how many of them repeat the value before, how many are older than they may be.
public struct HistoryLook: Sendable {
    private let path: String
    private let history: SystemProfile.History

    init(_ history: SystemProfile.History, substitution: Substitution) throws(DocumentFailure) {
        self.history = history
        path = try history.path.filled(by: substitution)
    }

    /// One look; what a query says that cannot be asked just now is left out.
    public func look() -> [(point: String, reading: Value)] {
        var database: OpaquePointer?
        defer { unsafe sqlite3_close(database) }
        guard Files.exists(path), unsafe sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, nil) == SQLITE_OK else {
            return []
        }
        unsafe sqlite3_busy_timeout(database, 100)
        let queries = [("rows", history.rows), ("repeats", history.repeats), ("old", history.old)]
        return queries.compactMap { point, query in
            unsafe Self.number(database, query).map { (point, .integer($0)) }
        }
    }

    /// The view of every row that the history of a system that has ended holds: a point per group address, and the point `read` when all have been told.
    public static let keptView = "kept-history"

    /// Every row, and how many there are; nil where the profile does not say how they are read, or they cannot be read.
    public func entries() -> [(point: String, raw: [UInt8]?, reading: Value)]? {
        guard let query = history.entries, case .success(let entries) = SQLiteProbe.entries(path, query) else {
            return nil
        }
        return entries.map { ($0.point, $0.raw, ["stamp": .integer($0.stamp)]) }
            + [("read", nil, .integer(Int64(entries.count)))]
    }

    /// Makes rows old by the profile's own statement, while the system does not run.
    ///
    /// - Returns: how many.
    public func age() throws(SystemFault) -> Int64 {
        var database: OpaquePointer?
        defer { unsafe sqlite3_close(database) }
        guard unsafe sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK else {
            throw SystemFault("the database \(path) could not be opened")
        }
        unsafe sqlite3_busy_timeout(database, 2000)
        guard unsafe sqlite3_exec(database, history.age, nil, nil, nil) == SQLITE_OK else {
            throw SystemFault(
                "'age' of the profile's history failed: " + (unsafe String(cString: sqlite3_errmsg(database))))
        }
        return Int64(unsafe sqlite3_changes(database))
    }

    private static func number(_ database: OpaquePointer?, _ query: String) -> Int64? {
        var statement: OpaquePointer?
        defer { unsafe sqlite3_finalize(statement) }
        guard unsafe sqlite3_prepare_v2(database, query, -1, &statement, nil) == SQLITE_OK,
            unsafe sqlite3_step(statement) == SQLITE_ROW
        else { return nil }
        return unsafe sqlite3_column_int64(statement, 0)
    }
}
