import CSQLite
import Events
import Platform
import Synchronization

/// Polls a view in an SQLite database: opened read-only for one poll and closed again at once, so that the rig neither keeps a lock nor a
/// file of the system's open. A database that is busy is a failed poll, not a wait.
final class SQLiteProbe: Probe {
    private let view: String
    private let path: String
    private let query: String
    private let documents: ViewSource.SQLite.Documents?
    private let interval: Instant.Span
    private let sink: EventSink
    /// Whether it looks away; held while it looks.
    private let looksAway = Mutex(false)
    private let thread = Mutex<ProbeThread?>(nil)

    /// - Parameter query: two columns, group address and raw value in hex, unless `documents` says how they are read.
    init(
        view: String, path: String, query: String, documents: ViewSource.SQLite.Documents? = nil,
        interval: Instant.Span, sink: @escaping EventSink
    ) {
        self.documents = documents
        self.view = view
        self.path = path
        self.query = query
        self.interval = interval
        self.sink = sink
    }

    func start(network _: Int32?) throws(SystemFailure) {
        let started = try ProbeThread("probe \(view)", network: nil) { [self] thread in
            var state = PolledState(view: view, interval: interval)
            thread.poll(every: { self.interval }, source: view, sink: sink) {
                let look = looksAway.withLock { looksAway in
                    let begun = MonotonicClock.now()
                    return looksAway ? nil : (begun, SQLiteProbe.read(path, query, documents), MonotonicClock.now())
                }
                guard let (begun, values, ended) = look else { return }
                for event in state.polled(values, from: begun, to: ended) { sink(event) }
            }
        }
        thread.withLock { $0 = started }
    }

    func stop() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.stop()
    }

    /// Looks away, once a look that is under way is over, or looks again. While a system closes its database nobody else may have it open: the last
    /// to close it is who removes its write-ahead log, and a reader does not.
    func lookAway(_ isAway: Bool) { looksAway.withLock { $0 = isAway } }

    /// One look into the database.
    static func read(
        _ path: String, _ query: String, _ documents: ViewSource.SQLite.Documents? = nil
    ) -> Result<[String: [UInt8]], SystemFault> {
        var values: [String: [UInt8]] = [:]
        let failure = unsafe rows(path, query, columns: 2, of: "group address and raw value") { statement in
            guard let name = unsafe text(statement, 0) else { return }
            let said = unsafe text(statement, 1)
            guard let documents else {
                values[name] = said.flatMap(Hex.octets)
                return
            }
            guard let point = documents.name.group(in: name) else { return }
            values[point] = said.flatMap { try? JSON.parse($0.utf8, keepsFractions: true) }
                .flatMap(documents.value.octets)
        }
        return failure.map { .failure($0) } ?? .success(values)
    }

    /// A row of a history: what a point was, and when.
    struct Entry: Hashable, Sendable {
        var point: String
        var raw: [UInt8]
        /// Milliseconds since 1970.
        var stamp: Int64
    }

    /// Every row of a history.
    ///
    /// - Parameter query: three columns, group address, raw value in hex and milliseconds since 1970. What is none of that is passed over.
    static func entries(_ path: String, _ query: String) -> Result<[Entry], SystemFault> {
        var entries: [Entry] = []
        let failure = unsafe rows(path, query, columns: 3, of: "group address, raw value and milliseconds since 1970") {
            statement in
            guard let point = unsafe text(statement, 0), let raw = unsafe text(statement, 1).flatMap(Hex.octets) else {
                return
            }
            entries.append(Entry(point: point, raw: raw, stamp: unsafe sqlite3_column_int64(statement, 2)))
        }
        return failure.map { .failure($0) } ?? .success(entries)
    }

    /// - Parameter meaning: of the columns, for a person.
    /// - Returns: why not all rows could be read; nil when they could.
    private static func rows(
        _ path: String, _ query: String, columns: Int32, of meaning: String, _ take: (OpaquePointer?) -> Void
    ) -> SystemFault? {
        guard Files.exists(path) else { return SystemFault("there is no such file") }
        var database: OpaquePointer?
        defer { unsafe sqlite3_close(database) }
        let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI
        let uri = address(path, isImmutable: isClosedWithLog(path))
        guard unsafe sqlite3_open_v2(uri, &database, flags, nil) == SQLITE_OK else { return unsafe fault(database) }
        unsafe sqlite3_busy_timeout(database, 0)
        var statement: OpaquePointer?
        defer { unsafe sqlite3_finalize(statement) }
        guard unsafe sqlite3_prepare_v2(database, query, -1, &statement, nil) == SQLITE_OK else {
            return unsafe fault(database)
        }
        guard unsafe sqlite3_column_count(statement) == columns else {
            return SystemFault("the query should have \(columns == 2 ? "two" : "three") columns: \(meaning)")
        }
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW: unsafe take(statement)
            case SQLITE_DONE: return nil
            default: return unsafe fault(database)
            }
        }
    }

    /// True for a database with a write-ahead log that nobody has open: the log is gone. A reader, even a read-only one, would make the files
    /// `-wal` and `-shm` and leave them behind (SQLite 3.40.1, measured), as if the system had not closed it in order.
    private static func isClosedWithLog(_ path: String) -> Bool {
        // The read version in the database's header: 2 is with a write-ahead log (SQLite's file format, 1.3).
        let readVersionOffset = 19
        guard !Files.exists(path + "-wal"),
            let header = try? Files.read(path, maximum: readVersionOffset + 1), header.count > readVersionOffset
        else { return false }
        return header[readVersionOffset] == 2
    }

    /// `path` as SQLite takes it with parameters.
    private static func address(_ path: String, isImmutable: Bool) -> String {
        var address = "file:"
        for octet in path.utf8 {
            let isPlain = octet > 0x20 && octet < 0x7F && !"?#%".utf8.contains(octet)
            address += isPlain ? String(UnicodeScalar(octet)) : "%" + Hex.text([octet])
        }
        return isImmutable ? address + "?immutable=1" : address
    }

    private static func text(_ statement: OpaquePointer?, _ column: Int32) -> String? {
        unsafe sqlite3_column_text(statement, column).map { unsafe String(cString: $0) }
    }

    private static func fault(_ database: OpaquePointer?) -> SystemFault {
        let code = unsafe sqlite3_errcode(database) & 0xFF
        return unsafe SystemFault(
            code == SQLITE_BUSY || code == SQLITE_LOCKED ? "busy" : String(cString: sqlite3_errmsg(database)))
    }
}
