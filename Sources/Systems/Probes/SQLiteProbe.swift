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
                let begun = MonotonicClock.now()
                let values = SQLiteProbe.read(path, query, documents)
                for event in state.polled(values, from: begun, to: MonotonicClock.now()) { sink(event) }
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

    /// One look into the database.
    static func read(
        _ path: String, _ query: String, _ documents: ViewSource.SQLite.Documents? = nil
    ) -> Result<[String: [UInt8]], SystemFault> {
        guard Files.exists(path) else { return .failure(SystemFault("there is no such file")) }
        var database: OpaquePointer?
        defer { unsafe sqlite3_close(database) }
        let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI
        let uri = address(path, isImmutable: isClosedWithLog(path))
        guard unsafe sqlite3_open_v2(uri, &database, flags, nil) == SQLITE_OK else {
            return unsafe .failure(fault(database))
        }
        unsafe sqlite3_busy_timeout(database, 0)
        var statement: OpaquePointer?
        defer { unsafe sqlite3_finalize(statement) }
        guard unsafe sqlite3_prepare_v2(database, query, -1, &statement, nil) == SQLITE_OK else {
            return unsafe .failure(fault(database))
        }
        guard unsafe sqlite3_column_count(statement) == 2 else {
            return .failure(SystemFault("the query should have two columns: group address and raw value"))
        }
        var values: [String: [UInt8]] = [:]
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW:
                guard let name = unsafe text(statement, 0) else { continue }
                let said = unsafe text(statement, 1)
                guard let documents else {
                    values[name] = said.flatMap(Hex.octets)
                    continue
                }
                guard let point = documents.name.group(in: name) else { continue }
                values[point] = said.flatMap { try? JSON.parse($0.utf8, keepsFractions: true) }
                    .flatMap(documents.value.octets)
            case SQLITE_DONE: return .success(values)
            default: return unsafe .failure(fault(database))
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
