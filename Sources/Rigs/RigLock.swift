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

    /// The one that programs of all users see first, then the directory's.
    private let files: [Descriptor]
    private let places: BoardPlaces
    private let board: String

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
        _ places: BoardPlaces, board: String, holder: String, waitingForGuardian: Bool = false,
        evenUnsafe: Bool = false
    ) throws(Refusal) {
        self.places = places
        self.board = board
        do {
            try Files.makeDirectories(places.directory)
        } catch {
            throw .system(error)
        }
        let name = Self.fileName(board)
        let deadline = waitingForGuardian ? MonotonicClock.now() + Self.guardianPatience : nil
        var files: [Descriptor] = []
        do throws(Refusal) {
            if let locks = places.locks,
                let file = try Self.openOfAll("\(locks)/knxrig-\(name).lock")
            {
                files.append(file)
                try Self.take(file, of: board, waitingUntil: deadline)
            }
            let file = try Self.open("\(places.directory)/\(name).lock", in: places.directory)
            files.append(file)
            try Self.take(file, of: board, waitingUntil: deadline)
            if !evenUnsafe, let mark = places.mark(board: board) {
                throw .unsafe(board: board, reason: mark.reason, mark: mark.path)
            }
        } catch {
            // The last is another's where it was refused; giving back what is not one's own does nothing.
            for file in files { flock(file.number, LOCK_UN) }
            throw error
        }
        for file in files {
            ftruncate(file.number, 0)
            _ = try? file.write(Array(holder.utf8))
        }
        self.files = files
    }

    /// The lock of a board that is one directory's own, as a twin's is.
    public convenience init(
        directory: String, board: String, holder: String, waitingForGuardian: Bool = false, evenUnsafe: Bool = false
    ) throws(Refusal) {
        try self.init(
            BoardPlaces(directory: directory), board: board, holder: holder, waitingForGuardian: waitingForGuardian,
            evenUnsafe: evenUnsafe)
    }

    deinit {
        // Closing is not enough: a child between its fork and its program still shares the lock.
        for file in files { flock(file.number, LOCK_UN) }
    }

    private static func open(_ path: String, in directory: String) throws(Refusal) -> Descriptor {
        let number = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o664)
        guard number >= 0 else { throw .system(SystemFailure("open", path)) }
        // What root locks for a moment is an installed keeper's to lock again, and what a member of a group locks is the others'.
        var owner = stat()
        if unsafe stat(directory, &owner) == 0 {
            if geteuid() == 0 { fchown(number, owner.st_uid, owner.st_gid) }
            if owner.st_mode & S_IWGRP != 0 { fchmod(number, 0o664) }
        }
        return Descriptor(owning: number)
    }

    /// A lock's file that anybody may lock.
    ///
    /// - Returns: nil where none is and none can be made: then the directory's own is all there is.
    private static func openOfAll(_ path: String) throws(Refusal) -> Descriptor? {
        // Opened before it is made: in a directory that anybody writes to, the kernel may refuse to open another's file with the flag that would make one.
        while true {
            var number = unsafe Glibc.open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
            if number < 0, errno == EACCES || errno == EROFS {
                number = unsafe Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
            }
            if number >= 0 { return Descriptor(owning: number) }
            guard errno == ENOENT else { throw .system(SystemFailure("open", path)) }
            number = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
            if number >= 0 {
                fchmod(number, 0o666)
                return Descriptor(owning: number)
            }
            guard errno == EEXIST else { return nil }
        }
    }

    private static func take(_ file: Descriptor, of board: String, waitingUntil deadline: Instant?) throws(Refusal) {
        while flock(file.number, LOCK_EX | LOCK_NB) != 0 {
            let by = holder(file)
            guard let deadline, by.hasPrefix(guardian), MonotonicClock.now() < deadline else {
                throw .held(board: board, by: by.isEmpty ? "another keeper" : by)
            }
            MonotonicClock.sleep(for: .milliseconds(20))
        }
    }

    private static func holder(_ file: Descriptor) -> String {
        let octets = unsafe [UInt8](unsafeUninitializedCapacity: 200) { buffer, count in
            count = unsafe max(0, pread(file.number, buffer.baseAddress, 200, 0))
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// Takes the locks that keepers of any rig file would hold on an open board: one file may name it by serial, another by port path. An unsafe mark
    /// doesn't matter here: who asks is the person who looks after it.
    public static func ofBoard(
        _ identity: BoardIdentity, holder: String
    ) throws(Refusal) -> [RigLock] {
        var places = BoardPlaces.ofThisComputer()
        // Where a board of another computer, or a twin's, is plugged in says nothing about this one.
        if identity.transport.hasPrefix(RigBoard.Transport.usbip.rawValue) { places.locks = nil }
        var locks: [RigLock] = []
        for name in [identity.serial, identity.path] where !name.isEmpty {
            let board = "\(identity.driver) board \(name)"
            try refuseHeld(board, in: places.others)
            locks.append(try RigLock(places, board: board, holder: holder, evenUnsafe: true))
        }
        return locks
    }

    /// A keeper that runs as root keeps its locks where others can look but not write.
    private static func refuseHeld(_ board: String, in directories: [String]) throws(Refusal) {
        for directory in directories {
            let number = unsafe Glibc.open("\(directory)/\(fileName(board)).lock", O_RDONLY | O_CLOEXEC)
            guard number >= 0 else { continue }
            let file = Descriptor(owning: number)
            defer { file.close() }
            try take(file, of: board, waitingUntil: nil)
            flock(number, LOCK_UN)
        }
    }

    /// Marks the rig unsafe: nothing runs on it until somebody has looked and taken the mark away.
    public func markUnsafe(_ reason: String) {
        places.setMark(reason, board: board)
    }

    /// Takes the mark of an unsafe rig away: its wiring was checked, and everything followed.
    ///
    /// - Returns: the path of a mark that is not this user's to take away.
    func clearMark() -> String? { places.clearMarks(board: board) }

    static func fileName(_ board: String) -> String {
        String(board.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }
}
