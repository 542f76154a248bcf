import Events
import Foundation
import Glibc
import Platform
import Testing

@testable import Rigs

/// Who finds which lock, mark and counter of a board, and what happens to those that were kept elsewhere.
@Suite struct BoardPlacesTests {
    private static let board = "dcttech board A"

    @Test func whereAUsersStateIs() throws {
        let root = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { root.remove() }
        let system = root.path + "/system"
        func state(_ user: UInt32, _ state: String?, _ home: String?) -> StateDirectory {
            StateDirectory(user: user, state: state, home: home, system: system)
        }
        #expect(state(0, "/elsewhere", root.path).path == system)
        #expect(state(0, nil, nil).others == [system + "/shared"])
        let alone = state(7, nil, root.path)
        #expect(alone.path == root.path + "/.local/state/knxrig" && alone.reach == .user)
        #expect(alone.others == [system, system + "/shared"])
        #expect(state(7, "/state", root.path).path == "/state/knxrig")
        #expect(state(7, "relative", root.path).path == root.path + "/.local/state/knxrig")
        #expect(state(7, nil, "/nonexistent").path == "/var/tmp/knxrig-7")
        #expect(alone.caveat(isLockedForAll: true)?.contains("for this user alone") == true)
        #expect(alone.caveat(isLockedForAll: true)?.contains("nothing keeps another user") == false)
        #expect(alone.caveat(isLockedForAll: false)?.contains("nothing keeps another user") == true)
        try Files.makeDirectories(system + "/shared")
        let shared = state(geteuid() == 0 ? 7 : geteuid(), nil, root.path)
        #expect(shared.path == system + "/shared" && shared.reach == .shared && shared.others == [system])
        #expect(shared.caveat(isLockedForAll: true) == nil)
    }

    /// Two directories, as two users have them, and one for the locks of all.
    private func places(_ root: TemporaryDirectory, locks: Bool = true) throws -> (BoardPlaces, BoardPlaces) {
        let directories = ["a", "b", "locks"].map { root.path + "/" + $0 }
        for directory in directories { try Files.makeDirectories(directory) }
        func places(_ own: Int, _ other: Int) -> BoardPlaces {
            BoardPlaces(
                directory: directories[own], locks: locks ? directories[2] : nil, others: [directories[other]])
        }
        return (places(0, 1), places(1, 0))
    }

    @Test func aBoardIsLockedForAllWhateverTheirDirectories() throws {
        let root = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { root.remove() }
        let (one, other) = try places(root)
        var lock: RigLock? = try RigLock(one, board: Self.board, holder: "run one")
        let refused = #expect(throws: RigLock.Refusal.self) {
            try RigLock(other, board: Self.board, holder: "run two")
        }
        #expect(refused?.description.contains("is held by run one") == true)
        _ = try RigLock(other, board: "dcttech board B", holder: "run two")
        withExtendedLifetime(lock) {}
        lock = nil
        let next = try RigLock(other, board: Self.board, holder: "run two")
        // Who knows no lock of all, as an earlier version, still finds the directory's.
        var alone = other
        alone.locks = nil
        #expect(throws: RigLock.Refusal.self) { try RigLock(alone, board: Self.board, holder: "run three") }
        withExtendedLifetime(next) {}
    }

    /// What `caveat` says then is so.
    @Test func withoutAPlaceForAllEachUserHasLocksAndMarksAlone() throws {
        let root = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { root.remove() }
        let (one, other) = try places(root, locks: false)
        let lock = try RigLock(one, board: Self.board, holder: "run one")
        lock.markUnsafe("it hung")
        let alone = BoardPlaces(directory: other.directory)
        let second = try RigLock(alone, board: Self.board, holder: "run two")
        #expect(!one.isLockedForAll && !alone.isLockedForAll && alone.mark(board: Self.board) == nil)
        withExtendedLifetime((lock, second)) {}
        #expect(try places(root).0.isLockedForAll)
    }

    @Test func whoIsRefusedKeepsNoLock() throws {
        let root = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { root.remove() }
        let (one, other) = try places(root)
        var alone = one
        alone.locks = nil
        let held = try RigLock(alone, board: Self.board, holder: "an earlier version")
        #expect(throws: RigLock.Refusal.self) { try RigLock(one, board: Self.board, holder: "run") }
        _ = try RigLock(other, board: Self.board, holder: "another user's run")
        withExtendedLifetime(held) {}
    }

    @Test func theMarkOfAnotherUserCountsAndGoesWhenItIsCleared() throws {
        let root = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { root.remove() }
        let (one, other) = try places(root)
        try RigLock(one, board: Self.board, holder: "run one").markUnsafe("it hung")
        let refused = #expect(throws: RigLock.Refusal.self) {
            try RigLock(other, board: Self.board, holder: "run two")
        }
        #expect(refused?.description.contains("the rig is unsafe: it hung") == true)
        #expect(refused?.description.contains(one.directory) == true)
        let lock = try RigLock(other, board: Self.board, holder: "rig check", evenUnsafe: true)
        lock.markUnsafe("it still hangs")
        #expect(lock.clearMark() == nil)
        #expect(one.mark(board: Self.board) == nil && other.mark(board: Self.board) == nil)
    }

    @Test func whatWasKeptElsewhereIsTakenOverOnce() throws {
        let root = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { root.remove() }
        let old = root.path + "/old"
        let new = root.path + "/new/knxrig"
        func write(_ text: String, _ path: String) throws { try Files.write(Array(text.utf8), to: path) }
        func text(_ name: String) -> String? {
            (try? Files.read("\(new)/\(name)")).map { String(decoding: $0, as: UTF8.self) }
        }
        func keep(_ counts: String) throws {
            try Files.makeDirectories(old)
            try write(
                #"{"schema":"knxrig/wear/1","board":"A","operations":\#(counts)}"#, old + "/dcttech-A-1.json")
            try write("it hung", old + "/A.unsafe")
            try write(#"{"channels":[]}"#, old + "/A.checked")
            try write("knxrig keeper, process 1", old + "/A.lock")
        }
        try keep("[3,4]")
        // Of somebody else's it believes nothing.
        StateTakeover.take(from: old, of: geteuid() + 1, to: new)
        #expect(!Files.exists(new) && Files.exists(old + "/A.unsafe"))
        StateTakeover.take(from: old, of: geteuid(), to: new)
        #expect(text("A.unsafe") == "it hung" && text("A.checked") == #"{"channels":[]}"#)
        #expect(text("dcttech-A-1.json")?.contains("[3,4]") == true)
        #expect(!Files.exists(old) && text("A.lock") == nil)
        StateTakeover.take(from: old, of: geteuid(), to: new)
        #expect(text("dcttech-A-1.json")?.contains("[3,4]") == true)
        // An earlier version that ran again has counted from 0, and found something else.
        try keep("[1,2]")
        try write("it hung again", old + "/A.unsafe")
        StateTakeover.take(from: old, of: geteuid(), to: new)
        #expect(try JSON.parse(Array((text("dcttech-A-1.json") ?? "").utf8))["operations"] == [4, 6])
        #expect(text("A.unsafe") == "it hung; it hung again")
        #expect(!Files.exists(old))
        // What can't be brought is not taken away: these count other channels.
        try keep("[1]")
        StateTakeover.take(from: old, of: geteuid(), to: new)
        #expect(Files.exists(old + "/dcttech-A-1.json") && !Files.exists(old + "/A.unsafe"))
        #expect(text("dcttech-A-1.json")?.contains("[4,6]") == true)
    }

    @Test func aLinkIsNotFollowedAndAHeldLockStays() throws {
        let root = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { root.remove() }
        let old = root.path + "/old"
        try Files.makeDirectories(old)
        BoardPlaces(directory: old).setMark("it hung", board: "A")
        unsafe symlink(old, root.path + "/link")
        StateTakeover.take(from: root.path + "/link", of: geteuid(), to: root.path + "/new")
        #expect(Files.exists(old + "/A.unsafe"))
        let lock = try RigLock(directory: old, board: "A", holder: "an earlier version", evenUnsafe: true)
        StateTakeover.take(from: old, of: geteuid(), to: root.path + "/new")
        #expect(Files.exists(old + "/A.lock") && Files.exists(root.path + "/new/A.unsafe"))
        withExtendedLifetime(lock) {}
    }

    /// Root holds a board, and one who is nobody wants it, with a directory of its own; then the other way round. Only root can be both.
    @Test(.enabled(if: geteuid() == 0, "only root can be two users"))
    func twoUsersNeverHaveTheSameBoard() async throws {
        let root = try TemporaryDirectory(prefix: "knxrig-test-")
        defer { root.remove() }
        let path = root.path
        unsafe chmod(path, 0o755)
        let (own, _) = try places(root)
        unsafe chmod(path + "/locks", 0o1777)
        unsafe chown(path + "/b", 65_534, 65_534)
        var lock: RigLock? = try RigLock(own, board: Self.board, holder: "root's run")
        lock?.markUnsafe("it hung")
        await #expect(processExitsWith: .exitCode(7)) { [path = path as String] in
            let places = BoardPlaces(directory: path + "/b", locks: path + "/locks", others: [path + "/a"])
            try BoardPlacesTests.becomeNobody()
            do {
                _ = try RigLock(places, board: "dcttech board A", holder: "nobody's run", evenUnsafe: true)
            } catch RigLock.Refusal.held(_, "root's run") {
                exit(7)
            }
        }
        withExtendedLifetime(lock) {}
        lock = nil
        await #expect(processExitsWith: .exitCode(8)) { [path = path as String] in
            let places = BoardPlaces(directory: path + "/b", locks: path + "/locks", others: [path + "/a"])
            try BoardPlacesTests.becomeNobody()
            // Root's mark counts, and is not nobody's to take away.
            do {
                _ = try RigLock(places, board: "dcttech board A", holder: "nobody's run")
                exit(1)
            } catch RigLock.Refusal.unsafe {}
            let lock = try RigLock(places, board: "dcttech board A", holder: "nobody's run", evenUnsafe: true)
            guard lock.clearMark() == path + "/a/dcttech_board_A.unsafe" else { exit(2) }
            // A lock that nobody made first.
            let other = try RigLock(places, board: "dcttech board C", holder: "nobody's run", evenUnsafe: true)
            withExtendedLifetime((lock, other)) { exit(8) }
        }
        // The files that nobody made are root's to lock, too.
        _ = try RigLock(own, board: "dcttech board C", holder: "root's run")
        _ = try RigLock(own, board: Self.board, holder: "root's run", evenUnsafe: true)
    }

    /// For good: in a process of its own.
    static func becomeNobody() throws {
        guard setgroups(0, nil) == 0, setgid(65_534) == 0, setuid(65_534) == 0 else {
            throw SystemFailure("become", "nobody")
        }
    }
}
