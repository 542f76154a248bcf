import Events
import Glibc
public import Platform
public import Relays

/// One keeper per board: a lock that the system gives back when its holder dies, and beside it the mark of an unsafe rig.
public final class RigLock: Sendable {
    /// Why a rig is not to be had.
    public enum Refusal: Error, CustomStringConvertible {
        case held(board: String, by: String)
        case unsafe(board: String, reason: String, mark: String)
        case system(SystemFailure)

        public var description: String {
            switch self {
            case .held(let board, let by): "\(board) is held by \(by): wait for its end, or use another rig"
            case .unsafe(let board, let reason, let mark):
                "the rig is unsafe: \(reason) (\(board)). Look at the bench, then let `knxrig rig check` clear it (\(mark))"
            case .system(let failure): failure.description
            }
        }
    }

    private let file: Descriptor
    private let markPath: String

    /// How keepers and guardians name themselves in a lock.
    static let keeper = "knxrig keeper"
    static let guardian = "knxrig guardian"
    /// A guardian gives a board up after 5 s.
    private static let guardianPatience = Instant.Span.seconds(7)

    /// Takes the lock of a board.
    ///
    /// - Parameters:
    ///   - board: the board's identity; what is no letter or digit in it becomes `_` in the file's name.
    ///   - holder: who is named to others that want it.
    ///   - waitingForGuardian: whether to wait for the guardian of a keeper that just died, which needs the board for a moment.
    ///   - evenUnsafe: whether to take it in spite of an unsafe mark, for who only commands the safe state.
    public init(
        directory: String, board: String, holder: String, waitingForGuardian: Bool = false, evenUnsafe: Bool = false
    ) throws(Refusal) {
        let name = Self.fileName(board)
        markPath = Self.markPath(board: board, directory: directory)
        do {
            try Files.makeDirectories(directory)
        } catch {
            throw .system(error)
        }
        let path = "\(directory)/\(name).lock"
        let number = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard number >= 0 else { throw .system(SystemFailure("open", path)) }
        file = Descriptor(owning: number)
        // What root locks for a moment is an installed keeper's to lock again.
        var owner = stat()
        if geteuid() == 0, unsafe stat(directory, &owner) == 0 { fchown(number, owner.st_uid, owner.st_gid) }
        let deadline = MonotonicClock.now() + Self.guardianPatience
        while flock(number, LOCK_EX | LOCK_NB) != 0 {
            let by = String(decoding: (try? Files.read(path, maximum: 200)) ?? [], as: UTF8.self)
            guard waitingForGuardian, by.hasPrefix(Self.guardian), MonotonicClock.now() < deadline else {
                throw .held(board: board, by: by.isEmpty ? "another keeper" : by)
            }
            MonotonicClock.sleep(for: .milliseconds(20))
        }
        if !evenUnsafe, let reason = try? Files.read(markPath) {
            throw .unsafe(board: board, reason: String(decoding: reason, as: UTF8.self), mark: markPath)
        }
        ftruncate(number, 0)
        _ = try? file.write(Array(holder.utf8))
    }

    deinit {
        // Closing is not enough: a child between its fork and its program still shares the lock.
        flock(file.number, LOCK_UN)
    }

    /// Where the locks, marks and wear counters of real boards are kept, so that every program of this user finds them.
    public static let directory = geteuid() == 0 ? systemDirectory : "/tmp/knxrig-\(geteuid())"

    private static let systemDirectory = "/var/lib/knxrig"

    /// Takes the locks that keepers of any rig file would hold on an open board: one file may name it by serial, another by port path. An unsafe mark
    /// doesn't matter here: who asks is the person who looks after it.
    public static func ofBoard(
        _ identity: BoardIdentity, holder: String
    ) throws(Refusal) -> [RigLock] {
        var locks: [RigLock] = []
        for name in [identity.serial, identity.path] where !name.isEmpty {
            let board = "\(identity.driver) board \(name)"
            try refuseHeld(board)
            locks.append(try RigLock(directory: directory, board: board, holder: holder, evenUnsafe: true))
        }
        return locks
    }

    /// A keeper that runs as root keeps its locks where others can look but not write.
    private static func refuseHeld(_ board: String) throws(Refusal) {
        let path = "\(systemDirectory)/\(fileName(board)).lock"
        guard directory != systemDirectory else { return }
        let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return }
        let file = Descriptor(owning: number)
        defer { file.close() }
        guard flock(number, LOCK_EX | LOCK_NB) != 0 else { return }
        let by = String(decoding: (try? Files.read(path, maximum: 200)) ?? [], as: UTF8.self)
        throw .held(board: board, by: by.isEmpty ? "another keeper" : by)
    }

    /// Marks the rig unsafe: nothing runs on it until somebody has looked and taken the mark away.
    public func markUnsafe(_ reason: String) {
        try? Files.write(Array(reason.utf8), to: markPath)
    }

    /// `markUnsafe` for who does not hold the lock: the guardian of a dead keeper.
    static func markUnsafe(_ reason: String, board: String, directory: String) {
        try? Files.write(Array(reason.utf8), to: markPath(board: board, directory: directory))
    }

    /// Why a board's rig is unsafe; nil when it is not.
    static func mark(board: String, directory: String) -> String? {
        (try? Files.read(markPath(board: board, directory: directory))).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Takes the mark of an unsafe rig away: its wiring was checked, and everything followed.
    func clearMark() { unsafe unlink(markPath) }

    private static func markPath(board: String, directory: String) -> String {
        "\(directory)/\(fileName(board)).unsafe"
    }

    static func fileName(_ board: String) -> String {
        String(board.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}
