import Events
import Glibc
import Platform
import Testing

@testable import Scenarios

@Suite struct DatabaseClosingTests {
    private static func open(_ path: String, _ flags: Int32) -> Descriptor {
        Descriptor(owning: unsafe Glibc.open(path, flags | O_CLOEXEC, 0o644))
    }

    @Test func theLastClosingAndTheEndOfTheLogAreSeen() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-closing-")
        defer { directory.remove() }
        let path = directory.path + "/state.db"
        let writers = (0..<2).map { _ in Self.open(path, O_RDWR | O_CREAT) }
        let log = Self.open(path + "-wal", O_RDWR | O_CREAT)
        let closing = try DatabaseClosing(path: path)
        writers[0].close()
        MonotonicClock.sleep(for: .milliseconds(30))
        let beforeLog = MonotonicClock.now()
        unsafe unlink(path + "-wal")
        let afterLog = MonotonicClock.now()
        log.close()
        MonotonicClock.sleep(for: .milliseconds(30))
        let before = MonotonicClock.now()
        writers[1].close()
        let after = MonotonicClock.now()
        let report = closing.finish()
        let removed = try #require(report.logRemoved)
        let closed = try #require(report.closed)
        // What happened lies between the looks that are told.
        #expect(removed.after <= afterLog && removed.before >= beforeLog)
        #expect(closed.after <= after && closed.before >= before)
        #expect(removed.before < closed.after, "30 ms apart, looked at every 2 ms: \(removed) and \(closed)")
        #expect(closed.uncertaintyNanoseconds >= (closed.before - closed.after).nanoseconds / 4)
        #expect(!report.isIncomplete)
    }

    @Test func readersAndOtherFilesAreNoClosing() throws {
        let directory = try TemporaryDirectory(prefix: "knxrig-closing-")
        defer { directory.remove() }
        let path = directory.path + "/state.db"
        Self.open(path, O_RDWR | O_CREAT).close()
        let closing = try DatabaseClosing(path: path)
        Self.open(path, O_RDONLY).close()
        Self.open(directory.path + "/other.db", O_RDWR | O_CREAT).close()
        unsafe unlink(directory.path + "/other.db")
        #expect(closing.finish() == DatabaseClosing.Report())
    }

    @Test func aDirectoryThatIsNotThereIsRefused() {
        #expect(throws: SystemFailure.self) { try DatabaseClosing(path: "/nowhere/at/all/state.db") }
    }
}
