import Glibc
import Platform

/// Where a board's lock, mark and wear counter are. A twin's board is one run's own; a real board is everybody's on this computer.
public struct BoardPlaces: Sendable, Hashable {
    /// Of the wear counters and records, and of marks and locks that programs with the same directory see.
    public var directory: String
    /// Of locks that programs of all users see, whatever directory they have; nil where there is no such place.
    public var locks: String?
    /// Other directories whose marks count.
    public var others: [String]

    /// - Parameter directory: the only one.
    public init(directory: String, locks: String? = nil, others: [String] = []) {
        self.directory = directory
        self.locks = locks
        self.others = others
    }

    /// Where the file system standard has the locks of devices: any user may make one, and nobody takes another's away. A reboot that empties it ends their holders too.
    static let locksOfAll = "/run/lock"

    /// Of boards that are plugged into this computer.
    ///
    /// - Parameter directory: of a keeper that was told one.
    public static func ofThisComputer(directory: String? = nil) -> BoardPlaces {
        let state = StateDirectory.current
        let own = directory ?? state.path
        return BoardPlaces(
            directory: own, locks: Files.isDirectory(locksOfAll) ? locksOfAll : nil,
            others: ([state.path] + state.others).filter { $0 != own })
    }

    /// Whether locks are there, or can be made, that programs of all users see.
    public var isLockedForAll: Bool { locks.map { unsafe access($0, W_OK | X_OK) == 0 } ?? false }

    private func marks(_ board: String) -> [String] {
        ([directory] + others).map { "\($0)/\(RigLock.fileName(board)).unsafe" }
    }

    /// The first mark that says that a board's rig is unsafe; nil when none does.
    func mark(board: String) -> (reason: String, path: String)? {
        for path in marks(board) {
            if let reason = try? Files.read(path) { return (String(decoding: reason, as: UTF8.self), path) }
        }
        return nil
    }

    /// Marks a board's rig as unsafe, in the own directory.
    func setMark(_ reason: String, board: String) {
        let path = marks(board)[0]
        try? Files.write(Array(reason.utf8), to: path)
    }

    /// Takes all marks of a board away.
    ///
    /// - Returns: the path of one that is not this user's to take away.
    func clearMarks(board: String) -> String? {
        for path in marks(board) { unsafe unlink(path) }
        return mark(board: board)?.path
    }
}
