import Events
import Foundation
import Platform
import Testing

@testable import Systems

/// The lock of a database in other hands, and a disk that is full: as another process meets them.
@Suite struct StoreFaultTests {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/state.db" }

    init() throws { directory = try TemporaryDirectory(prefix: "stores") }

    /// An empty file is a database without tables.
    private func database() throws { try Files.write([], to: path) }

    @Test func aHeldLockIsBusyForOthersAndFreeAfterwards() throws {
        defer { directory.remove() }
        try database()
        #expect(DatabaseLock.attempt(path) == "ok")
        let lock = DatabaseLock(path: path)
        try lock.take()
        #expect(DatabaseLock.attempt(path) == "busy")
        #expect(throws: SystemFault.self) { try DatabaseLock(path: path).take() }
        lock.release()
        lock.release()
        #expect(DatabaseLock.attempt(path) == "ok")
    }

    @Test func aLockThatIsForgottenIsReleased() throws {
        defer { directory.remove() }
        try database()
        do {
            let lock = DatabaseLock(path: path)
            try lock.take()
            lock.release()
        }
        #expect(DatabaseLock.attempt(path) == "ok")
    }

    /// A descriptor that is closed takes the locks of its whole process along: the rig itself reads the header of a database.
    @Test(.enabled(if: Repository.program("knxrig") != nil, "needs the built knxrig"))
    func aHolderKeepsItsLockWhateverWeDoWithTheFile() throws {
        defer { directory.remove() }
        try database()
        let holder = try DatabaseLockHolder(path: path, program: try #require(Repository.program("knxrig")))
        #expect(DatabaseLock.attempt(path) == "busy")
        _ = try Files.read(path, maximum: 20)
        #expect(DatabaseLock.attempt(path) == "busy")
        #expect(throws: SystemFault.self) {
            try DatabaseLockHolder(path: path, program: try #require(Repository.program("knxrig")))
        }
        holder.release()
        holder.release()
        #expect(DatabaseLock.attempt(path) == "ok")
    }

    /// Another writer has the lock for a moment only.
    @Test func whoIsJustWritingDoesNotLookLikeALock() throws {
        defer { directory.remove() }
        try database()
        let lock = DatabaseLock(path: path)
        try lock.take()
        let writer = NamedThread.start("writer") {
            MonotonicClock.sleep(for: .milliseconds(15))
            lock.release()
        }
        #expect(DatabaseLock.attempt(path) == "ok")
        writer.join()
    }

    @Test func aDatabaseThatIsNoneIsSaidSo() throws {
        defer { directory.remove() }
        #expect(DatabaseLock.attempt(path).contains("there is no database"))
        #expect(throws: SystemFault.self) { try DatabaseLock(path: path).take() }
        try database()
        #expect(DatabaseLock.check(path) == "ok")
        try Files.write([UInt8](repeating: 0x55, count: 8192), to: path)
        #expect(DatabaseLock.check(path) != "ok")
    }

    /// One thread watches the disk while another one heals it.
    @Test(.enabled(if: geteuid() == 0, "a file system of its own needs root"))
    func aHealedDiskStaysHealedWhoeverWatches() throws {
        defer { directory.remove() }
        let place = directory.path + "/small"
        try Files.makeDirectories(place)
        let thread = NamedThread.start("small disk") {
            do {
                try MountNamespace.enterPrivate()
                try MountNamespace.mountMemory(at: place, megabytes: 1)
                defer { MountNamespace.unmount(place) }
                let isLooking = try Wakeup()
                let ballast = DiskBallast(directory: place) {
                    isLooking.signal()
                    // As long as a busy machine may keep it waiting.
                    MonotonicClock.sleep(for: .milliseconds(200))
                }
                try ballast.fill()
                let watch = NamedThread.start("watch") { _ = ballast.attempt() }
                _ = Poll.wait([(isLooking.descriptor, .readable)], until: nil)
                ballast.remove()
                watch.join()
                #expect(Files.entries(of: place).isEmpty)
                #expect(ballast.attempt() == "ok")
            } catch {
                Issue.record("\(error)")
            }
        }
        thread.join()
    }

    /// On a file system of its own in the mounts of a process of its own: nobody else's disk is filled.
    @Test(.enabled(if: geteuid() == 0, "a file system of its own needs root"))
    func aFullDiskRefusesUntilThereIsRoom() throws {
        defer { directory.remove() }
        let place = directory.path + "/small"
        try Files.makeDirectories(place)
        let thread = NamedThread.start("small disk") { [directory] in
            do {
                try MountNamespace.enterPrivate()
                try MountNamespace.mountMemory(at: place, megabytes: 1)
                defer { MountNamespace.unmount(place) }
                let ballast = DiskBallast(directory: place)
                #expect(ballast.attempt() == "ok")
                try ballast.fill()
                #expect(ballast.attempt() == "full")
                // What somebody frees meanwhile is filled again.
                try Files.write([UInt8](repeating: 1, count: 10), to: directory.path + "/elsewhere")
                #expect(ballast.attempt() == "full")
                ballast.remove()
                #expect(ballast.attempt() == "ok")
                #expect(Files.entries(of: place).isEmpty)
            } catch {
                Issue.record("\(error)")
            }
        }
        thread.join()
        #expect(Files.entries(of: place).isEmpty)
    }
}
