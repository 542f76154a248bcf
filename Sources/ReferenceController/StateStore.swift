import CSQLite
import Synchronization

/// Keeps the points in `state.db`, off the live path: a thread of its own writes what changed, in one transaction at
/// most every 500 ms. What cannot be written (locked, disk full) is kept and tried again; only the newest value of a
/// point matters, so what waits is bounded by the number of points.
@safe final class StateStore: Sendable {
    struct OpenError: Error {
        let message: String
    }

    /// A statement that failed, in SQLite's words.
    private struct StatementError: Error {
        let message: String
        var isBusy = false
    }

    static let path = "state.db"
    private static let periodMilliseconds = 500
    private static let busyTimeoutMilliseconds: Int32 = 400
    /// For the last write, which nothing comes after.
    private static let lastBusyTimeoutMilliseconds: Int32 = 1000
    private static let openTimeoutMilliseconds: Int32 = 5000

    /// Used by one thread at a time: the starting one until `run()`, then that of `run()`.
    nonisolated(unsafe) private let database: OpaquePointer
    private let points: PointTable
    private let protections: Set<Protection>
    private let history: HistoryBound
    /// Waits for a database that is locked, and keeps for the next time what it could not write.
    private let retriesBusy: Bool
    private let isFailing = Atomic(false)
    private let stopping = Atomic(false)
    private let closes = Atomic(true)
    private let wakeup = Wakeup()

    /// Opens or makes the database in the working directory and restores the points from it.
    init(_ points: PointTable, history: HistoryBound, protections: Set<Protection>) throws(OpenError) {
        var handle: OpaquePointer?
        let result = unsafe sqlite3_open(Self.path, &handle)
        guard let handle = unsafe handle else { throw OpenError(message: "\(Self.path): out of memory") }
        unsafe database = unsafe handle
        self.points = points
        self.protections = protections
        self.history = history
        retriesBusy = protections.contains(.databaseBusyRetry)
        do throws(StatementError) {
            guard result == SQLITE_OK else { throw failure() }
            unsafe sqlite3_busy_timeout(handle, Self.openTimeoutMilliseconds)
            try execute("PRAGMA journal_mode=WAL")
            try execute("PRAGMA synchronous=NORMAL")
            try prepareSchema()
            try restore()
            // On the live path a controller waits as long as at its start.
            if protections.contains(.databaseOffLivePath) {
                unsafe sqlite3_busy_timeout(handle, retriesBusy ? Self.busyTimeoutMilliseconds : 0)
            }
        } catch {
            unsafe sqlite3_close(handle)
            let hint =
                error.isBusy && protections.contains(.startLockHint)
                ? ": another process holds it; `fuser state.db` in the data directory names it" : ""
            throw OpenError(message: "\(Self.path): \(error.message)\(hint)")
        }
    }

    /// The loop of the store's thread. After `stop()` it writes the rest, closes the database and returns.
    func run() {
        let isOffLivePath = protections.contains(.databaseOffLivePath)
        while true {
            wakeup.wait(milliseconds: Self.periodMilliseconds)
            // Before the last write, so that nothing that came before stop() is missed.
            let last = stopping.load(ordering: .acquiring)
            if last { unsafe sqlite3_busy_timeout(database, Self.lastBusyTimeoutMilliseconds) }
            if isOffLivePath || last, !write(isLast: last) { break }
            if last { break }
        }
        if closes.load(ordering: .relaxed) { unsafe sqlite3_close(database) }
    }

    /// Writes at once, on the thread that brought a telegram: what a controller does that keeps its database on the live path.
    func writeThrough() {
        _ = write(isLast: false)
    }

    /// Writes what has changed.
    /// - Returns: Whether the store goes on.
    private func write(isLast: Bool) -> Bool {
        let changed = points.takeUnsaved()
        guard !changed.isEmpty else { return true }
        let rows = points.takeHistory()
        do {
            try save(changed, rows)
            if isFailing.exchange(false, ordering: .relaxed) { Log.info("database written again") }
        } catch {
            if !error.isBusy || retriesBusy { points.returnUnsaved(changed.map(\.group), rows) }
            let wasFailing = isFailing.exchange(true, ordering: .relaxed)
            if !wasFailing || isLast { Log.error("database write failed", ["error": .string(error.message)]) }
            if !error.isBusy, !protections.contains(.databaseWriteErrorsHandled) { return false }
        }
        return true
    }

    /// - Parameter closes: whether the database is closed, or left to the end of the process.
    func stop(closes: Bool) {
        self.closes.store(closes, ordering: .relaxed)
        stopping.store(true, ordering: .releasing)
        wakeup.signal()
    }

    private func failure() -> StatementError {
        StatementError(
            message: unsafe String(cString: sqlite3_errmsg(database)),
            isBusy: unsafe sqlite3_errcode(database) == SQLITE_BUSY)
    }

    private func execute(_ statement: String) throws(StatementError) {
        guard unsafe sqlite3_exec(database, statement, nil, nil, nil) == SQLITE_OK else { throw failure() }
    }

    private func prepareSchema() throws(StatementError) {
        let steps = Schema.steps(protections)
        let newest = steps.last?.version ?? 0
        let version = try query("PRAGMA user_version") { row in row.integer(0) }.first ?? 0
        guard (0...newest).contains(version) else {
            throw StatementError(
                message: "its schema version is \(version), this program knows \(newest); move it away")
        }
        for step in steps where step.version > version {
            try transaction { () throws(StatementError) in
                try execute(step.statements)
                try execute("PRAGMA user_version=\(step.version)")
            }
            Log.info("database migrated", ["version": JSON(step.version)])
        }
        // Always, also when there is nothing to do: a database that cannot be written is found at start, not later.
        try transaction { () throws(StatementError) in
            if protections.contains(.historyPrune) { try execute(history.prune(at: wallMilliseconds())) }
            try execute("PRAGMA user_version=\(newest)")
        }
    }

    /// Does all of it or nothing.
    private func transaction(_ body: () throws(StatementError) -> Void) throws(StatementError) {
        try execute("BEGIN IMMEDIATE")
        do throws(StatementError) {
            try body()
            try execute("COMMIT")
        } catch {
            // Some errors have rolled back by themselves; then this one fails, which is all right.
            try? execute("ROLLBACK")
            throw error
        }
    }

    private static let plausibleSequences = 0...(1 << 53)

    private func restore() throws(StatementError) {
        let rows = try query("SELECT group_address, raw, source, sequence, updated_at_ms FROM points") { row in
            (row.text(0), row.text(1), row.text(2), row.integer(3), row.integer(4))
        }
        for (address, raw, source, sequence, updated) in rows {
            guard let group = GroupAddress(address), let type = points.declarations[group]?.type,
                let octets = [UInt8](hexadecimal: raw), !octets.isEmpty
            else { continue }
            let isShort = if case .short = type.size { true } else { false }
            let value = isShort ? GroupValue(short: octets[0]) : GroupValue(octets: octets)
            // The type may have been configured differently since.
            guard type.objection(to: value) == nil else { continue }
            points.restore(
                group,
                PointState(
                    octets: octets, value: type.value(of: octets), source: IndividualAddress(source) ?? .init(bits: 0),
                    // What no count of telegrams comes to begins anew.
                    sequence: Self.plausibleSequences.contains(sequence) ? Int64(sequence) : 0,
                    updatedAtMilliseconds: Int64(updated)))
        }
    }

    private func save(
        _ changed: [(group: GroupAddress, state: PointState)], _ rows: [HistoryEntry]
    ) throws(StatementError) {
        try transaction { () throws(StatementError) in
            let statement = try unsafe prepare(
                """
                INSERT INTO points VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(group_address) DO UPDATE SET
                    raw=?2, value=?3, source=?4, sequence=?5, updated_at_ms=?6
                """)
            defer { unsafe sqlite3_finalize(statement) }
            for (group, state) in changed {
                unsafe bind(statement, 1, "\(group)")
                unsafe bind(statement, 2, state.octets.hexadecimal)
                unsafe bind(statement, 3, state.value.text)
                unsafe bind(statement, 4, "\(state.source)")
                unsafe sqlite3_bind_int64(statement, 5, state.sequence)
                unsafe sqlite3_bind_int64(statement, 6, state.updatedAtMilliseconds)
                guard unsafe sqlite3_step(statement) == SQLITE_DONE else { throw failure() }
                unsafe sqlite3_reset(statement)
            }
            try append(rows)
            if protections.contains(.historyPrune) { try execute(history.prune(at: wallMilliseconds())) }
        }
    }

    private func append(_ rows: [HistoryEntry]) throws(StatementError) {
        let statement = try unsafe prepare("INSERT INTO history(group_address, raw, at_ms) VALUES(?1, ?2, ?3)")
        defer { unsafe sqlite3_finalize(statement) }
        for row in rows {
            unsafe bind(statement, 1, "\(row.group)")
            unsafe bind(statement, 2, row.octets.hexadecimal)
            unsafe sqlite3_bind_int64(statement, 3, row.milliseconds)
            guard unsafe sqlite3_step(statement) == SQLITE_DONE else { throw failure() }
            unsafe sqlite3_reset(statement)
        }
    }

    private func prepare(_ sql: String) throws(StatementError) -> OpaquePointer {
        var statement: OpaquePointer?
        guard unsafe sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK,
            let statement = unsafe statement
        else { throw failure() }
        return unsafe statement
    }

    private func bind(_ statement: OpaquePointer, _ index: Int32, _ text: String) {
        // SQLITE_TRANSIENT: SQLite copies the text.
        let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        unsafe sqlite3_bind_text(statement, index, text, -1, transient)
    }

    /// A row of a result, valid while it is being read.
    @safe private struct Row {
        private let statement: OpaquePointer

        init(_ statement: OpaquePointer) {
            unsafe self.statement = unsafe statement
        }

        func text(_ column: Int32) -> String {
            unsafe sqlite3_column_text(statement, column).map { unsafe String(cString: $0) } ?? ""
        }

        func integer(_ column: Int32) -> Int { Int(unsafe sqlite3_column_int64(statement, column)) }
    }

    private func query<Value>(_ sql: String, _ read: (Row) -> Value) throws(StatementError) -> [Value] {
        let statement = try unsafe prepare(sql)
        defer { unsafe sqlite3_finalize(statement) }
        var values: [Value] = []
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW: values.append(read(unsafe Row(statement)))
            case SQLITE_DONE: return values
            default: throw failure()
            }
        }
    }
}
