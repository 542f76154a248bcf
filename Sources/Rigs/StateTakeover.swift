import Events
import Glibc
import Platform

/// Brings wear counters, unsafe marks and records of checks from where they were kept to where they are kept now. Nothing is taken away before it is there:
/// what can't be brought stays where it is, and is brought the next time.
enum StateTakeover {
    /// - Parameter user: whose directory it must be: in a place where anybody may make one, another's says nothing.
    static func take(from old: String, of user: UInt32, to new: String) {
        var status = stat()
        guard old != new, unsafe lstat(old, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == user
        else { return }
        // Two programs that begin at once bring it once.
        let number = unsafe open(old, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { return }
        let held = Descriptor(owning: number)
        defer { held.close() }
        guard flock(number, LOCK_EX) == 0, (try? Files.makeDirectories(new)) != nil else { return }
        for name in Files.entries(of: old) {
            bring(name, from: old, to: new)
        }
        // A lock that somebody holds stays, and so does its directory.
        unsafe rmdir(old)
    }

    private static func bring(_ name: String, from old: String, to new: String) {
        let source = "\(old)/\(name)"
        let target = "\(new)/\(name)"
        guard let octets = try? Files.read(source, maximum: 1 << 20) else { return }
        let there = try? Files.read(target, maximum: 1 << 20)
        let merged: [UInt8]?
        if name.hasSuffix(".json") {
            merged = there.map { sum($0, octets) } ?? octets
        } else if name.hasSuffix(".unsafe") {
            merged = there.map { $0 == octets ? $0 : $0 + Array("; ".utf8) + octets } ?? octets
        } else if name.hasSuffix(".checked") {
            // What was found here since is newer.
            merged = there ?? octets
        } else {
            if name.hasSuffix(".lock") { forget(source) }
            return
        }
        guard let merged, (try? Files.write(merged, to: target)) != nil else { return }
        unsafe unlink(source)
    }

    /// Operations that were counted in two places, none in both; nil when the counters don't count the same channels.
    private static func sum(_ first: [UInt8], _ second: [UInt8]) -> [UInt8]? {
        guard let kept = try? JSON.parse(first), let more = try? JSON.parse(second),
            let counts = kept["operations"]?.list?.compactMap(\.integer),
            let others = more["operations"]?.list?.compactMap(\.integer), counts.count == others.count,
            let board = kept["board"]
        else { return nil }
        let value: Value = [
            "schema": "knxrig/wear/1", "board": board,
            "operations": .list(zip(counts, others).map { .integer($0.0 &+ $0.1) }),
        ]
        return Array((JSON.text(value) + "\n").utf8)
    }

    /// Takes a lock's file away, unless a program of an earlier version holds it.
    private static func forget(_ path: String) {
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return }
        let file = Descriptor(owning: number)
        defer { file.close() }
        if flock(number, LOCK_EX | LOCK_NB) == 0 { unsafe unlink(path) }
    }
}
