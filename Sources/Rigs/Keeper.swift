import Events
import Glibc
public import Platform
import Relays
import Synchronization

/// How a keeper is started.
public struct KeeperOptions: Sendable {
    public var rigFile: String
    /// Where it listens.
    public var socket: String
    /// Where locks, unsafe marks and wear counters live.
    public var directory: String
    public var access: BoardAccess
    public var journal: String?
    /// Members of this group may take the rig, too, beside root and the keeper's own user.
    public var group: String?
    /// Whether it waits for the next client when one has gone, as a service does.
    public var stays = false
    /// This program's path, to start the guardian from.
    public var program: String
    /// Takes a rig that is marked unsafe: for the check that may clear the mark.
    public var evenUnsafe: Bool

    public init(
        rigFile: String, socket: String, directory: String, access: BoardAccess, journal: String?, program: String,
        evenUnsafe: Bool = false
    ) {
        self.evenUnsafe = evenUnsafe
        self.rigFile = rigFile
        self.socket = socket
        self.directory = directory
        self.access = access
        self.journal = journal
        self.program = program
    }

    /// Where a board's lock, mark and wear counter are.
    func places(of board: RigBoard) -> BoardPlaces {
        board.transport == .usbip ? BoardPlaces(directory: directory) : .ofThisComputer(directory: directory)
    }

    var arguments: [String] {
        var arguments = ["--rig", rigFile, "--socket", socket, "--directory", directory]
        if let usbip = access.usbip { arguments += ["--usbip", "\(usbip.host):\(usbip.port)"] }
        if let journal { arguments += ["--journal", journal] }
        if let group { arguments += ["--group", group] }
        if stays { arguments.append("--stay") }
        if evenUnsafe { arguments.append("--even-unsafe") }
        return arguments
    }
}

/// The process that owns a rig's hardware: boards, lock and interlocks. It knows the safe state and commands it when its client asks, ends, dies,
/// or falls silent.
public enum Keeper {
    /// Runs until its client has gone, or as long as it is let where it stays. Says on the lifeline `{"ready":true}` once the safe state is confirmed, or `{"refused":"why","status":N}`.
    ///
    /// - Returns: the exit status: 0 after an orderly end, 2 for a bad rig file, 3 when the rig is not to be had or not safe.
    public static func run(_ options: KeeperOptions, lifeline: RecordChannel?) -> Int32 {
        let rig: Rig
        do {
            rig = try Rig(path: options.rigFile)
        } catch {
            return refuse("\(error)", 2, lifeline)
        }
        do {
            let hands = try KeeperBoards(rig: rig, options: options)
            let session = try KeeperSession(rig: rig, options: options, boards: hands, lifeline: lifeline)
            return run(session)
        } catch {
            return refuse("\(error)", 3, lifeline)
        }
    }

    /// Above what else this machine does: between a client's death and the boards' threads stands this one. Below theirs, which have shorter work.
    private static let realtimePriority: Int32 = 20

    /// Does what the session does on a thread that a busy machine does not keep waiting, where the system grants one; nothing is spawned from it, since a child would be
    /// the same. This thread waits for it.
    private static func run(_ session: KeeperSession) -> Int32 {
        nonisolated(unsafe) let session = session
        let status = Mutex<Int32>(3)
        NamedThread.start("keeper", realtimePriority: realtimePriority) {
            let outcome = unsafe session.run()
            status.withLock { $0 = outcome }
        }.join()
        return status.withLock { $0 }
    }

    /// After which silence a board that can turns all off by itself, though keeper and guardian be dead. Five polls long.
    static let deadManMilliseconds = 5_000

    /// This process as its locks name it.
    static var holder: String { "\(RigLock.keeper), process \(getpid())" }

    @discardableResult
    static func refuse(_ reason: String, _ status: Int32, _ lifeline: RecordChannel?) -> Int32 {
        if let lifeline {
            try? lifeline.send(["refused": .text(reason), "status": .integer(Int64(status))])
        } else {
            let text = "knxrig keeper: \(reason)\n"
            _ = unsafe write(STDERR_FILENO, text, text.utf8.count)
        }
        return status
    }
}

/// The boards of a keeper, each with its lock, its actuator and its wear counter.
final class KeeperBoards: Sendable {
    struct Owned: Sendable {
        var board: RigBoard
        var lock: RigLock
        /// Of the board by its place, where the rig file names it by its serial: another file may name it so. nil for a board that is plugged in elsewhere.
        var lockOfPlace: RigLock?
        var actuator: RelayActuator
        var wear: WearCounter
    }

    let owned: [Owned]
    let wakeup: Wakeup

    init(rig: Rig, options: KeeperOptions) throws {
        wakeup = try Wakeup()
        var owned: [Owned] = []
        let box = NoticeBox(wakeup)
        do {
            for board in rig.boards {
                let places = options.places(of: board)
                let lock = try RigLock(
                    places, board: board.lockName, holder: Keeper.holder, waitingForGuardian: true,
                    evenUnsafe: options.evenUnsafe)
                let opened = try options.access.open(
                    board, others: rig.boards.filter { $0.id != board.id })
                let place = "\(board.driver) board \(opened.identity.path)"
                let lockOfPlace =
                    board.transport == .usbip || place == board.lockName
                    ? nil
                    : try RigLock(
                        places, board: place, holder: Keeper.holder, waitingForGuardian: true, evenUnsafe: true)
                let wear = try WearCounter(
                    directory: options.directory, identity: opened.identity, channelCount: opened.channelCount)
                let actuator = try RelayActuator(
                    board: opened, channels: board.channels.map(\.channelWiring), wear: wear, realtimePriority: 30,
                    deadManMilliseconds: Keeper.deadManMilliseconds
                ) { notice in box.post(board.id, notice) }
                owned.append(
                    Owned(board: board, lock: lock, lockOfPlace: lockOfPlace, actuator: actuator, wear: wear))
            }
        } catch {
            for board in owned { board.actuator.stop() }
            throw error
        }
        self.owned = owned
        self.box = box
        let local = owned.filter { $0.board.transport == .libusb }.map(\.actuator)
        watch =
            local.isEmpty
            ? nil
            : LibUSBTransport().watch { cause in
                // The boards are polled anyhow.
                if cause == .event { for actuator in local { actuator.plugsChanged() } }
            }
    }

    private let box: NoticeBox
    private let watch: LibUSBWatch?

    func takeNotices() -> [(board: String, notice: RelayActuator.Notice)] { box.take() }

    func owner(of channel: String) -> Owned? {
        owned.first { $0.board.channels.contains { $0.id == channel } }
    }

    /// Commands the safe state on every board at once. `then` is called on the boards' threads, with the board's place in `owned`.
    func requestSafe(then: @escaping @Sendable (Int, SafeState) -> Void) {
        for (index, board) in owned.enumerated() { board.actuator.requestSafe { then(index, $0) } }
    }

    func stop() {
        watch?.stop()
        for board in owned { board.actuator.stop() }
    }
}

/// Hands notices from the boards' threads to the keeper's.
private final class NoticeBox: Sendable {
    private let wakeup: Wakeup
    private let notices = Mutex<[(board: String, notice: RelayActuator.Notice)]>([])

    init(_ wakeup: Wakeup) {
        self.wakeup = wakeup
    }

    func post(_ board: String, _ notice: RelayActuator.Notice) {
        notices.withLock { $0.append((board, notice)) }
        wakeup.signal()
    }

    func take() -> [(board: String, notice: RelayActuator.Notice)] {
        notices.withLock { notices in
            defer { notices = [] }
            return notices
        }
    }
}
