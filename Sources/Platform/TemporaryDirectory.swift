import Glibc

/// A directory for what must not outlive its user.
public struct TemporaryDirectory: Sendable {
    /// Its lock is held while its owner lives; one that can be had belongs to nobody any more.
    private static let lockName = "owner.lock"

    public let path: String
    /// The descriptor of the held lock, closed by `remove` and by the process's end alone: nothing that forgets the value gives the directory away.
    private let lock: Int32?

    /// Makes `/tmp/<prefix>XXXXXX`, readable by its owner alone. Short, because socket paths end at 107 octets.
    public init(prefix: String) throws(SystemFailure) {
        path = try Self.make(prefix)
        lock = nil
    }

    /// Makes `/tmp/<prefix>XXXXXX` too, and removes before it those that an owner who was killed has left: of the same user, with the same prefix,
    /// made by this same initialiser.
    public init(heldWithPrefix prefix: String) throws(SystemFailure) {
        try self.init(heldWithPrefix: prefix) {}
    }

    /// - Parameter beforeLocking: called while the lock is made and nobody holds it.
    init(heldWithPrefix prefix: String, beforeLocking: () -> Void) throws(SystemFailure) {
        while true {
            Self.removeForsaken(prefix)
            let made = try Self.make(prefix)
            let number = unsafe open(
                made + "/" + Self.lockName, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard number >= 0 else { throw SystemFailure("create", made + "/" + Self.lockName) }
            beforeLocking()
            // Nobody else takes it for longer than it takes to see that this process has it, or has not yet.
            while flock(number, LOCK_EX) != 0, errno == EINTR {}
            // Another who looked for forsaken ones came between and took this for one.
            var status = stat()
            guard unsafe fstat(number, &status) == 0, status.st_nlink > 0 else {
                close(number)
                continue
            }
            path = made
            lock = number
            return
        }
    }

    /// Removes the directory and everything in it. Links are removed, never followed. To be called once.
    public func remove() {
        Files.removeTree(path)
        if let lock { close(lock) }
    }

    /// What the death of the owner comes to.
    package func forsake() {
        if let lock { close(lock) }
    }

    private static func make(_ prefix: String) throws(SystemFailure) -> String {
        var template = Array("/tmp/\(prefix)XXXXXX\0".utf8).map { CChar(bitPattern: $0) }
        guard unsafe mkdtemp(&template) != nil else { throw SystemFailure("make a directory in", "/tmp") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func removeForsaken(_ prefix: String) {
        for name in Files.entries(of: "/tmp") where name.hasPrefix(prefix) && name.utf8.count == prefix.utf8.count + 6 {
            let path = "/tmp/" + name
            var status = stat()
            guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid()
            else {
                continue
            }
            let number = unsafe open(path + "/" + lockName, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
            guard number >= 0 else { continue }
            if flock(number, LOCK_EX | LOCK_NB) == 0 {
                // The lock goes last: what a process that is still dying writes meanwhile is found again the next time.
                for entry in Files.entries(of: path) where entry != lockName { Files.removeTree(path + "/" + entry) }
                if Files.entries(of: path) == [lockName] { Files.removeTree(path) }
            }
            close(number)
        }
    }
}
