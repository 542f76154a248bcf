import Events
import Testing

@testable import Platform

@Suite struct TemporaryDirectoryTests {
    @Test func theNextRemovesWhatADeadOwnerLeftAndNothingElse() throws {
        let prefix = "knxrig-held-\(UInt32.random(in: 0 ... .max))-"
        let living = try TemporaryDirectory(heldWithPrefix: prefix)
        defer { living.remove() }
        let dead = try TemporaryDirectory(heldWithPrefix: prefix)
        try Files.makeDirectories(dead.path + "/data/deep")
        try Files.write([1], to: dead.path + "/data/deep/file")
        let withoutLock = try TemporaryDirectory(prefix: prefix)
        defer { withoutLock.remove() }
        let other = try TemporaryDirectory(heldWithPrefix: prefix + "x")
        other.forsake()

        try TemporaryDirectory(heldWithPrefix: prefix).remove()
        #expect(Files.exists(dead.path), "its owner lives")
        dead.forsake()
        #expect(try isRemoved(dead, byAnotherWithPrefix: prefix))

        #expect(Files.exists(living.path))
        #expect(Files.exists(withoutLock.path), "nothing says that it was ever held")
        #expect(Files.exists(other.path), "its prefix is another")
        #expect(try isRemoved(other, byAnotherWithPrefix: prefix + "x"))
    }

    /// Between the making of a lock and its taking another may come who looks for forsaken directories.
    @Test func onesTakenForForsakenWhileTheyAreMadeAreMadeAnew() throws {
        let prefix = "knxrig-held-\(UInt32.random(in: 0 ... .max))-"
        var others = 0
        let made = try TemporaryDirectory(heldWithPrefix: prefix) {
            others += 1
            if others <= 2 { try? TemporaryDirectory(heldWithPrefix: prefix).remove() }
        }
        defer { made.remove() }
        #expect(others == 3)
        #expect(Files.exists(made.path))
        try TemporaryDirectory(heldWithPrefix: prefix).remove()
        #expect(Files.exists(made.path), "its owner lives")
    }

    /// A child that another test of this process has just forked holds the lock too, until it runs its own program: so the next one may come too early.
    private func isRemoved(_ directory: TemporaryDirectory, byAnotherWithPrefix prefix: String) throws -> Bool {
        let deadline = MonotonicClock.now() + .seconds(10)
        repeat {
            try TemporaryDirectory(heldWithPrefix: prefix).remove()
            if !Files.exists(directory.path) { return true }
            MonotonicClock.sleep(for: .milliseconds(20))
        } while MonotonicClock.now() < deadline
        return false
    }
}
